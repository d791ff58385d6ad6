// SPDX-License-Identifier: GPL-2.0-or-later
import { type DataFrame, type Field, FieldType } from '@grafana/data';

function typeOf(values: unknown[]): FieldType {
  const value = values.find((each) => each !== null);
  return typeof value === 'string' ? FieldType.string : typeof value === 'boolean' ? FieldType.boolean : FieldType.number;
}

export function field(name: string, values: unknown[], more: Partial<Field> = {}): Field {
  return { name, type: typeOf(values), config: {}, values, ...more };
}

export const timeField = (values: unknown[]): Field => field('Time', values, { type: FieldType.time });
export const frame = (refId: string, fields: Field[], name?: string): DataFrame => ({ refId, name, fields, length: fields[0]?.values.length ?? 0 });
