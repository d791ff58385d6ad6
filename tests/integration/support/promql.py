# SPDX-License-Identifier: GPL-2.0-or-later
"""The dashboards in PromQL, their queries filled in as Grafana does, and the API of Prometheus, which VictoriaMetrics has, too."""

import json
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from .dashboards import all_panels, dashboards

SPECIAL = re.compile(r"[$^*{}\[\]+?.()|]")


@dataclass
class Asked:
    """A query, where it stands, and the columns that a table makes of it: {name in the result: name}."""
    where: str
    text: str
    is_instant: bool
    columns: dict = field(default_factory=dict)


def asked_by(language):
    """All queries of panels and annotations."""
    for dashboard in dashboards(language):
        for panel in all_panels(dashboard):
            for target in panel.get("targets", []):
                yield Asked(f"{dashboard['title']} / {panel['title']} / {target['refId']}", target["expr"], target["instant"],
                            _columns(panel, target["refId"]))
        for annotation in dashboard["annotations"]["list"]:
            yield Asked(f"{dashboard['title']} / annotation {annotation['name']}", annotation["target"]["expr"], False)


def _columns(panel, letter):
    """A result has its labels, and Value #A."""
    for each in panel.get("transformations", []):
        if each["id"] == "organize":
            return {name.replace(f"Value #{letter}", "value"): column for name, column in each["options"]["renameByName"].items()
                    if name == f"Value #{letter}" or not name.startswith(("Value", "Trend"))}
    return {}


def table_of(language, dashboard, panel):
    """The queries of a panel."""
    return [query for query in asked_by(language) if re.match(rf"{dashboard} \([^)]*\) / {panel} /", query.where)]


def rows_of(answers, *by):
    """The rows of a table as Grafana merges them: {the labels `by`: {column: text or number}}. `answers`: (query, [(labels, value)])."""
    rows = {}
    for query, answer in answers:
        for labels, value in answer:
            row = rows.setdefault(tuple(labels.get(name) for name in by), {})
            row.update({column: value if name == "value" else labels[name] for name, column in query.columns.items()
                        if name == "value" or name in labels})
    return rows


def variables_of(language):
    """(name, query)"""
    for dashboard in dashboards(language):
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                yield variable["name"], variable["query"]


def as_regex(values):
    """How Grafana's data source writes a variable into the quotes of PromQL. None is All, with the custom value `.*`."""
    if values is None:
        return ".*"
    escaped = [SPECIAL.sub(lambda found: "\\\\" + found[0], value.replace("\\", "\\" * 4)) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def filled_in(text, seconds, rate_seconds=60, **variables):
    """`seconds`: the range. The minute by which an annotation looks back is 5 s: a test is short."""
    for name, values in variables.items():
        text = text.replace(f'"${name}"', f'"{as_regex(values)}"')
    text = text.replace("$__range", f"{seconds}s").replace("$__rate_interval", f"{rate_seconds}s")
    text = text.replace("offset 1m", "offset 5s")
    left = re.findall(r"\$\{?\w+", text)
    if left:
        raise AssertionError(f"{left} is not filled in: {text}")
    return text


class PromqlApi:
    """`url` of a server."""

    def __init__(self, url):
        self.url = url

    def _get(self, path, **parameters):
        # VictoriaMetrics: nothing from before.
        query = urllib.parse.urlencode({**parameters, "nocache": 1})
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
            return json.loads(answer.read())["data"]

    def instant(self, text, seconds):
        """[(labels, value)] at a time."""
        found = self._get("query", query=text, time=seconds)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def over_time(self, text, begin, end, step=1):
        """[(labels, [value])]"""
        found = self._get("query_range", query=text, start=begin, end=end, step=step)["result"]
        return [(each["metric"], [float(value) for _, value in each["values"]]) for each in found]

    def label_values(self, text, begin, end):
        """Of label_values(METRIC{...}, LABEL), which Grafana itself reads."""
        metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", text).groups()
        found = self._get("series", **{"match[]": metric}, start=begin, end=end)
        return {each[label] for each in found if label in each}
