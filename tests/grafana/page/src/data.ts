// SPDX-License-Identifier: GPL-2.0-or-later
// A panel's data: its queries, the frames of their answers, transformed, with the options of their fields.
import {
  applyFieldOverrides, cacheFieldDisplayNames, type DataFrame, dateTime, type GrafanaTheme2, type InterpolateFunction, rangeUtil, type TimeRange,
} from '@grafana/data';
import { registry } from './fields';
import { influxFrames } from './influx';
import { prometheusFrames } from './prometheus';
import { transformed } from './transform';
import type { Asked, InfluxTarget, Panel, PrometheusTarget } from './types';
import { filler, type Values } from './variables';

export interface PanelData { frames: DataFrame[]; fill: InterpolateFunction; range: TimeRange }

export function rangeOf({ from, to }: Asked): TimeRange {
  const made = { from: dateTime(from), to: dateTime(to) };
  return { ...made, raw: made };
}

export async function dataOf(panel: Panel, asked: Asked, values: Values, width: number, theme: GrafanaTheme2): Promise<PanelData> {
  const range = rangeOf(asked);
  const points = panel.maxDataPoints ?? Math.floor(width);
  // The panel's own minimum goes before that of the data source.
  const { interval } = rangeUtil.calculateInterval(range, points, panel.interval ?? asked.minInterval);
  const fill = filler(asked, values, interval);
  const answer = 'expr' in panel.targets[0] ? await prometheusFrames(panel.targets as PrometheusTarget[], asked, fill, interval)
    : await influxFrames(panel.targets as InfluxTarget[], asked, fill);
  const raw = await transformed(panel.transformations, answer);
  const frames = applyFieldOverrides({
    data: raw, fieldConfig: panel.fieldConfig, fieldConfigRegistry: registry(panel.type), replaceVariables: fill, theme, timeZone: 'utc',
  });
  cacheFieldDisplayNames(frames);
  return { frames, fill, range };
}
