# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries in InfluxQL for the data source of Grafana, which fills in $timeFilter and $__interval."""

from dataclasses import replace

from .queries import Query, Worst

NAME, UID = "lxcmon", "lxcmon"
SUFFIX, TITLE = "", ""
DATASOURCE_TYPE = "influxdb"
# Containers that have been gone for longer are not current.
LATEST = "time > ${__to}ms - 5m AND time <= ${__to}ms"
# Of a table: points of a sparkline, windows of a mean over the range.
SPARK_POINTS, WINDOWS = 9, 24
# Windows that end with the range, and no further one for a point at its very end.
# In an alert, whose range ends now.
RECENT = "time > now() - 5m AND time <= now()"
BEFORE_END, WINDOW = "time < ${__to}ms", "time($__interval, ${__to}ms)"


def target(query, ref_id):
    made = {"refId": ref_id, "rawQuery": True, "query": text(query),
            "resultFormat": "time_series" if query.shape == "series" else "table"}
    if query.legend:
        made["alias"] = query.legend.replace("{", "$tag_").replace("}", "")
    return made


def alert_model(query, ref_id):
    return {"refId": ref_id, "rawQuery": True, "resultFormat": "time_series", "query": text(query, "$timeFilter", windows=False)}


def text(query, latest=LATEST, windows=True):
    """`windows`: for dashboards, whose ranges are long."""
    if isinstance(query, Worst):
        return _worst(query)
    if query.shape == "presence":
        return _presence(query)
    if query.also:
        return _sum(query)
    if query.but_not:
        return _count(query)
    if query.across and query.combine == "max" and query.shape == "series" and query.figure.how == "gauge":
        # The largest of all points is there without a query inside a query, which takes a hundred times as long.
        query = replace(query, across=(), figure=replace(query.figure, window="max"))
    if query.windowed and windows:
        made = _read(query, f"$timeFilter AND {BEFORE_END}", WINDOW)
    else:
        made = _read(query, latest if query.shape == "latest" else "$timeFilter")
    return _combined(query, made) if query.across else made


def _presence(query):
    """last() reads one point of each series, so that a long range costs nothing."""
    field = f'"{query.figure.field}"'
    parts = ((f"count({field})", RECENT), (f"last({field}) * 0", "$timeFilter"))
    return _added(query, (f'SELECT {what} AS "v"{_from(query, when)}{_grouped(query.by)}' for what, when in parts))


def _added(query, parts):
    return f'SELECT sum("v") AS "{query.name}" FROM ' + ", ".join(f"({part})" for part in parts) + _grouped(query.by)


def _count(query):
    """1 for each, and -1 for each that does not count. Points without the boolean are not `!= true`."""
    parts = (("+", LATEST), ("-", f'{LATEST} AND "{query.but_not.field}" = true'))
    return _added(query, (f'SELECT last("{query.figure.field}") * 0 {sign} 1 AS "v"{_from(query, when)}{_grouped(query.across)}'
                          for sign, when in parts))


def _sum(query):
    """A figure that has no points adds nothing; in `a + b`, it would take away the result."""
    parts = (_read(replace(query, figure=figure, name="v"), "$timeFilter") for figure in (query.figure, *query.also))
    return _added(query, parts)


def _worst(asked):
    row, parts = asked.by + asked.each, []
    for part in asked.parts:
        query = replace(part.query, name="v")
        made = _read(query, RECENT if part.recent else "$timeFilter")
        made = _combined(query, made) if query.across else made
        changed = f'SELECT "v" * {part.times} + {part.plus} AS "v" FROM ({made})' + _grouped(row)
        parts.append(made if (part.times, part.plus) == (1, 0) else changed)
    sums = 'SELECT sum("v") AS "v" FROM ' + ", ".join(f"({part})" for part in parts) + _grouped(row)
    condition = "" if asked.above is None else f' WHERE "v" > {asked.above}'
    return f'SELECT {asked.combine}("v") AS "value" FROM ({sums}){condition}' + _grouped(asked.by)


def _combined(query, made):
    every = query.shape == "series"
    conditions = ["$timeFilter"] if every else []
    if query.if_latest is not None:
        conditions.append(f'"v" = {str(query.if_latest).lower()}')
    return (f'SELECT {query.combine}("v") AS "{query.name}" FROM ({made})' + (" WHERE " if conditions else "") + " AND ".join(conditions)
            + _grouped(query.by, every, query.fill))


def _read(query, condition, window=None):
    """The growth of a counter between points is computed first. In a series, last() of the windows would be too small in a window
    that has just begun, and in one in which the counter was reset. Over a range it is a tenth of the work: the windows end where the
    range does, and those with a reset are left out."""
    figure, tags, every = query.figure, query.by + query.across, query.shape == "series"
    fields = [f'"{name}"' for name in figure.fields]
    source = _from(query, condition)
    if figure.how != "gauge":
        letters = ('"a"', '"b"')
        read = [f"last({name})" for name in fields] if window else fields
        points = ", ".join(f"{_of_points(figure, name)} AS {letter}" for name, letter in zip(read, letters))
        groups = f" GROUP BY {', '.join([window, *_names(tags)])} fill(none)" if window else _grouped(tags)
        source = f" FROM (SELECT {points}{source}{groups})" + (" WHERE $timeFilter" if every else "")
        fields = letters[:len(fields)]
    made = " / ".join(f"{query.function()}({name})" for name in fields) + ("" if figure.scale == 1 else f" * {figure.scale:.10g}")
    name = "v" if every or query.across else query.name
    return f'SELECT {made} AS "{name}"{source}{_grouped(tags, every, "none" if query.across else query.fill)}'


def _of_points(figure, name):
    return {"rate": "non_negative_derivative({}, 1s)", "growth": "non_negative_difference({})", "change": "difference({})"}[
        figure.how].format(name)


def _from(query, condition):
    # A series without the tag, even one of an agent that does not know it, has '' there.
    fixed = [f"\"{tag}\" = '{value}'" for tag, value in (*query.figure.where, *((tag, "") for tag in query.figure.without))]
    fixed += [f'"{tag}" !~ /^({"|".join(values)})$/' for tag, values in query.figure.not_of]
    chosen = [f'"{name}" =~ /^${{{name}:regex}}$/' for name in query.chosen_by()]
    if query.figure.only is not None:
        fixed.append(f'"{query.figure.field}" = {str(query.figure.only).lower()}')
    if query.shape == "series" and query.figure.how == "gauge" and query.figure.per:
        # Otherwise a series without it would be a line of nulls, with a name in the legend.
        fixed.append(f'"{query.figure.per}" > 0')
    return f' FROM "{query.figure.measurement}" WHERE ' + " AND ".join([*fixed, *chosen, condition])


def _names(tags):
    return [f'"{tag}"' for tag in tags]


def _grouped(tags, every=False, fill="none"):
    groups = [*(["time($__interval)"] if every else []), *_names(tags)]
    return (" GROUP BY " + ", ".join(groups) if groups else "") + (f" fill({fill})" if every else "")


def variable(wanted):
    made = f'SHOW TAG VALUES FROM "{wanted.measurement}" WITH KEY = "{wanted.name}"'
    if wanted.among:
        made += " WHERE " + " AND ".join(f'"{name}" =~ /^${{{name}:regex}}$/' for name in wanted.among)
    return made


def annotation(figure):
    # Without $__interval and with one $timeFilter: in an annotation, Grafana up to 9 has no $__interval and replaces only the first
    # $timeFilter.
    asked = Query(figure, "series")
    points = _of_points(figure, f'"{figure.field}"')
    inner = f'SELECT {points} AS "v"{_from(asked, "$timeFilter")}{_grouped(asked.by)}'
    query = f'SELECT "host", "container", "v" FROM ({inner}) WHERE "v" > 0'
    # Otherwise the first column without a role would be the title.
    columns = {"titleColumn": "host", "textColumn": "container", "tagsColumn": "", "timeEndColumn": ""}
    # Grafana up to 9.3 reads the columns outside `target`.
    return {"query": query, **columns, "target": {"refId": "Anno", "query": query, "rawQuery": True, "fromAnnotations": True, **columns}}


def field_defaults(query):
    return {}


def renamed(letters):
    """The queries name the columns."""
    return []


def column_properties(column):
    return []


def kept(condition):
    return condition
