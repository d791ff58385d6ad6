// SPDX-License-Identifier: GPL-2.0-or-later
// Variables: their values, and how they are filled into queries and links, by Grafana's documentation of its variable syntax.
import type { DataFrame, InterpolateFunction, ScopedVars } from '@grafana/data';
import { influxValues } from './influx';
import { prometheusValues, rateInterval } from './prometheus';
import type { Asked, Dashboard, Variable } from './types';

export type Values = Record<string, string[] | null>; // null: All

const isInflux = (asked: Asked) => asked.dashboard.startsWith('influxql/');
const escaped = (value: string) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');

/** In the quotes of PromQL. */
const quoted = (value: string) => value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]+?.()|]/g, '\\\\$&');

function formatted(name: string, values: string[] | null, format: string | undefined): string {
  if (format === 'queryparam') return (values ?? ['$__all']).map((value) => `var-${name}=${encodeURIComponent(value)}`).join('&');
  if (values === null) return '.*';
  if (format === 'percentencode') return encodeURIComponent(values.join(','));
  const made = values.map(format === 'promql' ? quoted : format === 'regex' ? escaped : String);
  return made.length === 1 ? made[0] : format ? `(${made.join('|')})` : `{${made.join(',')}}`;
}

/** The value of another column of the row that a link is in. */
function ofRow(path: string, scoped: ScopedVars | undefined): string | undefined {
  const context = scoped?.__dataContext?.value as { frame: DataFrame; rowIndex?: number } | undefined;
  const field = context?.frame.fields.find((each) => each.name === path.replace('__data.fields.', ''));
  const value = field && context?.rowIndex !== undefined ? field.values[context.rowIndex] : undefined;
  return value === undefined ? undefined : String(value);
}

function builtIn(name: string, asked: Asked, interval: string): string | undefined {
  return {
    timeFilter: `time >= ${asked.from}ms and time <= ${asked.to}ms`, __interval: interval, __from: String(asked.from),
    __to: String(asked.to), __range: `${asked.to - asked.from}ms`, __rate_interval: rateInterval(interval, asked.minInterval),
    __url_time_range: `from=${asked.from}&to=${asked.to}`,
  }[name];
}

/** Leaves what it does not know as it is, so that the test sees it. */
export function filler(asked: Asked, values: Values, interval = '1m'): InterpolateFunction {
  return (text, scoped) => text.replace(/\$\{([\w.]+)(?::(\w+))?\}|\$(\w+)/g, (all, braced, format, bare) => {
    const name: string = braced ?? bare;
    const found = name.startsWith('__data.fields.') ? ofRow(name, scoped) : builtIn(name, asked, interval);
    if (found !== undefined) return format === 'percentencode' ? encodeURIComponent(found) : found;
    return name in values ? formatted(name, values[name], format ?? (isInflux(asked) ? undefined : 'promql')) : all;
  });
}

async function valuesOf(variable: Variable, asked: Asked, known: Values): Promise<string[] | null> {
  const chosen = asked.chosen[variable.name] ?? [variable.current.value ?? []].flat();
  if (chosen.length > 0) return chosen[0] === '$__all' ? null : chosen;
  // Without a choice Grafana takes the first in order.
  const options = await (isInflux(asked) ? influxValues : prometheusValues)(filler(asked, known)(variable.query), asked);
  return options.sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase())).slice(0, 1);
}

export async function allValues(dashboard: Dashboard, asked: Asked): Promise<Values> {
  const values: Values = {};
  for (const variable of dashboard.templating.list) values[variable.name] = await valuesOf(variable, asked, values);
  return values;
}
