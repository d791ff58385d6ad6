#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_names.py LXCMON-PUSH: no query of contrib/grafana asks for a measurement, metric, tag or field that the agent does not know, and no
panel for what is off by default, but those in a folded row. What comes once a minute is in no stack: Grafana stacks what is
missing as 0."""

import json
import re
import subprocess
import sys
from pathlib import Path

GRAFANA = Path(__file__).resolve().parents[2] / "contrib/grafana"
sys.path.insert(0, str(GRAFANA))
sys.dont_write_bytecode = True

from make_dashboards import METRICS, files  # noqa: E402

# Be it on cgroup v1 alone; see src/sample/cgroup/cadence.hpp.
ONCE_A_MINUTE = {"cpus", "peak", "peak_bytes", "swap_peak_bytes", "swap_events_max", "swap_events_fail", "processes", "kernel_bytes",
                 "events_max", "nr_periods", "nr_throttled", "throttled_usec", "nr_bursts", "burst_usec"}
FLUX_OWN = {"_value", "value", "_time", "_field", "_measurement", "_start", "_stop", "legend"}


def known_names(binary):
    """{measurement: its tags and fields}, the (measurement, field) that are off by default, and {metric: its measurement and field}, by the
    names that Prometheus has and by those that VictoriaMetrics makes of line protocol."""
    known, off, metrics = {}, set(), {}
    for row in json.loads(subprocess.run([binary, "fields", "--json"], capture_output=True, check=True, text=True).stdout):
        names = known.setdefault(row["measurement"], set())
        names.update([row["field"], *row["tags"].split(", ")])
        if "container" in names:
            names.add("lxcpath")  # of a second container of the same name
        if not row["sent"]:
            off.add((row["measurement"], row["field"]))
        for name in (row["metric"], f"{row['measurement']}_{row['field']}"):
            metrics[name] = row["measurement"], row["field"]
    return known, off, metrics


def names_in_influxql(text):
    """The measurement, and the other names that are not the query's own."""
    (measurement,) = set(re.findall(r'FROM "(\w+)"', text))
    own = set(re.findall(r'AS "([^"]+)"', text))
    return measurement, set(re.findall(r'"([^"]+)"', text)) - own - {measurement}


def names_in_flux(text):
    (measurement,) = set(re.findall(r'r\._measurement == "(\w+)"', text))
    names = set(re.findall(r"\br\.(\w+)", text)) | set(re.findall(r'r\._field == "(\w+)"', text)) | set(re.findall(r'tag: "(\w+)"', text))
    for columns in re.findall(r"columns: \[([^]]*)\]", text):
        names.update(re.findall(r'"(\w+)"', columns))
    return measurement, names - FLUX_OWN


def names_in_promql(text, metrics):
    used = re.findall(r"\b(\w+)\{", text)
    measurements = {metrics[metric][0] for metric in used if metric in metrics}
    names = set(re.findall(r'(\w+)=~?"', text)) | set(re.findall(r"^label_values\(.*, (\w+)\)$", text))
    for labels in re.findall(r"\bby \(([^)]*)\)", text):
        names.update(labels.split(", "))
    # The label of the state set.
    names = {"state" if name == "lxc_state" else name for name in names}
    names |= {metrics[metric][1] if metric in metrics else metric for metric in used}
    return measurements.pop() if len(measurements) == 1 else text, names


def strings(value):
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def queries():
    """(file, text) of all that ask the database."""
    for name, text in files():
        found = strings(json.loads(text)) if name.endswith(".json") else re.findall(r"query: \|-\n((?: {16}.*\n|\n)+)", text)
        yield from ((name, query) for query in found if re.search(r'FROM "|r\._measurement|\b(lxc|host|lxcmon)_\w+\{', query))


def names_in(text, metrics):
    if "r._measurement" in text:
        return names_in_flux(text)
    return names_in_influxql(text) if 'FROM "' in text else names_in_promql(text, metrics)


def unknown(known, metrics, text):
    measurement, names = names_in(text, metrics)
    return names - known[measurement] if measurement in known else {measurement}


def asked_in(target):
    return target.get("query") or target["expr"]


def asks_for_any(fields, text, metrics):
    measurement, names = names_in(text, metrics)
    return any((measurement, name) in fields for name in names)


def panels_without_data(off, metrics):
    """Those that would be empty on a default install."""
    for name, text in files():
        for panel in json.loads(text)["panels"] if name.endswith(".json") else []:
            if any(asks_for_any(off, asked_in(target), metrics) for target in panel.get("targets", [])):
                yield f"{name}: {panel['title']} is empty by default"


def torn_stacks(metrics):
    for name, text in files():
        for panel in json.loads(text)["panels"] if name.endswith(".json") else []:
            config = panel.get("fieldConfig", {"defaults": {}})
            if config["defaults"].get("custom", {}).get("stacking", {}).get("mode") != "normal":
                continue
            beside = {each["matcher"]["options"] for each in config["overrides"]
                      if any(one["id"] == "custom.stacking" and one["value"]["mode"] == "none" for one in each["properties"])}
            for target in panel["targets"]:
                if target["refId"] not in beside and ONCE_A_MINUTE & names_in(asked_in(target), metrics)[1]:
                    yield f"{name}: {panel['title']} stacks what comes once a minute: {asked_in(target)}"


def wrong_metrics(metrics):
    for measurement, fields in json.loads(METRICS.read_text()).items():
        for field, metric in fields.items():
            if metrics.get(metric) != (measurement, field):
                yield f"{METRICS.name}: {measurement} {field} is not {metric}; see make_dashboards.py"


def main(binary):
    known, off, metrics = known_names(binary)
    if not off:
        sys.exit("nothing is off by default: the check of the panels is no check")
    for wrong in ('SELECT last("usage") FROM "lxc_cpu"', 'SELECT last("v") AS "v" FROM "cpu"',
                  'SELECT last("oom") FROM "lxc_memory" GROUP BY "ct"',
                  'filter(fn: (r) => r._measurement == "lxc_cpu" and r._field == "usage")',
                  'filter(fn: (r) => r._measurement == "lxc_cpu" and r.ct == "a")',
                  'rate(lxc_cpu_usage_total{host=~"$host"}[1m])', 'max by (ct) (lxc_cpu_usage_ratio{host=~"$host"})',
                  'lxc_cpu_usage_ratio{ct=""}', 'lxc_cpu_usage_ratio{} / lxc_memory_limit_bytes{}',
                  'label_values(lxc_state_running{}, ct)'):
        if not unknown(known, metrics, wrong):
            sys.exit(f"not seen: {wrong}")
    asked = list(queries())
    wrong = [f"{name}: {', '.join(sorted(names))}: {text}" for name, text in asked if (names := unknown(known, metrics, text))]
    wrong += [*panels_without_data(off, metrics), *torn_stacks(metrics), *wrong_metrics(metrics)]
    print("\n".join([*wrong, f"{len(asked)} queries, {len(wrong)} wrong"]))
    return 1 if wrong or len(asked) < 600 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
