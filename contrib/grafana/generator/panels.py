# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON of the panels: graphs, tables and single figures, the same for both languages."""

from dataclasses import dataclass, field, replace

from .queries import CONTAINER, Query

GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
STATES = {"RUNNING": GREEN, "FROZEN": BLUE, "STOPPED": RED, "STARTING": ORANGE, "STOPPING": ORANGE, "ABORTING": RED, "FREEZING": BLUE,
          "THAWED": GREEN}
# Longer than the 60 s between two samples of a filesystem, so that a gap means a silent agent. The queries return the empty
# intervals; insertNulls would break every line if an interval is longer than this.
GAP_MSEC = 180_000
# Of a table's column, in pixels. Grafana's own 150 hide the last columns of every table here.
LEAST_WIDTH = 60


def steps(*pairs):
    """steps((75, ORANGE), (90, RED)): green below the first."""
    return {"mode": "absolute", "steps": [{"color": GREEN, "value": None}, *({"color": color, "value": at} for at, color in pairs)]}


PLAIN = steps()
FULL = steps((75, ORANGE), (90, RED))
ANY_IS_BAD = steps((1, RED))


@dataclass
class Graph:
    """A panel of lines. Queries in `mirrored` are drawn below zero, those in `limits` as dashed lines, those in `beside` as lines
    outside the stack: in a stack, Grafana draws 0 at the times when a less frequent series has no point."""
    title: str
    description: str
    unit: str
    queries: list
    width: int = 12
    height: int = 8
    stacked: bool = False
    mirrored: tuple = ()
    limits: tuple = ()
    beside: tuple = ()
    minimum: float | None = 0
    maximum: float | None = None
    thresholds: dict = field(default_factory=lambda: PLAIN)
    no_value: str | None = None
    filled: bool = True  # below the lines; off for a line of each container, of which there may be hundreds

    def json(self, language):
        fill = 25 if self.stacked else 10 if self.filled else 0
        custom = {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": fill,
                  "showPoints": "auto", "spanNulls": GAP_MSEC, "insertNulls": False, "axisPlacement": "auto",
                  "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
                  "thresholdsStyle": {"mode": "off" if self.thresholds is PLAIN else "dashed"}}
        defaults = {"color": {"mode": self._palette()}, "custom": custom, "unit": self.unit, "thresholds": self.thresholds}
        for name, value in (("min", self.minimum if not self.mirrored else None), ("max", self.maximum), ("noValue", self.no_value)):
            if value is not None:
                defaults[name] = value
        for query in self.queries:
            defaults.update(language.field_defaults(query))
        options = {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["mean", "max", "lastNotNull"],
                              # Two to four lines are seen: the largest.
                              "sortBy": "Max", "sortDesc": True},
                   "tooltip": {"mode": "multi", "sort": "desc"}}
        return panel(self, "timeseries", language, defaults, self._overrides(), options)

    def _palette(self):
        """By its name, a container has the same color in each panel, whichever other ones are in it. Hosts, and the lines of one
        container, are the same and few in each: colors by their order differ more."""
        return "palette-classic-by-name" if any(query.legend == CONTAINER for query in self.queries) else "palette-classic"

    def _overrides(self):
        line = [{"id": "custom.fillOpacity", "value": 0}, {"id": "custom.stacking", "value": {"mode": "none", "group": "A"}}]
        dashed = [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}}, *line]
        return [*(of_query(letter, {"id": "custom.transform", "value": "negative-Y"}) for letter in self.mirrored),
                *(of_query(letter, *line) for letter in self.beside), *(of_query(letter, *dashed) for letter in self.limits)]


@dataclass
class Stat:
    """One figure, with a graph in the background if the query is a series."""
    title: str
    description: str
    unit: str
    queries: list
    width: int = 4
    height: int = 4
    thresholds: dict = field(default_factory=lambda: PLAIN)
    decimals: int | None = None
    no_value: str | None = None

    def __post_init__(self):
        # The graph behind the figure draws no line across a gap, and filesystems have a point a minute.
        self.queries = [replace(query, gaps=False) for query in self.queries]

    def json(self, language):
        defaults = {"color": {"mode": "thresholds"}, "unit": self.unit, "thresholds": self.thresholds}
        for name, value in (("decimals", self.decimals), ("noValue", self.no_value)):
            if value is not None:
                defaults[name] = value
        for query in self.queries:
            defaults.update(language.field_defaults(query))
        is_series = self.queries[0].shape == "series"
        options = {"colorMode": "value", "graphMode": "area" if is_series else "none", "justifyMode": "auto", "orientation": "auto",
                   "textMode": "auto", "wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard",
                   "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
        return panel(self, "stat", language, defaults, [], options)


@dataclass
class States:
    """A band for each series, in the colours of the states that it was in; numbers are coloured by `thresholds`."""
    title: str
    description: str
    queries: list
    width: int = 24
    height: int = 6
    thresholds: dict = field(default_factory=lambda: PLAIN)

    def json(self, language):
        custom = {"fillOpacity": 70, "lineWidth": 0, "spanNulls": GAP_MSEC, "insertNulls": False}
        defaults = {"color": {"mode": "thresholds"}, "custom": custom, "unit": "none", "thresholds": self.thresholds,
                    "mappings": state_mappings()}
        for query in self.queries:
            defaults.update(language.field_defaults(query))
        options = {"mergeValues": True, "perPage": 20, "showValue": "auto", "alignValue": "left", "rowHeight": 0.9,
                   "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
                   "tooltip": {"mode": "single", "sort": "none"}}
        return panel(self, "state-timeline", language, defaults, [], options)


@dataclass
class Column:
    """A column of a table: the values of a query, or without a query the values of a tag."""
    name: str
    query: Query | None = None
    unit: str | None = None
    cell: str | None = None  # bar, spark, background
    width: int | None = None  # the others share what is left
    maximum: float | None = 100
    thresholds: dict | None = None
    links: list | None = None
    decimals: int | None = None
    no_value: str | None = None  # instead of the table's, which stands in empty cells, too


@dataclass
class Table:
    """A table. The rows of its queries are merged by their common tags."""
    title: str
    description: str
    columns: list
    width: int = 24
    height: int = 10
    sort_by: str | None = None
    keep: dict | None = None  # a condition of filterByValue
    without: dict | None = None  # the same, of rows to leave out; its column may be missing, and is not shown
    most: int | None = None
    wrapped: bool = False  # titles take two lines where the columns are narrow; older versions of Grafana cut them
    frozen: bool = False  # the first column stays in sight; older versions of Grafana scroll it away
    no_value: str | None = None

    @property
    def queries(self):
        return [column.query for column in self.columns if column.query]

    def json(self, language):
        custom = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False, "minWidth": LEAST_WIDTH}
        defaults = {"custom": custom, "thresholds": PLAIN, "color": {"mode": "thresholds"}}
        if self.wrapped:
            custom["wrapHeaderText"] = True
        if self.no_value:
            defaults["noValue"] = self.no_value
        properties = {column.name: [*column_properties(column, not self.most), *language.column_properties(column)]
                      for column in self.columns}
        overrides = [{"matcher": {"id": "byName", "options": name}, "properties": each} for name, each in properties.items() if each]
        options = {"showHeader": True, "cellHeight": "sm"}
        if self.sort_by:
            options["sortBy"] = [{"displayName": self.sort_by, "desc": True}]
        if self.frozen:
            options["frozenColumns"] = {"left": 1}
        return {**panel(self, "table", language, defaults, overrides, options), **self._most_points(language),
                "transformations": list(self._transformations(language))}

    def _most_points(self, language):
        """By the width of the table, each sparkline would have a thousand points or more."""
        if any(query.shape == "series" for query in self.queries):
            return {"maxDataPoints": language.SPARK_POINTS}
        return {"maxDataPoints": language.WINDOWS} if language.WINDOWS and any(query.windowed for query in self.queries) else {}

    def _transformations(self, language):
        letters = {letter: column for letter, column in zip(LETTERS, (each for each in self.columns if each.query))}
        rows = [letter for letter, column in letters.items() if column.query.shape != "series"]
        without_time = {"id": "filterFieldsByName", "options": {"exclude": {"pattern": "/^[Tt]ime$/"}}}
        if len(rows) < len(letters):
            without_time["filter"] = {"id": "byRefId", "options": f"/^(?:{'|'.join(rows)})$/"}
        yield without_time
        if len(rows) < len(letters):
            yield {"id": "timeSeriesTable", "options": {}}
        yield {"id": "merge", "options": {}}
        yield from language.renamed({letter: letters[letter] for letter in rows})
        trends = {f"Trend #{letter}": column.name for letter, column in letters.items() if letter not in rows}
        named = {name: key for key, name in trends.items()}
        order = {named.get(column.name, column.name): index for index, column in enumerate(self.columns)}
        # A condition on a column that is missing never holds: two transformations, not two conditions.
        for kind, condition in (("include", self.keep), ("exclude", self.without)):
            if condition:
                yield {"id": "filterByValue", "options": {"type": kind, "match": "any", "filters": [language.kept(condition)]}}
        hidden = {self.without["fieldName"]: True} if self.without else {}
        yield {"id": "organize", "options": {"excludeByName": hidden, "indexByName": order, "renameByName": trends}}
        if self.most:
            yield {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": self.sort_by, "desc": True}]}}
            yield {"id": "limit", "options": {"limitField": self.most}}


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def more_than_0(column):
    return {"fieldName": column, "config": {"id": "greater", "options": {"value": 0}}}


def is_not(column, value):
    return {"fieldName": column, "config": {"id": "notEqual", "options": {"value": value}}}


def equals(column, value):
    return {"fieldName": column, "config": {"id": "equal", "options": {"value": value}}}


def column_properties(column, filterable):
    cells = {"bar": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
             "spark": {"type": "sparkline", "hideValue": True, "drawStyle": "line", "fillOpacity": 15, "lineWidth": 1},
             "background": {"type": "color-background", "mode": "basic"}}
    made = []
    for name, value in (("unit", column.unit), ("custom.width", column.width), ("thresholds", column.thresholds), ("links", column.links),
                        ("decimals", column.decimals), ("noValue", column.no_value), ("custom.cellOptions", cells.get(column.cell))):
        if value is not None:
            made.append({"id": name, "value": value})
    # The sign of the filter takes the room of a figure's title.
    if filterable and (column.query is None or column.name == "state"):
        made.append({"id": "custom.filterable", "value": True})
    if column.cell == "bar":
        made.append({"id": "min", "value": 0})
        if column.maximum is not None:
            made.append({"id": "max", "value": column.maximum})
    if column.name == "state":
        made.append({"id": "mappings", "value": state_mappings()})
    return made


def datasource(language):
    return {"type": language.DATASOURCE_TYPE, "uid": "${datasource}"}


def state_mappings():
    mapping = {state: {"color": color, "index": index} for index, (state, color) in enumerate(STATES.items())}
    return [{"type": "value", "options": mapping}]


def of_query(letter, *properties):
    return {"matcher": {"id": "byFrameRefID", "options": letter}, "properties": list(properties)}


def panel(description, kind, language, defaults, overrides, options):
    source = datasource(language)
    targets = [{**language.target(query, letter), "datasource": source} for letter, query in zip(LETTERS, description.queries)]
    # No `interval`: the data source's "Min time interval" is the agent's, and a panel's would override it.
    return {"type": kind, "title": description.title, "description": description.description, "datasource": source,
            "targets": targets, "fieldConfig": {"defaults": defaults, "overrides": overrides}, "options": options}
