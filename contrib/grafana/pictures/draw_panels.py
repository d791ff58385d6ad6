# SPDX-License-Identifier: GPL-2.0-or-later
"""Graphs and single figures, from the JSON of a panel and the answers to its queries."""

import math
import time

from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

BACKGROUND, PANEL, GRID, TEXT, DIM = "#111217", "#181b1f", "#2c2f36", "#ccccdc", "#8e8e99"
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a", "#447ebc"]
COLORS = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2"}


def human(value, unit):
    """Formats a value as Grafana does."""
    if value is None:
        return ""
    if unit in ("bytes", "Bps"):
        sizes = ("B", "KiB", "MiB", "GiB") if unit == "bytes" else ("B/s", "kB/s", "MB/s", "GB/s")
        base = 1024 if unit == "bytes" else 1000
        power = min(3, int(math.log(abs(value), base))) if abs(value) >= 1 else 0
        return f"{value / base ** power:.3g} {sizes[power]}"
    if unit == "percent":
        return f"{value:.1f} %" if 0 < abs(value) < 10 else f"{value:.0f} %"
    if unit == "s":
        return f"{value / 60:.1f} min" if value < 3600 else f"{value / 3600:.1f} h"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


def threshold_color(value, thresholds):
    color = "green"
    for step in thresholds["steps"]:
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return COLORS[color]


def framed(figure, cell, title):
    """Draws the box and title of a panel; `inside` adds the axes."""
    box = figure.add_subplot(cell)
    box.set_facecolor(PANEL)
    box.set_xticks([])
    box.set_yticks([])
    for spine in box.spines.values():
        spine.set_color(GRID)
    place = box.get_position()
    height = place.height * figure.get_figheight()
    box.text(0.012 * 7 / max(1, place.width * figure.get_figwidth()), 1 - 0.16 / height, title, fontsize=9, weight="bold", va="center")
    return place, height


def inside(figure, place, left, right, bottom, top):
    """Axes within the box: margins in inches."""
    width, height = figure.get_figwidth(), figure.get_figheight()
    axes = figure.add_axes([place.x0 + left / width, place.y0 + bottom / height, place.width - (left + right) / width,
                            place.height - (bottom + top) / height], facecolor=PANEL)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def legend_of(target, tags):
    text = target.get("alias", "")
    for name, value in tags.items():
        text = text.replace(f"$tag_{name}", value)
    return " ".join(text.split())


def draw_graph(figure, cell, panel, recording):
    place, _ = framed(figure, cell, panel["title"])
    axes = inside(figure, place, 0.78, 0.1, 0.62, 0.34)
    defaults = panel["fieldConfig"]["defaults"]
    special = {each["matcher"]["options"]: each["properties"][0]["id"] for each in panel["fieldConfig"]["overrides"]}
    stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    base, number = {}, 0
    for target in panel["targets"]:
        for series in recording.of(target):
            points = [(row[0] / 1e9, row[-1]) for row in series["values"] if row[-1] is not None]
            values = {moment: value for moment, value in points}
            color, limit = PALETTE[number % len(PALETTE)], special.get(target["refId"]) == "custom.lineStyle"
            is_line = limit or special.get(target["refId"]) == "custom.fillOpacity"
            number += 1
            sign = -1 if special.get(target["refId"]) == "custom.transform" else 1
            below = [base.get(moment, 0) if stacked and not is_line else 0 for moment in values]
            line = [sign * value + low for value, low in zip(values.values(), below)]
            axes.plot(list(values), line, color=color, linewidth=1, linestyle="--" if limit else "-",
                      label=legend_of(target, series.get("tags", {})))
            if not is_line:
                axes.fill_between(list(values), below, line, color=color, alpha=0.25 if stacked else 0.08, linewidth=0)
            if stacked and not is_line:
                base.update(zip(values, line))
    finish_graph(axes, defaults, recording)


def round_step(limits, unit):
    """The distance of grid lines: a round number, binary for binary units."""
    base = 1024 if unit == "bytes" else 1000
    wanted = (limits[1] - limits[0]) / 4
    scale = base ** math.floor(math.log(max(wanted, 1e-6), base))
    return scale * min((step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 256, 500, base) if step * scale >= wanted), default=base)


def finish_graph(axes, defaults, recording):
    axes.set_xlim(recording.begin, recording.end)
    low, high = axes.get_ylim()
    axes.set_ylim(min(0, low), defaults.get("max") or max(high * 1.05, 1))
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is not None and step["value"] < axes.get_ylim()[1]:
            axes.axhline(step["value"], color=COLORS[step["color"]], linewidth=0.8, linestyle=(0, (6, 5)), alpha=0.7)
    axes.grid(color=GRID, linewidth=0.6)
    axes.tick_params(length=0, labelsize=7.5)
    axes.yaxis.set_major_locator(MultipleLocator(round_step(axes.get_ylim(), defaults["unit"])))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: human(value, defaults["unit"])))
    axes.xaxis.set_major_locator(MaxNLocator(8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: time.strftime("%H:%M", time.gmtime(value))))
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[:9], labels[:9], loc="upper left", bbox_to_anchor=(-0.08, -0.12), ncols=5, fontsize=6.8, frameon=False,
                labelcolor=TEXT, handlelength=1.2, columnspacing=1.2, borderpad=0)


def draw_stat(figure, cell, panel, recording):
    place, _ = framed(figure, cell, panel["title"])
    axes = inside(figure, place, 0, 0, 0, 0)
    axes.axis("off")
    series = recording.of(panel["targets"][0])
    if not series:
        axes.text(0.5, 0.4, "No data", ha="center")
        return
    rows = [row for row in series[0]["values"] if row[-1] is not None]
    defaults = panel["fieldConfig"]["defaults"]
    color = threshold_color(rows[-1][-1], defaults["thresholds"])
    if len(rows) > 1:
        moments, values = [row[0] for row in rows], [row[-1] for row in rows]
        axes.plot(moments, values, color=color, linewidth=1, alpha=0.7)
        axes.fill_between(moments, values, color=color, alpha=0.18, linewidth=0)
        axes.set_ylim(0, max(max(values) * 2.6, 1))
        axes.set_xlim(moments[0], moments[-1])
    axes.text(0.5, 0.42, human(rows[-1][-1], defaults["unit"]), transform=axes.transAxes, ha="center", va="center", fontsize=20,
              color=color, weight="bold")
