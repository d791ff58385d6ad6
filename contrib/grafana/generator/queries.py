"""What is asked of the database, in no language: influxql.py and flux.py say the same thing of it in theirs."""

import re
from dataclasses import dataclass, field, replace

HOST_MEASUREMENTS = ("host_", "lxcmon_push")


@dataclass(frozen=True)
class Figure:
    """A figure of docs/measurements.md, and how it is read."""
    measurement: str
    field: str
    how: str = "gauge"  # gauge; of a counter: rate (a second), growth (since the point before); change: growth that may be below 0
    per: str | None = None  # divided by this field of the same measurement, which is read alike
    scale: float = 1
    window: str = "mean"  # what stands for the gauge's points within an interval
    where: tuple = ()  # ((tag, value), ...)
    text: bool = False
    only: bool | None = None  # of a truth value: just the points that say this

    @property
    def fields(self):
        return (self.field, self.per) if self.per else (self.field,)


@dataclass(frozen=True)
class Query:
    """A figure in one of four shapes: a `series` over time; the `latest` value, a row for each of `by`; what it was over the `range`,
    a row each. `presence` is for alerts: points in each 2 minutes, mean of the last 3 (4 to 6 minutes: now is amid the last), 0 where
    there was one earlier in the range. Tags in `across` are first kept apart and then combined."""
    figure: Figure
    shape: str
    by: tuple = ("host", "container")
    across: tuple = ()
    combine: str = "sum"
    reduce: str = "mean"  # of the range
    name: str = "value"  # of a table's column
    most: int | None = None  # rows, those with the largest figures
    legend: str | None = None  # of a series: "{container} @ {host}"
    variables: tuple | None = None  # of the dashboard, that choose; None: host, and container where there is one

    def chosen_by(self):
        if self.variables is not None:
            return self.variables
        return ("host",) if self.figure.measurement.startswith(HOST_MEASUREMENTS) else ("host", "container")

    def function(self):
        """What makes one figure of many."""
        if self.shape == "series":
            return {"gauge": self.figure.window, "rate": "mean"}.get(self.figure.how, "sum")
        return "last" if self.shape == "latest" else self.reduce

    @property
    def fill(self):
        """A line has gaps; a table's sparkline has no room for them."""
        return "null" if self.legend else "none"

    def with_variables(self, *names):
        return replace(self, variables=names)


def tags_of(legend):
    return tuple(re.findall(r"\{(\w+)\}", legend))


CONTAINER = "{container} {name} @ {host}"
HOST = "{host}"


def series(figure, legend=CONTAINER, across=(), combine="sum"):
    return Query(figure, "series", by=tags_of(legend), across=across, combine=combine, legend=legend)


def trend(figure):
    """A series for each container, for a table's sparkline: its tags become columns."""
    return Query(figure, "series")


def latest(figure, name, by=("host", "container"), across=(), combine="sum"):
    return Query(figure, "latest", by=by, across=across, combine=combine, name=name)


def over_range(figure, name, by=("host", "container"), across=(), combine="sum", reduce="mean"):
    return Query(figure, "range", by=by, across=across, combine=combine, reduce=reduce, name=name)


def gauge(measurement, name, **more):
    return Figure(measurement, name, **more)


def rate(measurement, name, **more):
    return Figure(measurement, name, how="rate", **more)


def growth(measurement, name, **more):
    return Figure(measurement, name, how="growth", **more)


def percent_of_time(measurement, name, **more):
    """Of a counter of microseconds: 100 for each second in a second."""
    return Figure(measurement, name, how="rate", scale=1e-4, **more)


def change(measurement, name, **more):
    return Figure(measurement, name, how="change", **more)


@dataclass
class Variable:
    """A choice on the dashboard: the values of a tag of a measurement, among those that other choices leave."""
    name: str
    label: str
    measurement: str
    among: tuple = field(default=())
