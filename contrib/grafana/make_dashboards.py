#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes dashboards/ and provisioning/alerting/ from the descriptions in generator/.

    make_dashboards.py            writes the files
    make_dashboards.py --check    lists the files that are not up to date; exit code 1 if there are any

generator/metrics.json has Prometheus' names of the fields:

    lxcmon-push fields --json | make_dashboards.py --metrics    writes it anew"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
sys.dont_write_bytecode = True

from generator import agent, alerts, container, fleet, flux, influxql, promql  # noqa: E402

LANGUAGES = {"influxql": influxql, "flux": flux, "prometheus": promql.SCRAPED, "victoriametrics": promql.LINES}
WITH_ALERTS = (influxql, flux)
METRICS = FOLDER / "generator/metrics.json"


def files():
    """Path relative to this folder, and text."""
    for word, language in LANGUAGES.items():
        for made in (fleet.dashboard(language), container.dashboard(language), agent.dashboard(language)):
            yield f"dashboards/{word}/{made.name}.json", json.dumps(made.json(language), indent=2, ensure_ascii=False) + "\n"
        if language in WITH_ALERTS:
            yield f"provisioning/alerting/lxcmon{language.SUFFIX}.yaml", alerts.text(language)


def write_metrics(rows):
    metrics = {}
    for row in rows:
        metrics.setdefault(row["measurement"], {})[row["field"]] = row["metric"]
    METRICS.write_text(json.dumps(metrics, indent=2) + "\n")


def main(arguments):
    if arguments == ["--metrics"]:
        return write_metrics(json.load(sys.stdin))
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    different = []
    for name, text in files():
        path = FOLDER / name
        if path.exists() and path.read_text() == text:
            continue
        different.append(name)
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if arguments and different:
        sys.exit(f"not up to date: {', '.join(different)}; run {Path(__file__).name} and commit the result")


if __name__ == "__main__":
    main(sys.argv[1:])
