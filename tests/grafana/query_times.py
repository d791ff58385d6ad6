#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long each query of the dashboards takes on a day of 1,000 containers, on a real InfluxDB 1.x. Needs influxd, 1.5 GB and minutes.

    query_times.py FOLDER [--containers 1000] [--range 24h] [--folded] [--everything] [WORD ...]

The data (generated_points.py) are written to FOLDER the first time and used again. The queries are filled in as Grafana does on a page
1,600 pixels wide, with what a dashboard has chosen when it opens: All, or the first value if it does not begin with All (LXC
Container). WORD: only panels with that word. It prints the slowest, and fails if one takes more than 1 s at the best of three times.
Folded rows are left out: they ask nothing until they are opened. --folded asks for them, too, which takes minutes, and --everything
chooses All everywhere; both only print."""

import argparse
import json
import os
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "integration")]
sys.dont_write_bytecode = True

from generated_points import END_NS, batches  # noqa: E402
from support.dashboards import dashboards, filled_in  # noqa: E402
from support.influx import Influxd  # noqa: E402

DATABASE, PAGE_WIDTH, COLUMNS, TRIES, WRITE_TRIES = "lxc", 1600, 24, 3, 20
LIMIT_SEC = 1.0
# Of the data source: what docs/grafana.md says, the interval of the agents.
MIN_INTERVAL_MS = 60_000
UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# What Grafana makes of an interval: up to the first number, the second (both ms).
ROUNDED = [(1500, 1000), (3500, 2000), (7500, 5000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000), (45_000, 30_000),
           (90_000, 60_000), (210_000, 120_000), (450_000, 300_000), (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000),
           (2_700_000, 1_800_000), (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000)]


class Place:
    """A folder that stays, for Influxd."""

    def __init__(self, path):
        self.path = path

    def folder(self, name):
        (self.path / name).mkdir(parents=True, exist_ok=True)
        return self.path / name

    def note_process(self, pid):
        self.pid = pid


@dataclass
class Asked:
    where: str
    text: str
    folded: str | None  # the title of the row


@dataclass
class Took:
    asked: Asked
    seconds: float
    server_cpu: float
    size: int


def duration_ms(text):
    return int(text[:-1]) * UNITS[text[-1]]


def interval_ms(panel, range_ms):
    points = panel.get("maxDataPoints") or PAGE_WIDTH * panel["gridPos"]["w"] // COLUMNS
    least = duration_ms(panel["interval"]) if panel.get("interval") else MIN_INTERVAL_MS
    wanted = range_ms / points
    return max(least, next((made for most, made in ROUNDED if wanted < most), 86_400_000))


def chosen(dashboard, everything):
    """Of each variable: None for All, else the first value."""
    first = {"host": ["pve00"], "container": ["1000"], "interface": ["eth0"]}
    return {each["name"]: None if everything or each["current"].get("value") == ["$__all"] else first[each["name"]]
            for each in dashboard["templating"]["list"] if each["type"] == "query"}


def panels(dashboard):
    """Each with the title of the folded row that it is in."""
    for panel in dashboard["panels"]:
        yield panel, None
        for inner in panel.get("panels", []):
            yield inner, panel["title"]


def queries(range_ms, everything):
    end_ms = END_NS // 10**6
    for dashboard in dashboards():
        values = chosen(dashboard, everything)
        for panel, folded in panels(dashboard):
            for target in panel.get("targets", []):
                text = filled_in(target["query"], end_ms - range_ms, end_ms, f"{interval_ms(panel, range_ms)}ms", **values)
                yield Asked(f"{dashboard['title']} / {panel['title']} {target['refId']}", text, folded)
        for annotation in dashboard["annotations"]["list"]:
            text = filled_in(annotation["target"]["query"], end_ms - range_ms, end_ms, **values)
            yield Asked(f"{dashboard['title']} / {annotation['name']}", text, None)
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                yield Asked(f"{dashboard['title']} / variable {variable['name']}", filled_in(variable["query"], 0, end_ms, **values), None)


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answer_of(influx, text):
    body = urllib.parse.urlencode({"q": text, "db": DATABASE, "epoch": "ms"}).encode()
    with urllib.request.urlopen(f"{influx.url}/query", data=body, timeout=300) as answer:
        return answer.read()


def timed(influx, pid, asked):
    best = None
    for _ in range(TRIES):
        cpu, begin = cpu_seconds(pid), time.monotonic()
        answer = answer_of(influx, asked.text)
        took = Took(asked, time.monotonic() - begin, cpu_seconds(pid) - cpu, len(answer))
        if b'"error"' in answer[:2000]:
            sys.exit(f"{asked.where}: {json.loads(answer)}\n{asked.text}")
        if best is None or took.seconds < best.seconds:
            best = took
        if best.seconds < LIMIT_SEC / 5 or took.seconds > 10 * LIMIT_SEC:
            break
    if best.seconds > LIMIT_SEC:
        print(f"{best.seconds:.1f} s: {asked.where}", file=sys.stderr, flush=True)
    return best


def write(influx, body):
    """On a busy machine InfluxDB gives up on a batch after 10 s: the same points again are no others."""
    for _ in range(WRITE_TRIES):
        try:
            status, error = influx.write(DATABASE, body)
        except OSError as failure:
            status, error = "nothing", failure
        if status == 204:
            return
    sys.exit(f"InfluxDB answers {status} to a batch: {error}")


def write_data(influx, folder, containers):
    done = folder / "written"
    if done.exists() and done.read_text() == str(containers):
        return
    influx.execute(f'CREATE DATABASE "{DATABASE}"')
    begin = time.monotonic()
    for number, body in enumerate(batches(containers, 24 * 60), 1):
        write(influx, body)
        print(f"\rbatch {number} written, {time.monotonic() - begin:.0f} s", end="", file=sys.stderr, flush=True)
    done.write_text(str(containers))
    print(file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("--range", default="24h")
    parser.add_argument("--folded", action="store_true")
    parser.add_argument("--everything", action="store_true")
    parser.add_argument("--show", type=int, default=15, help="how many of the slowest (default: 15)")
    options = parser.parse_args()
    place = Place(options.folder.resolve())
    influx = Influxd(place).start()
    try:
        write_data(influx, place.path, options.containers)
        asked = [each for each in queries(duration_ms(options.range), options.everything)
                 if all(word.lower() in each.where.lower() for word in options.words) and (options.folded or not each.folded)]
        took = sorted((timed(influx, place.pid, each) for each in asked), key=lambda each: -each.seconds)
    finally:
        influx.stop()
    report(took[:options.show])
    late = [each for each in took if each.seconds > LIMIT_SEC]
    print(f"{len(took)} queries, {sum(each.seconds for each in took):.1f} s together; {len(late)} above {LIMIT_SEC:.0f} s")
    return 1 if late and not options.everything and not options.folded else 0


def report(took):
    print("| query | s | CPU s | MB | folded |\n|---|---|---|---|---|")
    for each in took:
        folded = "yes" if each.asked.folded else ""
        print(f"| {each.asked.where} | {each.seconds:.2f} | {each.server_cpu:.2f} | {each.size / 1e6:.1f} | {folded} |")


if __name__ == "__main__":
    sys.exit(main())
