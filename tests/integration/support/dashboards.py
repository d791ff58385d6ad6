# SPDX-License-Identifier: GPL-2.0-or-later
"""The dashboards and alert rules of contrib/grafana, and their queries filled in as Grafana does."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

GRAFANA = Path(__file__).resolve().parents[3] / "contrib/grafana"
SPECIAL = re.compile(r"[\\^$*+?.()|[\]{}/]")


@dataclass
class Asked:
    """A query, and where it stands."""
    where: str
    text: str


def dashboards(language="influxql"):
    paths = sorted((GRAFANA / "dashboards" / language).glob("*.json"))
    return [json.loads(path.read_text()) for path in paths]


def all_panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def panel_queries(dashboard):
    for panel in all_panels(dashboard):
        for target in panel.get("targets", []):
            yield Asked(f"{dashboard['title']} / {panel['title']} / {target['refId']}", target["query"])
    for annotation in dashboard["annotations"]["list"]:
        yield Asked(f"{dashboard['title']} / annotation {annotation['name']}", annotation["target"]["query"])


def variable_queries(dashboard):
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield Asked(f"{dashboard['title']} / variable {variable['name']}", variable["query"])


@functools.cache
def alert_rules(name="lxcmon"):
    document = yaml.safe_load((GRAFANA / f"provisioning/alerting/{name}.yaml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def as_regex(values):
    """Grafana's format `regex` of a variable: None is All, with the custom value `.*`."""
    if values is None:
        return ".*"
    escaped = [SPECIAL.sub(lambda found: "\\" + found[0], value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def filled_in(text, begin_ms, end_ms, interval="1s", **variables):
    """`variables`: a list of values each, or None for All. The server's now() is `end_ms`, too."""
    for name, values in variables.items():
        text = text.replace(f"${{{name}:regex}}", as_regex(values))
    text = text.replace("$timeFilter", f"time >= {begin_ms}ms and time <= {end_ms}ms")
    text = text.replace("${__to}", str(end_ms)).replace("$__interval", interval).replace("now()", f"{end_ms}ms")
    left = re.findall(r"\$\{?\w+", text)
    if left:
        raise AssertionError(f"{left} is not filled in: {text}")
    return text
