// SPDX-License-Identifier: GPL-2.0-or-later
import { getFieldDisplayValues } from '@grafana/data';
import { BigValue, useTheme2, VizRepeater } from '@grafana/ui';
import type { Shape } from './Panel';

export function Stat({ panel, data, width, height }: Shape) {
  const theme = useTheme2();
  const { reduceOptions, graphMode, colorMode, justifyMode, textMode, wideLayout, orientation } = panel.options;
  const values = () => getFieldDisplayValues({
    data: data.frames, fieldConfig: panel.fieldConfig, reduceOptions, replaceVariables: data.fill, theme, timeZone: 'utc',
    sparkline: graphMode !== 'none',
  });
  return (
    <VizRepeater getValues={values} source={data} width={width} height={height} renderCounter={0} orientation={orientation}
                 itemSpacing={3} autoGrid renderValue={({ value, width, height, count }) => (
      <BigValue value={value.display} sparkline={value.sparkline} count={count} width={width} height={height} theme={theme}
                colorMode={colorMode} graphMode={graphMode} justifyMode={justifyMode} textMode={textMode} wideLayout={wideLayout} />
    )} />
  );
}
