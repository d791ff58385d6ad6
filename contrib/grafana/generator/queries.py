# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries, independent of the language: influxql.py and flux.py translate them."""

import re
from dataclasses import dataclass, field, replace

HOST_MEASUREMENTS = ("host_", "lxcmon_push")
# A container. Only one whose name is also in an earlier lxcpath has the tag lxcpath.
ONE = ("host", "container", "lxcpath")


@dataclass(frozen=True)
class Figure:
    """A field of docs/measurements.md, and how to read it."""
    measurement: str
    field: str
    how: str = "gauge"  # gauge; of a counter: rate (a second), growth (since the point before); change: growth that may be below 0
    per: str | None = None  # divided by this field of the same measurement, read in the same way
    scale: float = 1
    window: str = "mean"  # function over the points of a gauge in an interval
    where: tuple = ()  # ((tag, value), ...)
    without: tuple = ()  # (tag, ...): only series that do not have it
    not_of: tuple = ()  # ((tag, (value, ...)), ...): only series that have none of these
    text: bool = False
    only: bool | None = None  # of a boolean: only the points with this value

    @property
    def fields(self):
        return (self.field, self.per) if self.per else (self.field,)


@dataclass(frozen=True)
class Query:
    """A figure in one of four shapes: a `series` over time; the `latest` value, or one value over the `range`, a row for each
    combination of the tags `by`; `presence`, for alerts: the number of points in the last 5 minutes, 0 if the only points are earlier in
    the range. Series of different `across` tags are combined last."""
    figure: Figure
    shape: str
    by: tuple = ONE
    across: tuple = ()
    combine: str = "sum"
    reduce: str = "mean"  # of the range
    name: str = "value"  # of a table's column
    most: int | None = None  # at most this many rows, with the largest values
    legend: str | None = None  # of a series: "{container} @ {host}"
    also: tuple = ()  # figures of the same measurement, in the same sum: for alerts, of counts over the range
    gaps: bool = True  # of a series with a legend: an interval without a point is a gap
    if_latest: bool | None = None  # of a boolean that is combined: only of series whose latest value is this
    but_not: Figure | None = None  # a boolean: of what is counted by the latest value, not those that have it true
    variables: tuple | None = None  # dashboard variables to filter by; None: host, and container if the measurement has it

    def chosen_by(self):
        if self.variables is not None:
            return self.variables
        return ("host",) if self.figure.measurement.startswith(HOST_MEASUREMENTS) else ("host", "container")

    def function(self):
        """The function that reduces many points to one value."""
        if self.shape == "series":
            return {"gauge": self.figure.window, "rate": "mean"}.get(self.figure.how, "sum")
        return "last" if self.shape == "latest" else self.reduce

    @property
    def windowed(self):
        """A mean over a range: the windows are so many that it does not matter if one is left out."""
        return self.shape == "range" and (self.figure.how == "rate" or self.figure.how == "growth" and self.figure.per is not None)

    @property
    def fill(self):
        """A line shows gaps; the sparkline of a table does not."""
        return "null" if self.legend and self.gaps else "none"

    def with_variables(self, *names):
        return replace(self, variables=names)


@dataclass(frozen=True)
class Part:
    """A figure, times `times`, plus `plus`, in the sum of a `Worst`. Without points it adds nothing."""
    query: Query
    times: int = 1
    plus: int = 0
    recent: bool = False  # of the last 5 minutes, not of the whole range


@dataclass(frozen=True)
class Worst:
    """For alerts: a sum of parts for each combination of `by` and `each`, and of these sums the largest, or the number of those above
    `above`, for each combination of `by`. One sum, as InfluxQL joins no columns of two queries."""
    parts: tuple
    seconds: int
    combine: str = "max"
    above: int | None = None
    by: tuple = ONE
    each: tuple = ("mountpoint",)


def tags_of(legend):
    return tuple(re.findall(r"\{(\w+)\}", legend))


CONTAINER = "{container} {name} {lxcpath} @ {host}"
HOST = "{host}"


def series(figure, legend=CONTAINER, across=(), combine="sum"):
    return Query(figure, "series", by=tags_of(legend), across=across, combine=combine, legend=legend)


def trend(figure):
    """A series for each container, for the sparkline of a table: its tags become columns."""
    return Query(figure, "series")


def latest(figure, name, by=ONE, across=(), combine="sum", **more):
    return Query(figure, "latest", by=by, across=across, combine=combine, name=name, **more)


def over_range(figure, name, by=ONE, across=(), combine="sum", reduce="mean"):
    return Query(figure, "range", by=by, across=across, combine=combine, reduce=reduce, name=name)


def gauge(measurement, name, **more):
    return Figure(measurement, name, **more)


def rate(measurement, name, **more):
    return Figure(measurement, name, how="rate", **more)


def growth(measurement, name, **more):
    return Figure(measurement, name, how="growth", **more)


def percent_of_time(measurement, name, **more):
    """The rate of a counter of microseconds, in percent of the time."""
    return Figure(measurement, name, how="rate", scale=1e-4, **more)


def change(measurement, name, **more):
    return Figure(measurement, name, how="change", **more)


@dataclass
class Variable:
    """A dashboard variable: the values of a tag of a measurement, filtered by the variables `among`."""
    name: str
    label: str
    measurement: str
    among: tuple = field(default=())
