// SPDX-License-Identifier: GPL-2.0-or-later
// The options of a field that Grafana's panels know. Grafana's own list is in no package; how a value is read is (the processors).
import {
  booleanOverrideProcessor, dataLinksOverrideProcessor, displayNameOverrideProcessor, type FieldConfigPropertyItem,
  identityOverrideProcessor, numberOverrideProcessor, Registry, stringOverrideProcessor, thresholdsOverrideProcessor, unitOverrideProcessor,
  valueMappingsOverrideProcessor, type FieldOverrideContext,
} from '@grafana/data';

type Process = (value: unknown, context: FieldOverrideContext, settings?: unknown) => unknown;

function item(path: string, process: unknown, isCustom = false): FieldConfigPropertyItem {
  const nothing = () => null;
  return { id: isCustom ? `custom.${path}` : path, path, isCustom, name: path, process: process as Process, shouldApply: () => true,
           override: nothing, editor: nothing } as unknown as FieldConfigPropertyItem;
}

const STANDARD = { displayName: displayNameOverrideProcessor, unit: unitOverrideProcessor, min: numberOverrideProcessor,
  max: numberOverrideProcessor, decimals: numberOverrideProcessor, color: identityOverrideProcessor, noValue: stringOverrideProcessor,
  mappings: valueMappingsOverrideProcessor, thresholds: thresholdsOverrideProcessor, links: dataLinksOverrideProcessor };

const CUSTOM: Record<string, string[]> = {
  timeseries: ['drawStyle', 'lineInterpolation', 'lineWidth', 'lineStyle', 'fillOpacity', 'gradientMode', 'showPoints', 'pointSize',
               'spanNulls', 'insertNulls', 'axisPlacement', 'axisLabel', 'axisWidth', 'stacking', 'transform', 'thresholdsStyle',
               'scaleDistribution', 'hideFrom', 'axisSoftMin', 'axisSoftMax', 'axisColorMode', 'axisBorderShow', 'barAlignment'],
  table: ['align', 'cellOptions', 'width', 'minWidth', 'filterable', 'hideFrom', 'inspect', 'wrapText', 'wrapHeaderText', 'hidden'],
  'state-timeline': ['lineWidth', 'fillOpacity', 'spanNulls', 'insertNulls', 'hideFrom'], stat: [],
};

export function registry(type: string) {
  const standard = Object.entries(STANDARD).map(([path, process]) => item(path, process));
  const custom = (CUSTOM[type] ?? []).map((path) => item(path, path === 'filterable' ? booleanOverrideProcessor : identityOverrideProcessor, true));
  return new Registry<FieldConfigPropertyItem>(() => [...standard, ...custom]);
}
