// SPDX-License-Identifier: GPL-2.0-or-later
import { TableNG } from '@grafana/ui/unstable';
import type { Shape } from './Panel';

export function Table({ panel, data, width, height }: Shape) {
  const { sortBy, cellHeight, showHeader, frozenColumns } = panel.options;
  return (
    <TableNG data={data.frames[0]} width={width} height={height} noHeader={!showHeader} cellHeight={cellHeight} sortBy={sortBy}
             frozenColumns={frozenColumns?.left ?? 0} resizable showTypeIcons={false} fieldConfig={panel.fieldConfig} structureRev={1}
             timeRange={data.range} enableSharedCrosshair={false} />
  );
}
