// SPDX-License-Identifier: GPL-2.0-or-later
// Asks Prometheus, or VictoriaMetrics, and makes the frames that Grafana's data source for Prometheus makes of an answer.
import { type DataFrame, FieldType, type InterpolateFunction, type Labels, rangeUtil } from '@grafana/data';
import { field, frame, timeField } from './frames';
import type { Asked, PrometheusTarget } from './types';

type Sample = [seconds: number, value: string];
interface Series { metric: Labels; values?: Sample[]; value?: Sample }

const SCRAPES = 4; // in the window of a rate

async function ask<Answer>(path: string, parameters: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const { data, error } = await answer.json();
  if (error) throw new Error(`${error}: ${Object.values(parameters).join(' ')}`);
  return data;
}

/** The window of a rate, so that it has scrapes enough. */
export function rateInterval(interval: string, scrapeInterval: string): string {
  const [step, scrape] = [interval, scrapeInterval].map(rangeUtil.intervalToMs);
  return `${Math.max(step + scrape, SCRAPES * scrape)}ms`;
}

async function seriesOf({ expr, instant }: PrometheusTarget, asked: Asked, fill: InterpolateFunction, interval: string): Promise<Series[]> {
  const query = fill(expr), step = rangeUtil.intervalToMs(interval);
  const aligned = (msec: number) => String(Math.floor(msec / step) * step / 1000);
  const { result } = instant ? await ask<{ result: Series[] }>('query', { query, time: String(asked.to / 1000) })
    : await ask<{ result: Series[] }>('query_range', { query, start: aligned(asked.from), end: aligned(asked.to), step: String(step / 1000) });
  return result;
}

const legend = (format: string, metric: Labels) => format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
const msec = ([seconds]: Sample) => seconds * 1000;
const number = ([, value]: Sample) => Number(value);

/** A frame for each line: Time, and a value with the labels. */
function lines({ refId, legendFormat }: PrometheusTarget, answer: Series[]): DataFrame[] {
  return answer.map(({ metric, values = [] }) => {
    const config = legendFormat ? { displayNameFromDS: legend(legendFormat, metric) } : {};
    return frame(refId, [timeField(values.map(msec)), field('Value', values.map(number), { type: FieldType.number, labels: metric, config })]);
  });
}

/** One frame: Time, a column for each label, and the value. */
function table({ refId }: PrometheusTarget, answer: Series[], isAlone: boolean): DataFrame[] {
  if (answer.length === 0) return [];
  const names = [...new Set(answer.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const labels = names.map((name) => field(name, answer.map(({ metric }) => metric[name]), { type: FieldType.string }));
  const values = field(isAlone ? 'Value' : `Value #${refId}`, answer.map(({ value }) => number(value!)), { type: FieldType.number });
  return [frame(refId, [timeField(answer.map(({ value }) => msec(value!))), ...labels, values])];
}

export async function prometheusFrames(targets: PrometheusTarget[], asked: Asked, fill: InterpolateFunction, interval: string) {
  const answers = await Promise.all(targets.map((target) => seriesOf(target, asked, fill, interval)));
  const isAlone = targets.filter((target, at) => target.format === 'table' && answers[at].length > 0).length === 1;
  return targets.flatMap((target, at) => target.format === 'table' ? table(target, answers[at], isAlone) : lines(target, answers[at]));
}

/** label_values(METRIC{...}, LABEL) */
export async function prometheusValues(query: string, { from, to }: Asked): Promise<string[]> {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(query)!;
  return ask(`label/${label}/values`, { 'match[]': selector, start: String(from / 1000), end: String(to / 1000) });
}
