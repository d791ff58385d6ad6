// SPDX-License-Identifier: GPL-2.0-or-later
// What the page reads of a dashboard file; tests/grafana/shapes.ts checks the whole of it.
import type { DataTransformerConfig, FieldConfigSource, ReduceDataOptions } from '@grafana/data';

export interface InfluxTarget { refId: string; query: string; alias?: string; resultFormat: 'time_series' | 'table' }
export interface PrometheusTarget { refId: string; expr: string; legendFormat?: string; format: 'time_series' | 'table'; instant: boolean }

export interface Panel {
  id: number; type: 'timeseries' | 'stat' | 'table' | 'state-timeline' | 'row'; title: string; description?: string;
  gridPos: { x: number; y: number; w: number; h: number }; interval?: string; maxDataPoints?: number;
  targets: InfluxTarget[] | PrometheusTarget[]; fieldConfig: FieldConfigSource; transformations?: DataTransformerConfig[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  options: any & { reduceOptions?: ReduceDataOptions }; collapsed?: boolean; panels?: Panel[];
}

export interface Variable {
  name: string; label: string; type: 'datasource' | 'query'; query: string; allValue?: string;
  current: { value?: string | string[] };
}

export interface Dashboard { title: string; panels: Panel[]; templating: { list: Variable[] } }

/** What the page was asked for: its own address has it all. */
export interface Asked {
  dashboard: string; db: string; from: number; to: number; dark: boolean; minInterval: string; unfold: boolean;
  chosen: Record<string, string[]>;
}
