# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries in Flux. Grafana fills in v.timeRangeStart, v.windowPeriod and v.defaultBucket."""

import re
from dataclasses import replace

from .queries import Query, Worst

NAME, UID = "lxcmon-flux", "lxcmon-flux"
SUFFIX, TITLE = "-flux", " (Flux)"
DATASOURCE_TYPE = "influxdb"
# Grafana cuts a result off at ten times as many rows: a table of many containers needs them. Means are of all points.
SPARK_POINTS, WINDOWS = 250, None
RANGE = "range(start: v.timeRangeStart, stop: v.timeRangeStop)"
LATEST = "range(start: date.sub(d: 5m, from: v.timeRangeStop), stop: v.timeRangeStop)"
EXISTS = "filter(fn: (r) => exists r._value)"


def target(query, ref_id):
    return {"refId": ref_id, "query": text(query)}


def alert_model(query, ref_id):
    return {"refId": ref_id, "query": text(query, latest=RANGE)}


def text(query, latest=LATEST):
    if isinstance(query, Worst):
        return _program(_worst(query))
    if query.shape == "presence":
        return _program(_presence(query))
    if query.also:
        return _program(_sum(query))
    if query.but_not:
        return _program(_count(query))
    return _program(_read(query, latest if query.shape == "latest" else RANGE))


def _read(query, span):
    figure, tags = query.figure, query.by + query.across
    steps = ["from(bucket: v.defaultBucket)", span, *_filters(query)]
    if query.shape == "latest" and figure.how == "gauge":
        # First of all steps, so that InfluxDB reads one point of each series.
        steps.append("last()")
    if not figure.text:
        steps.append("toFloat()")
    steps += _points(figure)
    if query.shape == "series":
        steps.append(f"aggregateWindow(every: v.windowPeriod, fn: {query.function()}, createEmpty: false)")
    elif figure.per:
        # Reduce both fields separately: a ratio of sums, not a mean of ratios.
        steps += [_group((*tags, "_field")), 'sort(columns: ["_time"])', f"{query.function()}()", _group(())]
    if not query.legend:
        steps += _filled(tags)
    steps += _value(figure, '"_time"' if query.shape == "series" else ", ".join(f'"{tag}"' for tag in tags))
    steps.append(_group(tags))
    if query.shape == "series":
        steps.append('sort(columns: ["_time"])')
    elif not figure.per:
        steps += ['sort(columns: ["_time"])', f"{query.function()}()"]
    if query.across:
        steps += _combined(query)
    return steps + (_series_end(query) if query.shape == "series" else _table_end(query))


def _piped(steps):
    return "\n  |> ".join(steps)


def _program(steps):
    made = _piped(steps)
    return f'import "date"\n\n{made}' if "date." in made else made


def _presence(query):
    """last() reads one point of each series, so that a long range costs nothing."""
    source, filters = "from(bucket: v.defaultBucket)", list(_filters(query))
    return _added(query, [_piped([source, LATEST, *filters, "count()"]),
                          _piped([source, RANGE, *filters, "last()", "map(fn: (r) => ({r with _value: 0}))"])])


def _added(query, parts):
    return ["union(tables: [" + ",\n".join(parts) + "])", *_filled(query.by), _group(query.by), "sum()", *_table_end(query)]


def _count(query):
    """1 for each, and -1 for each that does not count."""
    parts = ((query.figure, "1"), (replace(query.but_not, only=True), "-1"))
    return _added(query, [_piped(["from(bucket: v.defaultBucket)", LATEST, *_filters(replace(query, figure=figure)), "last()",
                                  f"map(fn: (r) => ({{r with _value: {one}}}))", _group(query.across), "last()"]) for figure, one in parts])


def _worst(asked):
    parts = (_piped([*_read(part.query, LATEST if part.recent else RANGE),
                     f"map(fn: (r) => ({{r with value: float(v: r.value) * {_float(part.times)} + {_float(part.plus)}}}))"])
             for part in asked.parts)
    above = [] if asked.above is None else [f"filter(fn: (r) => r.value > {_float(asked.above)})"]
    columns = ", ".join(f'"{tag}"' for tag in asked.by)
    return ["union(tables: [" + ",\n".join(parts) + "])", _group(asked.by + asked.each), 'sum(column: "value")', *above,
            _group(asked.by), f'{asked.combine}(column: "value")', _group(()), f'keep(columns: [{columns}, "value"])']


def _sum(query):
    parts = (_piped(["from(bucket: v.defaultBucket)", RANGE, *_filters(replace(query, figure=figure)), f"{query.reduce}()"])
             for figure in (query.figure, *query.also))
    return _added(query, parts)


def _filters(query):
    fields = " or ".join(f'r._field == "{name}"' for name in query.figure.fields)
    conditions = [f'r._measurement == "{query.figure.measurement}"', f"({fields})" if query.figure.per else fields,
                  *(f'r.{tag} == "{value}"' for tag, value in query.figure.where),
                  *(f"not exists r.{tag}" for tag in query.figure.without),
                  *(f"r.{tag} !~ /^({'|'.join(values)})$/" for tag, values in query.figure.not_of)]
    yield f"filter(fn: (r) => {' and '.join(conditions)})"
    if query.figure.only is not None:
        yield f"filter(fn: (r) => r._value == {str(query.figure.only).lower()})"
    if query.chosen_by():
        yield _chosen(query.chosen_by())


def _chosen(names):
    return "filter(fn: (r) => " + " and ".join(f"r.{name} =~ /^${{{name}:regex}}$/" for name in names) + ")"


def _points(figure):
    """Converts a counter to its growth between points."""
    if figure.how == "gauge":
        return []
    step = {"rate": "derivative(unit: 1s, nonNegative: true)", "growth": "difference(nonNegative: true)", "change": "difference()"}
    return [step[figure.how], EXISTS]


def _filled(tags):
    """A pivot needs the column in each table, and Grafana merges rows by it. In InfluxQL it is there by itself."""
    return ['map(fn: (r) => ({r with lxcpath: if exists r.lxcpath then r.lxcpath else ""}))'] if "lxcpath" in tags else []


def _value(figure, row_key):
    """Computes the figure from the fields, in `_value`."""
    if figure.per:
        yield f'pivot(rowKey: [{row_key}], columnKey: ["_field"], valueColumn: "_value")'
        # As in InfluxQL, a division by 0 is 0.
        a, b = figure.fields
        yield f"filter(fn: (r) => exists r.{a} and exists r.{b})"
        yield f"map(fn: (r) => ({{r with _value: if r.{b} == 0.0 then 0.0 else r.{a} / r.{b}}}))"
    if figure.scale != 1:
        yield f"map(fn: (r) => ({{r with _value: r._value * {_float(figure.scale)}}}))"


def _float(number):
    made = f"{number:.10f}".rstrip("0")
    return made + "0" if made.endswith(".") else made


def _group(tags):
    return "group(columns: [" + ", ".join(f'"{tag}"' for tag in tags) + "])" if tags else "group()"


def _combined(query):
    if query.shape == "series":
        return [_group((*query.by, "_time")), f"{query.combine}()", _group(query.by), 'sort(columns: ["_time"])']
    kept = [] if query.if_latest is None else [f"filter(fn: (r) => r._value == {_float(query.if_latest)})"]
    return [*kept, _group(query.by), f"{query.combine}()"]


def _series_end(query):
    if query.legend is None:
        return []
    return [f"map(fn: (r) => ({{_time: r._time, _value: r._value, legend: {_legend(query.legend)}}}))",
            'group(columns: ["legend"])', 'sort(columns: ["_time"])']


def _legend(template):
    """Leaves out a tag that not all have, and the blank before it, if it does not exist."""
    made = []
    for part in filter(None, re.split(r"( \{(?:name|lxcpath)\}|\{\w+\})", template)):
        if part.startswith(" {"):
            made.append(f'(if exists r.{part[2:-1]} then " " + r.{part[2:-1]} else "")')
        else:
            made.append(f"r.{part[1:-1]}" if part.startswith("{") else f'"{part}"')
    return " + ".join(made)


def _table_end(query):
    columns = ", ".join(f'"{name}"' for name in (*query.by, "_value"))
    # Grafana truncates results with more rows than ten times the width of the panel.
    largest = ['sort(columns: ["_value"], desc: true)', f"limit(n: {query.most})"] if query.most else []
    return ["group()", *largest, f"keep(columns: [{columns}])", f'rename(columns: {{_value: "{query.name}"}})']


def variable(wanted):
    among = "".join(f" and r.{name} =~ /^${{{name}:regex}}$/" for name in wanted.among)
    return (f'import "influxdata/influxdb/schema"\n\nschema.tagValues(bucket: v.defaultBucket, tag: "{wanted.name}", '
            f'predicate: (r) => r._measurement == "{wanted.measurement}"{among}, start: v.timeRangeStart)')


def annotation(figure):
    steps = ["from(bucket: v.defaultBucket)", RANGE, *_filters(Query(figure, "series")), "toFloat()", *_points(figure),
             "filter(fn: (r) => r._value > 0.0)", "group()", 'map(fn: (r) => ({_time: r._time, text: r.container, tags: r.host}))']
    return {"target": {"refId": "Anno", "query": _piped(steps)}}


def field_defaults(query):
    return {"displayName": "${__field.labels.legend}"} if query.legend else {}


def renamed(letters):
    """The queries name the columns."""
    return []


def column_properties(column):
    return []


def kept(condition):
    return condition
