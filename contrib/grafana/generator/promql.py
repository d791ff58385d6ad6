# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries in PromQL: for what Prometheus or VictoriaMetrics has scraped (docs/prometheus.md), and for what VictoriaMetrics has got in
line protocol. Only what both servers know. Grafana fills in $__rate_interval and $__range, and quotes the variables."""

import json
from dataclasses import replace
from pathlib import Path

from .panels import STATES
from .queries import ONE

METRICS = json.loads((Path(__file__).parent / "metrics.json").read_text())
# A mean of a shorter window would have holes: these are sampled once a minute.
SLOW = ("lxc_fs", "host_fs")
# A field that all points of the measurement have: the values of a variable are those of its labels.
ALWAYS = {"lxcmon_push": "containers", "lxc_state": "running", "lxc_net": "rx_bytes"}
# The words for the values of what is a text elsewhere.
BOOLEAN = {"1": {"text": "true"}, "0": {"text": "false"}}
WORDS = {"state": {str(value): {"text": state, "color": STATES[state]} for value, state in enumerate(("STOPPED", "RUNNING", "FROZEN"))},
         "lock": {"0": {"text": "locked"}}}


class Scraped:
    """Metrics in base units. A text is a label of a metric that is 1."""
    NAME = UID = "lxcmon-prometheus"
    SUFFIX, TITLE = "-prometheus", " (Prometheus)"
    DATASOURCE_TYPE = "prometheus"
    SPARK_POINTS, WINDOWS = 30, None
    HAS_TEXTS = True
    # Between two scrapes there are one tick of the agent or two, or none. Not $__rate_interval: in a table it grows with the time shown.
    RATE_NOW = "rate"

    def target(self, query, ref_id):
        is_series = query.shape == "series"
        made = {"refId": ref_id, "expr": self.text(query), "format": "time_series" if is_series else "table", "range": is_series,
                "instant": not is_series, "editorMode": "code"}
        if query.legend:
            made["legendFormat"] = query.legend.replace("{", "{{").replace("}", "}}")
        return made

    def text(self, query):
        """max: a series that two targets have counts once, and one that has moved to another target goes on."""
        if query.combine == "max":
            query = replace(query, across=())  # once is enough
        made = _grouped("max", (*query.by, *query.across, *filter(None, [self.label(query)])), self._value(query))
        if query.if_latest is not None:
            made = f"{made} == {int(query.if_latest)}"
        if query.but_not:
            true = f"{_selector(self.name(query.but_not.measurement, query.but_not.field), (), query.chosen_by())} == 1"
            made = f"{made} unless {_grouped('max', query.across, true)}"
        if query.across:
            # Labels of the agent's own are unique: without this, a container in two targets would count twice.
            made = _grouped(query.combine, query.by, made)
        return f"topk({query.most}, {made})" if query.most else made

    def _value(self, query):
        figure = query.figure
        made, *per = (self._read(query, field) for field in figure.fields)
        factor = figure.scale * self.unit(figure.measurement, figure.field)
        if per:
            factor /= self.unit(figure.measurement, figure.per)
            # A division by 0 has no result.
            made = f"{made} / ({per[0]} > 0)"
        return made if abs(factor - 1) < 1e-9 else f"{factor:.10g} * {made}"

    def _read(self, query, field):
        figure = query.figure
        if self.is_coded(query):
            running, frozen = (_selector(self.name(figure.measurement, name), (), query.chosen_by()) for name in ("running", "frozen"))
            return f"({running} + {frozen} or {running})"
        selected = _selector(self.name(figure.measurement, field), _fixed(figure), query.chosen_by())
        if query.shape == "latest" and figure.how == "rate":
            return f"{self.RATE_NOW}({selected}[5m])"
        window = "$__range" if query.shape == "range" else "$__rate_interval"
        if figure.how != "gauge":
            made = f"{ {'rate': 'rate', 'growth': 'increase'}[figure.how] }({selected}[{window}])"
            # increase() extrapolates to the ends of the window: 1.1 events.
            return f"round({made})" if figure.how == "growth" and not figure.per else made
        if query.shape == "latest" or query.function() == "last" or (query.shape == "series" and figure.measurement in SLOW):
            wanted = 1 if self.label(query) else figure.only
            return selected if wanted is None else f"{selected} == {int(wanted)}"
        return f"{ {'mean': 'avg', 'max': 'max'}[query.function()] }_over_time({selected}[{window}])"

    def name(self, measurement, field):
        return METRICS[measurement][field]

    def unit(self, measurement, field):
        """The metric's value times this is in the field's unit."""
        if field.endswith("_usec"):
            return 1e6
        return 100 if self.name(measurement, field).endswith("_ratio") else 1

    def is_coded(self, query):
        """A state as a number. As texts over time, each would be a line."""
        return query.figure.field == "state" and (query.shape == "series" or not self.HAS_TEXTS)

    def label(self, query):
        """The label that has the text; None if it is no text, or the metric has numbers for it."""
        figure = query.figure
        if self.is_coded(query) or not self.HAS_TEXTS:
            return None
        metric = self.name(figure.measurement, figure.field)
        if metric == figure.measurement:  # the state set
            return metric
        return figure.field if metric.endswith("_info") else None

    def variable(self, wanted):
        metric = self.name(wanted.measurement, ALWAYS[wanted.measurement])
        return f"label_values({_selector(metric, (), wanted.among)}, {wanted.name})"

    def annotation(self, figure):
        """The counter is larger than a step before: each growth is in one step, and a counter that starts again is in none."""
        metric = _selector(self.name(figure.measurement, figure.field), (), ("host", "container"))
        expression = _grouped("max", ONE, f"{metric} > {metric} offset 1m")
        texts = {"expr": expression, "titleFormat": "{{host}}", "textFormat": "{{container}}", "tagKeys": "", "step": "60s"}
        return {**texts, "target": {"refId": "Anno", **texts}}

    def field_defaults(self, query):
        words = self._words(query)
        return {"mappings": words} if words else {}

    def column_properties(self, column):
        words = self._words(column.query) if column.query else []
        return [{"id": "mappings", "value": words}] if words else []

    def _words(self, query):
        if not query.figure.text or self.label(query):
            return []
        return [{"type": "value", "options": WORDS.get(query.figure.field, BOOLEAN)}]

    def renamed(self, letters):
        """Grafana calls the values of a query `Value #A`, and those of the only query that has a result `Value`."""
        names, hidden = {}, []
        for index, (letter, column) in enumerate(letters.items()):
            values = [f"Value #{letter}", *(["Value"] if index == 0 else [])]
            if label := self.label(column.query):
                names[label] = column.name
                hidden += values
            else:
                names.update(dict.fromkeys(values, column.name))
        yield {"id": "organize", "options": {"excludeByName": dict.fromkeys(hidden, True), "indexByName": {}, "renameByName": names}}

    def kept(self, condition):
        """A boolean is 0 or 1 here."""
        return _with_value(condition, 1) if condition["config"]["options"]["value"] is True else condition


class Lines(Scraped):
    """MEASUREMENT_FIELD in the field's own unit, without texts: VictoriaMetrics makes 0 of each."""
    NAME = UID = "lxcmon-victoriametrics"
    SUFFIX, TITLE = "-victoriametrics", " (VictoriaMetrics)"

    HAS_TEXTS = False
    RATE_NOW = "irate"  # the points have the times of the ticks

    def name(self, measurement, field):
        return f"{measurement}_{field}"

    def unit(self, measurement, field):
        return 1

    def kept(self, condition):
        return _with_value(condition, 1) if condition["config"]["options"]["value"] == "RUNNING" else super().kept(condition)


def _with_value(condition, value):
    return {**condition, "config": {**condition["config"], "options": {"value": value}}}


def _fixed(figure):
    return [*(f'{tag}="{value}"' for tag, value in figure.where), *(f'{tag}=""' for tag in figure.without)]


def _selector(metric, fixed, chosen):
    matchers = ", ".join([*fixed, *(f'{name}=~"${name}"' for name in chosen)])
    return f"{metric}{{{matchers}}}"


def _grouped(function, tags, made):
    return f"{function} by ({', '.join(tags)}) ({made})" if tags else f"{function}({made})"


SCRAPED, LINES = Scraped(), Lines()
