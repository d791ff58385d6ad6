// SPDX-License-Identifier: GPL-2.0-or-later
// A panel in Grafana's frame, and what the test asks of it, in window.seen.
import { type DataFrame, FieldType, LoadingState } from '@grafana/data';
import { PanelChrome, useTheme2 } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { dataOf, type PanelData } from './data';
import { nameOf } from './transform';
import type { Asked, Panel } from './types';
import type { Values } from './variables';
import { Graph } from './Graph';
import { Stat } from './Stat';
import { States } from './States';
import { Table } from './Table';

export interface Shape { panel: Panel; data: PanelData; width: number; height: number }
interface Seen { error?: string; frames: number; rows: number; largest?: string[] }

declare global {
  interface Window { seen: Record<number, Seen> }
}
window.seen = {};

const SHAPES = { timeseries: Graph, stat: Stat, table: Table, 'state-timeline': States } as const;

function figures(frames: DataFrame[]): { name: string; most: number }[] {
  return frames.flatMap((frame) => frame.fields.filter((field) => field.type === FieldType.number).map((field) => ({
    name: nameOf(field, frame, frames), most: Math.max(...field.values.filter((each) => each !== null)) })));
}

function seenOf({ frames }: PanelData): Seen {
  const all = figures(frames);
  const most = Math.max(...all.map((each) => each.most));
  const largest = all.filter((each) => each.most === most).map((each) => each.name);
  return { frames: frames.length, rows: Math.max(0, ...frames.map((frame) => frame.length)), largest };
}

export function PanelView({ panel, asked, values, width, height }: {
  panel: Panel; asked: Asked; values: Values; width: number; height: number }) {
  const theme = useTheme2();
  const [data, setData] = useState<PanelData>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    dataOf(panel, asked, values, width, theme).then((made) => {
      window.seen[panel.id] = seenOf(made);
      setData(made);
    }, (problem) => {
      window.seen[panel.id] = { error: String(problem), frames: 0, rows: 0 };
      setError(String(problem));
    });
  }, [panel]);
  const Shown = SHAPES[panel.type as keyof typeof SHAPES];
  const empty = data && data.frames.every((frame) => frame.length === 0) && panel.type !== 'stat';
  return (
    <section data-panel={panel.id} data-state={error ? 'error' : data ? (empty ? 'empty' : 'drawn') : 'asked'}>
      <PanelChrome title={panel.title} description={panel.description} width={width} height={height} statusMessage={error}
                   loadingState={data || error ? LoadingState.Done : LoadingState.Loading}
                   padding={panel.type === 'table' ? 'none' : 'md'}>
        {(innerWidth, innerHeight) => {
          if (!data) return <div />;
          if (empty) return <Empty text={panel.fieldConfig.defaults.noValue ?? 'No data'} height={innerHeight} />;
          return <Shown panel={panel} data={data} width={innerWidth} height={innerHeight} />;
        }}
      </PanelChrome>
    </section>
  );
}

function Empty({ text, height }: { text: string; height: number }) {
  return <div style={{ height, display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center' }}>{text}</div>;
}
