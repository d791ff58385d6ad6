// SPDX-License-Identifier: GPL-2.0-or-later
// Asks InfluxDB, and makes the frames that Grafana's data source for InfluxQL makes of an answer.
import type { DataFrame, InterpolateFunction, Labels } from '@grafana/data';
import { field, frame, timeField } from './frames';
import type { Asked, InfluxTarget } from './types';

interface Series { name: string; tags?: Labels; columns: string[]; values: unknown[][] }

async function ask(db: string, query: string): Promise<Series[]> {
  const answer = await fetch('/query', { method: 'POST', body: new URLSearchParams({ db, q: query, epoch: 'ms' }) });
  const { results, error } = await answer.json();
  const problem = error ?? results?.[0]?.error;
  if (problem) throw new Error(`${problem}: ${query}`);
  return results[0].series ?? [];
}

function nameOf(alias: string | undefined, series: Series, column: string): string {
  if (alias) return alias.replace(/\$tag_(\w+)/g, (_, tag) => series.tags?.[tag] ?? '');
  return `${series.name}.${column}`;
}

/** A frame for each line: Time, and a value with the tags as labels. */
function lines({ refId, alias }: InfluxTarget, answer: Series[]): DataFrame[] {
  return answer.flatMap((series) => series.columns.slice(1).map((column, at) => {
    const name = nameOf(alias, series, column);
    return frame(refId, [timeField(series.values.map((row) => row[0])), field('Value', series.values.map((row) => row[at + 1]),
      { labels: series.tags, config: { displayNameFromDS: name } })], name);
  }));
}

/** One frame: Time, a column for each tag, and those of the query. */
function table({ refId }: InfluxTarget, answer: Series[]): DataFrame[] {
  if (answer.length === 0) return [];
  const rows = answer.flatMap(({ tags = {}, values }) => values.map((row) => ({ tags, row })));
  const tags = Object.keys(answer[0].tags ?? {}).map((tag) => field(tag, rows.map((each) => each.tags[tag])));
  const columns = answer[0].columns.slice(1).map((name, at) => field(name, rows.map(({ row }) => row[at + 1])));
  return [frame(refId, [timeField(rows.map(({ row }) => row[0])), ...tags, ...columns])];
}

async function framesOf(target: InfluxTarget, db: string, fill: InterpolateFunction): Promise<DataFrame[]> {
  const answer = await ask(db, fill(target.query));
  return target.resultFormat === 'table' ? table(target, answer) : lines(target, answer);
}

export async function influxFrames(targets: InfluxTarget[], { db }: Asked, fill: InterpolateFunction): Promise<DataFrame[]> {
  return (await Promise.all(targets.map((target) => framesOf(target, db, fill)))).flat();
}

/** SHOW TAG VALUES */
export async function influxValues(query: string, { db }: Asked): Promise<string[]> {
  return (await ask(db, query)).flatMap((series) => series.values.map((row) => String(row[1])));
}
