// SPDX-License-Identifier: GPL-2.0-or-later
// The transformations of a panel: Grafana's own, but for timeSeriesTable, which is in no package. Its stand-in does what Grafana's
// documentation says: each time series becomes a row, with its labels as columns and itself as the trend.
import {
  type DataFrame, type DataTransformerConfig, type DataTransformerInfo, FieldType, getFieldDisplayName, type Labels,
  standardTransformers, standardTransformersRegistry, transformDataFrame,
} from '@grafana/data';
import { lastValueFrom, map } from 'rxjs';

interface TrendFrame extends DataFrame { value: number | null }

function rowsOfTrends(refId: string | undefined, frames: DataFrame[]): DataFrame {
  const labels: Labels[] = [], trends: TrendFrame[] = [];
  for (const frame of frames) {
    const value = frame.fields.find((field) => field.type === FieldType.number);
    if (!value) continue;
    labels.push(value.labels ?? {});
    trends.push({ ...frame, value: value.values.filter((each) => each !== null).at(-1) ?? null });
  }
  const names = [...new Set(labels.flatMap((each) => Object.keys(each)))];
  const fields = names.map((name) => ({ name, type: FieldType.string, config: {}, values: labels.map((each) => each[name] ?? null) }));
  const trend = { name: `Trend #${refId}`, type: FieldType.frame, config: {}, values: trends };
  return { refId, fields: [...fields, trend], length: trends.length };
}

function withTrends(frames: DataFrame[]): DataFrame[] {
  const isSeries = (frame: DataFrame) => frame.fields.some((field) => field.type === FieldType.time);
  const series = frames.filter(isSeries);
  const made = [...new Set(series.map((frame) => frame.refId))].map((refId) => rowsOfTrends(refId, series.filter((each) => each.refId === refId)));
  return [...frames.filter((frame) => !isSeries(frame)), ...made];
}

const timeSeriesTable: DataTransformerInfo = {
  id: 'timeSeriesTable', name: 'Time series to table', defaultOptions: {}, operator: () => (source) => source.pipe(map(withTrends)),
};

// One of them is there under two names.
const known = new Map([...Object.values(standardTransformers), timeSeriesTable].map((info) => [info.id, info as DataTransformerInfo]));
standardTransformersRegistry.setInit(() => [...known.values()].map((info) => ({
  id: info.id, name: info.name, editor: () => null, transformation: () => Promise.resolve(info), imageDark: '', imageLight: '',
}) as never));

export async function transformed(configs: DataTransformerConfig[] | undefined, frames: DataFrame[]): Promise<DataFrame[]> {
  if (!configs?.length) return frames;
  return lastValueFrom(transformDataFrame(configs, frames, { interpolate: (text) => text }));
}

export const nameOf = getFieldDisplayName;
