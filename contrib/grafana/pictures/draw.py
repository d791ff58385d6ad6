#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./draw.py FOLDER: draws fleet.png and container.png, next to this file, from the recording of record.py in FOLDER.

The pictures show results of the queries of the dashboards, in a layout like that of Grafana. Needs python3-matplotlib."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from PIL import Image  # noqa: E402

from draw_panels import BACKGROUND, TEXT, draw_graph, draw_stat  # noqa: E402
from draw_table import draw_table  # noqa: E402

HERE = Path(__file__).resolve().parent
FLEET = [("stat", ["Hosts", "Containers", "Running", "CPU", "Memory", "OOM kills"], 1.0), ("table", ["Containers"], 4.3),
         ("timeseries", ["CPU", "Memory"], 2.6), ("timeseries", ["Network", "Pressure: cpu"], 2.7),
         ("table", ["Throttled", "OOM-killed", "Down"], 1.9)]
CONTAINER = [("stat", ["CPU", "Memory", "Filesystem", "Processes"], 1.0), ("timeseries", ["CPU", "Throttled"], 2.5),
             ("timeseries", ["Memory by kind", "Memory of its limit"], 2.5), ("timeseries", ["Bytes", "Traffic"], 2.5),
             ("timeseries", ["Used", "Some task waited"], 2.5)]


class Recording:
    def __init__(self, folder):
        kept = json.loads(Path(folder, "answers.json").read_text())
        self.begin, self.end = kept["begin_ms"] / 1000, kept["end_ms"] / 1000
        self._answers = kept["answers"]

    def chosen(self, name):
        """Selects the answers of one dashboard: the variables differ between dashboards."""
        self._chosen = self._answers[f"lxcmon-{name}"]

    def of(self, target):
        return self._chosen[target["query"]]


def panels_of(name):
    dashboard = json.loads((HERE.parent / f"dashboards/influxql/{name}.json").read_text())
    return {(panel["type"], panel["title"]): panel for panel in dashboard["panels"]}


def draw(name, title, rows, recording):
    plt.rcParams.update({"font.family": "DejaVu Sans", "text.color": TEXT, "xtick.color": TEXT, "ytick.color": TEXT})
    figure = plt.figure(figsize=(14, sum(height for *_, height in rows) + 0.6), facecolor=BACKGROUND)
    figure.text(0.012, 1 - 0.30 / figure.get_figheight(), title, fontsize=13, weight="bold", va="center")
    heights = figure.add_gridspec(len(rows), 1, height_ratios=[height for *_, height in rows], left=0.01, right=0.99, bottom=0.008,
                                  top=1 - 0.55 / figure.get_figheight(), hspace=0.06)
    recording.chosen(name)
    panels = panels_of(name)
    for (kind, titles, _), place in zip(rows, heights):
        for cell, word in zip(place.subgridspec(1, len(titles), wspace=0.02), titles):
            function = {"stat": draw_stat, "table": draw_table, "timeseries": draw_graph}[kind]
            function(figure, cell, panels[kind, word], recording)
    path = HERE / f"{name}.png"
    figure.savefig(path, dpi=85, facecolor=BACKGROUND)
    # A small palette reduces the size to a third.
    Image.open(path).convert("RGB").quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)


def main(folder):
    recording = Recording(folder)
    draw("fleet", "LXC Fleet        Host: All    Container: All", FLEET, recording)
    draw("container", "LXC Container        Host: All    Container: db    Interface: All", CONTAINER, recording)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
