# SPDX-License-Identifier: GPL-2.0-or-later
"""A table, with bars and sparklines in its cells."""

from draw_panels import COLORS, DIM, GRID, PANEL, TEXT, framed, human, inside, threshold_color

ROW_INCHES = 0.31


def draw_table(figure, cell, panel, recording):
    place, _ = framed(figure, cell, panel["title"])
    columns, rows = merged(panel, recording)
    axes = inside(figure, place, 0.08, 0.08, 0.05, 0.36)
    axes.axis("off")
    height = (place.height * figure.get_figheight() - 0.41) / ROW_INCHES
    axes.set_xlim(0, 1)
    axes.set_ylim(height, 0)
    look = {each["matcher"]["options"]: {one["id"]: one["value"] for one in each["properties"]}
            for each in panel["fieldConfig"]["overrides"]}
    if not rows:
        axes.text(0.5, height / 2, panel["fieldConfig"]["defaults"].get("noValue", "No data"), ha="center", va="center", fontsize=9)
        return
    widths = [look.get(name, {}).get("custom.width", 150) for name in columns]
    left = [sum(widths[:index]) / sum(widths) for index in range(len(columns) + 1)]
    for index, name in enumerate(columns):
        axes.text(left[index] + 0.003, 0.5, name, fontsize=7.8, color="#6e9fff", va="center")
    for line, row in enumerate(rows[:int(height) - 1], 1):
        axes.axhline(line, color=GRID, linewidth=0.6)
        for index, name in enumerate(columns):
            draw_cell(axes, row.get(name), look.get(name, {}), (left[index], left[index + 1]), line)


def merged(panel, recording):
    """Applies the transformations of the panel to the answers. Returns the columns in order, and the rows as dictionaries."""
    steps = {step["id"]: step["options"] for step in panel["transformations"]}
    trends = steps["organize"]["renameByName"]
    rows = {}
    for target in panel["targets"]:
        for series in recording.of(target):
            tags = {name: value for name, value in series.get("tags", {}).items() if value}
            row = rows.setdefault((tags.get("host"), tags.get("container"), tags.get("mountpoint")), {})
            row.update(tags)
            trend = trends.get(f"Trend #{target['refId']}")
            row[trend or series["columns"][-1]] = [each[-1] for each in series["values"]] if trend else series["values"][-1][-1]
    order = sorted(steps["organize"]["indexByName"].items(), key=lambda pair: pair[1])
    columns = [trends.get(name, name) for name, _ in order]
    kept = [row for row in rows.values() if all(passes(row, each) for each in steps.get("filterByValue", {}).get("filters", []))]
    for sort in panel["options"].get("sortBy", []):
        kept.sort(key=lambda row: (isinstance(row.get(sort["displayName"]), (int, float)), row.get(sort["displayName"]) or 0), reverse=True)
    return [name for name in columns if any(row.get(name) is not None for row in kept)], kept


def passes(row, condition):
    value, wanted = row.get(condition["fieldName"]), condition["config"]["options"]["value"]
    return value != wanted if condition["config"]["id"] == "notEqual" else (value or 0) > wanted


def draw_cell(axes, value, look, place, line):
    left, right = place[0] + 0.003, place[1] - 0.004
    if value is None:
        return
    kind = look.get("custom.cellOptions", {}).get("type")
    unit = look.get("unit", "short")
    middle = line + 0.5
    if kind == "sparkline":
        top = max([*value, 1e-9])
        points = [left + (right - left) * 0.55 * index / max(1, len(value) - 1) for index in range(len(value))]
        heights = [line + 0.88 - 0.75 * each / top for each in value]
        axes.plot(points, heights, color=COLORS["green"], linewidth=0.8)
        axes.fill_between(points, heights, line + 0.9, color=COLORS["green"], alpha=0.15, linewidth=0)
        axes.text(right, middle, human(value[-1], unit), fontsize=7.2, va="center", ha="right")
    elif kind == "gauge":
        share = min(1, value / look["max"]) if look.get("max") else 0.5
        color = threshold_color(value, look.get("thresholds", {"steps": [{"value": None, "color": "green"}]}))
        axes.barh(middle, (right - left) * 0.5, left=left, height=0.55, color=GRID)
        axes.barh(middle, (right - left) * 0.5 * share, left=left, height=0.55, color=color)
        axes.text(right, middle, human(value, unit), fontsize=7.2, va="center", ha="right")
    elif kind == "color-background":
        mapped = look.get("mappings", [{}])[0].get("options", {}).get(value, {}).get("color")
        color = COLORS[mapped] if mapped else threshold_color(value, look["thresholds"])
        axes.barh(middle, right - left, left=left, height=0.72, color=color, alpha=0.85)
        axes.text(left + 0.004, middle, str(value), fontsize=7.4, va="center", color=PANEL, weight="bold")
    elif isinstance(value, str):
        axes.text(left, middle, value, fontsize=7.8, va="center", color="#6e9fff" if "links" in look else TEXT)
    else:
        axes.text(left, middle, human(value, unit), fontsize=7.8, va="center", color=TEXT if value else DIM)
