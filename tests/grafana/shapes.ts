// SPDX-License-Identifier: GPL-2.0-or-later
// What Grafana takes: its own types where they say all, ours where they say `unknown`. Files in JSON have no enums: Json<> takes
// their values as texts.
import type {
  Dashboard, DataSourceRef, FieldConfig, GraphFieldConfig, Panel, RowPanel, TableCellOptions, TableFieldOptions, TableOptions,
  ThresholdsConfig, VariableModel,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as GraphOptions } from
  '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { FieldConfig as StatesConfig, Options as StatesOptions } from
  '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';

type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Json<U>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

interface DataLink { title: string; url: string; targetBlank: boolean }
type Property =
  | { id: 'unit' | 'noValue'; value: string }
  | { id: 'min' | 'max' | 'decimals' | 'custom.width' | 'custom.fillOpacity'; value: number }
  | { id: 'custom.filterable'; value: boolean }
  | { id: 'thresholds'; value: Json<ThresholdsConfig> }
  | { id: 'links'; value: DataLink[] }
  | { id: 'mappings'; value: NonNullable<Json<FieldConfig>['mappings']> }
  | { id: 'custom.cellOptions'; value: Json<TableCellOptions> }
  | { id: 'custom.transform'; value: NonNullable<Json<GraphFieldConfig>['transform']> }
  | { id: 'custom.lineStyle'; value: NonNullable<Json<GraphFieldConfig>['lineStyle']> }
  | { id: 'custom.stacking'; value: NonNullable<Json<GraphFieldConfig>['stacking']> };
interface Override { matcher: { id: 'byName' | 'byFrameRefID'; options: string }; properties: Property[] }

interface InfluxQlTarget {
  refId: string; datasource: DataSourceRef; rawQuery: true; query: string; resultFormat: 'time_series' | 'table'; alias?: string;
}
interface PrometheusTarget {
  refId: string; datasource: DataSourceRef; expr: string; format: 'time_series' | 'table'; range: boolean; instant: boolean;
  editorMode: 'code'; legendFormat?: string;
}
interface FluxTarget { refId: string; datasource: DataSourceRef; query: string }
type Target = InfluxQlTarget | FluxTarget | PrometheusTarget;

type Transformation =
  | { id: 'filterFieldsByName'; options: { exclude: { pattern: string } }; filter?: { id: 'byRefId'; options: string } }
  | { id: 'timeSeriesTable' | 'merge'; options: {} }
  | { id: 'organize'; options: { excludeByName: Record<string, true>; indexByName: Record<string, number>; renameByName: Record<string, string> } }
  | { id: 'filterByValue'; options: { type: 'include' | 'exclude'; match: 'any'; filters:
      { fieldName: string; config: { id: 'greater' | 'equal' | 'notEqual'; options: { value: number | string | boolean } } }[] } }
  | { id: 'sortBy'; options: { fields: {}; sort: { field: string; desc: boolean }[] } }
  | { id: 'limit'; options: { limitField: number } };

type Common = Required<Pick<Panel, 'id' | 'title' | 'description' | 'datasource' | 'gridPos'>> & { targets: Target[]; maxDataPoints?: number };
interface Fields<Custom> { defaults: Omit<Json<FieldConfig>, 'custom'> & { custom: Custom }; overrides: Override[] }
type GraphPanel = Common & { type: 'timeseries'; options: Json<GraphOptions>; fieldConfig: Fields<Json<GraphFieldConfig>> };
type StatPanel = Common & {
  type: 'stat'; options: Json<StatOptions>; fieldConfig: { defaults: Omit<Json<FieldConfig>, 'custom'>; overrides: [] };
};
type TablePanel = Common & {
  type: 'table'; options: Omit<Json<TableOptions>, 'frameIndex' | 'showTypeIcons'>;
  fieldConfig: Fields<Omit<Json<TableFieldOptions>, 'inspect'>>;
  transformations: Transformation[];
};
// Documented ("Connect null values", "Disconnect values"), and not in the type.
interface NullOptions { spanNulls: number; insertNulls: false }
type StatesPanel = Common & { type: 'state-timeline'; options: Json<StatesOptions>; fieldConfig: Fields<Json<StatesConfig> & NullOptions> };
type DataPanel = GraphPanel | StatPanel | TablePanel | StatesPanel;
type Row = Omit<Json<RowPanel>, 'panels'> & { panels: DataPanel[] };

type Variable = Omit<Json<VariableModel>, 'type' | 'query' | 'refresh' | 'current'> & { current: {} | Json<VariableModel>['current'] } & (
  | { type: 'datasource'; query: 'influxdb' | 'prometheus'; refresh: 1 }
  | { type: 'query'; query: string; datasource: DataSourceRef; refresh: 2; multi: true; includeAll: boolean; allValue?: '.*' });
interface InfluxQlNote { textColumn: string; tagsColumn: string; titleColumn: string; timeEndColumn: string }
interface PrometheusNote { expr: string; titleFormat: string; textFormat: string; tagKeys: string; step: string }
interface PrometheusAnnotation extends PrometheusNote {
  name: string; enable: boolean; hide: boolean; iconColor: string; datasource: DataSourceRef;
  target: { refId: string } & PrometheusNote;
}
interface InfluxAnnotation extends Partial<InfluxQlNote> {
  name: string; enable: boolean; hide: boolean; iconColor: string; datasource: DataSourceRef; query?: string;
  target: { refId: string; query: string; rawQuery?: true; fromAnnotations?: true } & Partial<InfluxQlNote>;
}

type Annotation = InfluxAnnotation | PrometheusAnnotation;

export type DashboardFile = Omit<Json<Dashboard>, 'panels' | 'templating' | 'annotations' | 'id' | 'uid'> & {
  id: null; uid: string; title: string; panels: (DataPanel | Row)[]; templating: { list: Variable[] }; annotations: { list: Annotation[] };
};

// Provisioning: pkg/services/provisioning/{alerting,datasources,dashboards} of Grafana's source.
interface AlertQuery {
  refId: string; datasourceUid: string; relativeTimeRange: { from: number; to: number };
  model: { refId: string } & (
    | { query: string; rawQuery?: true; resultFormat?: 'time_series'; intervalMs: number; maxDataPoints: number }
    | { type: 'reduce'; expression: string; reducer: 'last'; settings: { mode: 'dropNN' } }
    | { type: 'math'; expression: string }
    | { type: 'threshold'; expression: string; conditions: [{ evaluator: Evaluator; unloadEvaluator: Evaluator }] });
}
interface Evaluator { type: 'gt' | 'lt'; params: [number] }
interface AlertRule {
  uid: string; title: string; condition: string; for: string; noDataState: 'OK' | 'Alerting' | 'NoData' | 'KeepLast';
  execErrState: 'OK' | 'Alerting' | 'Error' | 'KeepLast'; labels: { severity: 'critical' | 'warning' };
  annotations: { summary: string; description: string; __dashboardUid__: string; __panelId__: string }; data: AlertQuery[];
}
export interface AlertFile {
  apiVersion: 1; groups: { orgId: number; name: string; folder: string; interval: string; rules: AlertRule[] }[];
}
interface PrometheusSource {
  name: string; uid: string; type: 'prometheus'; access: 'proxy'; url: string; isDefault?: boolean; editable?: boolean;
  jsonData: { timeInterval: string; httpMode: 'GET' | 'POST' };
}
export interface DatasourceFile {
  apiVersion: 1;
  datasources: (PrometheusSource | {
    name: string; uid: string; type: 'influxdb'; access: 'proxy'; url: string; database?: string; user?: string; isDefault?: boolean;
    editable?: boolean; secureJsonData?: { password?: string; token?: string; httpHeaderValue1?: string };
    jsonData: {
      version: 'InfluxQL' | 'Flux'; timeInterval?: string; dbName?: string; httpMode?: 'GET' | 'POST'; organization?: string;
      defaultBucket?: string; httpHeaderName1?: string;
    };
  })[];
}
export interface ProviderFile {
  apiVersion: 1;
  providers: {
    name: string; orgId: number; folder: string; type: 'file'; disableDeletion?: boolean; allowUiUpdates?: boolean;
    updateIntervalSeconds?: number; options: { path: string };
  }[];
}
