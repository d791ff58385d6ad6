// SPDX-License-Identifier: GPL-2.0-or-later
// Lays the panels out on Grafana's grid: 24 columns, 30 px and a gap of 8 px; on a narrow screen one below the other.
import { useEffect, useState } from 'react';
import { PanelView } from './Panel';
import type { Asked, Dashboard, Panel } from './types';
import { allValues, type Values } from './variables';

const COLUMNS = 24, LINE = 30, GAP = 8, PADDING = 16, NARROW = 769;

/** The panels that are seen, at their places: those of a folded row are inside it, and what follows it moves down if it is unfolded. */
function placed(panels: Panel[], unfold: boolean): Panel[] {
  let moved = 0;
  return panels.flatMap((panel) => {
    const down = (each: Panel) => ({ ...each, gridPos: { ...each.gridPos, y: each.gridPos.y + moved } });
    const made = [down(panel), ...(unfold ? panel.panels ?? [] : []).map(down)];
    const inside = unfold ? panel.panels ?? [] : [];
    if (inside.length) moved += Math.max(...inside.map((each) => each.gridPos.y + each.gridPos.h)) - panel.gridPos.y - 1;
    return made;
  });
}

function Place({ panel, asked, values, content }: { panel: Panel; asked: Asked; values: Values; content: number }) {
  const { x, y, w, h } = panel.gridPos;
  const narrow = window.innerWidth < NARROW;
  const width = narrow ? content : Math.floor((w * (content + GAP)) / COLUMNS) - GAP;
  const height = h * LINE + (h - 1) * GAP;
  const place = narrow ? { position: 'relative' as const, height, marginBottom: GAP }
    : { position: 'absolute' as const, left: (x * (content + GAP)) / COLUMNS, top: y * (LINE + GAP), width, height };
  return (
    <div style={place}>
      {panel.type === 'row' ? <h6 style={{ lineHeight: `${LINE}px` }}>{panel.collapsed && !asked.unfold ? '›' : '⌄'} {panel.title}</h6>
        : <PanelView panel={panel} asked={asked} values={values} width={width} height={height} />}
    </div>
  );
}

function Head({ dashboard, values }: { dashboard: Dashboard; values: Values }) {
  const chosen = dashboard.templating.list.filter((each) => each.type === 'query')
    .map(({ name, label }) => `${label}: ${values[name]?.join(' + ') ?? 'All'}`);
  return (
    <header style={{ display: 'flex', gap: 24, alignItems: 'baseline', flexWrap: 'wrap', marginBottom: GAP }}>
      <h3 style={{ margin: 0 }}>{dashboard.title}</h3>{chosen.map((text) => <span key={text}>{text}</span>)}
    </header>
  );
}

export function Page({ asked, dashboard }: { asked: Asked; dashboard: Dashboard }) {
  const [values, setValues] = useState<Values>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    allValues(dashboard, asked).then(setValues, (error) => setProblem(String(error)));
  }, []);
  const panels = placed(dashboard.panels, asked.unfold);
  const lowest = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const content = document.documentElement.clientWidth - 2 * PADDING;
  return (
    <main data-panels={panels.filter((each) => each.type !== 'row').length} data-problem={problem} style={{ padding: PADDING }}>
      {values && <Head dashboard={dashboard} values={values} />}
      <div style={{ position: 'relative', minHeight: window.innerWidth < NARROW ? 0 : lowest * (LINE + GAP) }}>
        {values && panels.map((panel) => <Place key={panel.id} {...{ panel, asked, values, content }} />)}
      </div>
    </main>
  );
}
