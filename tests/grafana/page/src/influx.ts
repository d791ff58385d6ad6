// SPDX-License-Identifier: GPL-2.0-or-later
// Asks InfluxDB, and makes the frames that Grafana's data source for InfluxQL makes of an answer.
import { type DataFrame, type Field, FieldType, type Labels } from '@grafana/data';
import type { Target } from './types';

export interface Series { name: string; tags?: Labels; columns: string[]; values: unknown[][] }

export async function ask(db: string, query: string): Promise<Series[]> {
  const answer = await fetch('/query', { method: 'POST', body: new URLSearchParams({ db, q: query, epoch: 'ms' }) });
  const { results, error } = await answer.json();
  const problem = error ?? results?.[0]?.error;
  if (problem) throw new Error(`${problem}: ${query}`);
  return results[0].series ?? [];
}

function typeOf(values: unknown[]): FieldType {
  const value = values.find((each) => each !== null);
  return typeof value === 'string' ? FieldType.string : typeof value === 'boolean' ? FieldType.boolean : FieldType.number;
}

function field(name: string, values: unknown[], more: Partial<Field> = {}): Field {
  return { name, type: typeOf(values), config: {}, values, ...more };
}

const time = (values: unknown[]): Field => field('Time', values, { type: FieldType.time });
const frame = (refId: string, fields: Field[], name?: string): DataFrame => ({ refId, name, fields, length: fields[0]?.values.length ?? 0 });

function nameOf(alias: string | undefined, series: Series, column: string): string {
  if (alias) return alias.replace(/\$tag_(\w+)/g, (_, tag) => series.tags?.[tag] ?? '');
  return `${series.name}.${column}`;
}

/** A frame for each line: Time, and a value with the tags as labels. */
function lines({ refId, alias }: Target, answer: Series[]): DataFrame[] {
  return answer.flatMap((series) => series.columns.slice(1).map((column, at) => {
    const name = nameOf(alias, series, column);
    return frame(refId, [time(series.values.map((row) => row[0])), field('Value', series.values.map((row) => row[at + 1]),
      { labels: series.tags, config: { displayNameFromDS: name } })], name);
  }));
}

/** One frame: Time, a column for each tag, and those of the query. */
function table({ refId }: Target, answer: Series[]): DataFrame[] {
  if (answer.length === 0) return [];
  const rows = answer.flatMap(({ tags = {}, values }) => values.map((row) => ({ tags, row })));
  const tags = Object.keys(answer[0].tags ?? {}).map((tag) => field(tag, rows.map((each) => each.tags[tag])));
  const columns = answer[0].columns.slice(1).map((name, at) => field(name, rows.map(({ row }) => row[at + 1])));
  return [frame(refId, [time(rows.map(({ row }) => row[0])), ...tags, ...columns])];
}

export function framesOf(target: Target, answer: Series[]): DataFrame[] {
  return target.resultFormat === 'table' ? table(target, answer) : lines(target, answer);
}
