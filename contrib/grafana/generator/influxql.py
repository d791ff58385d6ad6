"""Queries in InfluxQL, as Grafana's data source takes them: $timeFilter and $__interval are its own."""

from .queries import Query

NAME, UID = "lxcmon", "lxcmon"
SUFFIX, TITLE = "", ""
# Rows of containers that are gone for longer are no state of now.
LATEST = "time > ${__to}ms - 5m AND time <= ${__to}ms"


def target(query, ref_id):
    made = {"refId": ref_id, "rawQuery": True, "query": text(query),
            "resultFormat": "time_series" if query.shape == "series" else "table"}
    if query.legend:
        made["alias"] = query.legend.replace("{", "$tag_").replace("}", "")
    return made


def alert_model(query, ref_id):
    return {"refId": ref_id, "rawQuery": True, "resultFormat": "time_series", "query": text(query, latest="$timeFilter")}


def text(query, latest=LATEST):
    tags = query.by + query.across
    if query.shape == "presence":
        return _presence(query)
    if query.shape == "latest":
        made = _latest(query, tags, "v" if query.across else query.name, latest)
    else:
        made = _windowed(query, tags)
    if query.shape == "range":
        made = f'SELECT {query.reduce}("v") AS "{"v" if query.across else query.name}" FROM ({made}){_grouped(tags)}'
    if query.across:
        made = _combined(query, made)
    return made


def _presence(query):
    inner = (f'SELECT moving_average(count("{query.figure.field}"), 3) AS "m"{_from(query, "$timeFilter")} GROUP BY time(2m), '
             + ", ".join(f'"{tag}"' for tag in query.by) + " fill(0)")
    return f'SELECT last("m") AS "{query.name}" FROM ({inner}) WHERE $timeFilter{_grouped(query.by)}'


def _combined(query, made):
    every = query.shape == "series"
    return (f'SELECT {query.combine}("v") AS "{query.name}" FROM ({made})' + (" WHERE $timeFilter" if every else "")
            + _grouped(query.by, every))


def _windowed(query, tags):
    figure = query.figure
    function = {"gauge": f'{figure.window}({{}})', "rate": "non_negative_derivative(last({}), 1s)",
                "growth": "non_negative_difference(last({}))"}[figure.how]
    return f'SELECT {_expression(figure, function)} AS "v"{_from(query, "$timeFilter")}{_grouped(tags, True)}'


def _latest(query, tags, name, condition):
    figure = query.figure
    if figure.how == "gauge":
        return f'SELECT {_expression(figure, "last({})")} AS "{name}"{_from(query, condition)}{_grouped(tags)}'
    function = {"rate": "non_negative_derivative({}, 1s)", "growth": "non_negative_difference({})"}[figure.how]
    inner = f'SELECT {_expression(figure, function)} AS "r"{_from(query, condition)}{_grouped(tags)}'
    return f'SELECT last("r") AS "{name}" FROM ({inner}){_grouped(tags)}'


def _expression(figure, function):
    made = " / ".join(function.format(f'"{name}"') for name in figure.fields)
    return made if figure.scale == 1 else f"{made} * {figure.scale:.10g}"


def _from(query, condition):
    fixed = [f"\"{tag}\" = '{value}'" for tag, value in query.figure.where]
    chosen = [f'"{name}" =~ /^${{{name}:regex}}$/' for name in query.chosen_by()]
    return f' FROM "{query.figure.measurement}" WHERE ' + " AND ".join([*fixed, *chosen, condition])


def _grouped(tags, every=False):
    groups = [*(["time($__interval)"] if every else []), *(f'"{tag}"' for tag in tags)]
    return (" GROUP BY " + ", ".join(groups) if groups else "") + (" fill(none)" if every else "")


def variable(wanted):
    made = f'SHOW TAG VALUES FROM "{wanted.measurement}" WITH KEY = "{wanted.name}"'
    if wanted.among:
        made += " WHERE " + " AND ".join(f'"{name}" =~ /^${{{name}:regex}}$/' for name in wanted.among)
    return made


def annotation(figure):
    # Each point, and one $timeFilter: Grafana up to 9 knows no $__interval in an annotation, and fills in the first $timeFilter alone.
    asked = Query(figure, "series")
    inner = (f'SELECT {_expression(figure, "non_negative_difference({})")} AS "v"{_from(asked, "$timeFilter")}'
             f'{_grouped(asked.by)}')
    query = f'SELECT "host", "container", "v" FROM ({inner}) WHERE "v" > 0'
    # The first column without a role would be the title.
    columns = {"titleColumn": "host", "textColumn": "container", "tagsColumn": "", "timeEndColumn": ""}
    # Grafana up to 9.3 reads them outside of `target`.
    return {"query": query, **columns, "target": {"refId": "Anno", "query": query, "rawQuery": True, "fromAnnotations": True, **columns}}


def field_defaults(query):
    return {}
