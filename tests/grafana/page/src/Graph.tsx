// SPDX-License-Identifier: GPL-2.0-or-later
import { TimeSeries } from '@grafana/ui';
import type { Shape } from './Panel';

export function Graph({ panel, data, width, height }: Shape) {
  return (
    <TimeSeries frames={data.frames} structureRev={1} width={width} height={height} timeRange={data.range} timeZone="utc"
                legend={panel.options.legend} options={panel.options} replaceVariables={data.fill} />
  );
}
