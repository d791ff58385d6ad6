// SPDX-License-Identifier: GPL-2.0-or-later
// A stand-in for Grafana's state timeline, which is in no package: a row for each series, and bands in the colours of the field.
import { type DataFrame, type Field, FieldType } from '@grafana/data';
import { nameOf } from './transform';
import type { Shape } from './Panel';

interface Band { value: unknown; from: number; to: number }

/** Equal neighbours are one band; a gap that is longer than spanNulls ends it. */
function bandsOf(times: number[], field: Field, end: number): Band[] {
  const bands: Band[] = [];
  const longest = Number(field.config.custom?.spanNulls) || Infinity;
  const known = times.map((at, index) => ({ at, value: field.values[index] })).filter(({ value }) => value !== null);
  known.forEach(({ at, value }, index) => {
    const next = known[index + 1]?.at ?? end;
    const to = next - at > longest ? at : next;
    const last = bands.at(-1);
    if (last && last.value === value && last.to === at) last.to = to;
    else bands.push({ value, from: at, to });
  });
  return bands;
}

function Row({ frame, frames, begin, end, height }: { frame: DataFrame; frames: DataFrame[]; begin: number; end: number; height: number }) {
  const time = frame.fields.find((field) => field.type === FieldType.time)!;
  const field = frame.fields.find((each) => each.type !== FieldType.time)!;
  const place = (at: number) => `${(100 * (at - begin)) / (end - begin)}%`;
  return (
    <div style={{ display: 'flex', height, fontSize: Math.min(12, height) }}>
      <div style={{ width: 130, overflow: 'hidden', whiteSpace: 'nowrap', paddingRight: 8, textAlign: 'right' }}>{nameOf(field, frame, frames)}</div>
      <div style={{ flex: 1, position: 'relative' }}>
        {bandsOf(time.values, field, end).map(({ value, from, to }) => {
          const { text, color } = field.display!(value);
          return (
            <div key={from} style={{ position: 'absolute', left: place(from), width: `calc(${place(begin + to - from)} - 1px)`, top: 1, bottom: 1,
                                     background: color, opacity: 0.75, color: 'black', overflow: 'hidden', paddingLeft: 4, lineHeight: `${height - 2}px` }}>
              {text}
            </div>
          );
        })}
      </div>
    </div>
  );
}

export function States({ panel, data, height }: Shape) {
  const frames = data.frames.slice(0, panel.options.perPage); // the first page
  const [begin, end] = [data.range.from.valueOf(), data.range.to.valueOf()];
  const each = Math.min(30, height / frames.length);
  return <div>{frames.map((frame, at) => <Row key={at} {...{ frame, frames, begin, end, height: each }} />)}</div>;
}
