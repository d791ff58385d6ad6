#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints a container's last tick of a JSON Lines file of lxcmon-push in a readable form: standard input to standard output.

    show_figures.py CONTAINER"""

import json
import sys

OWN_TAGS = ("host", "container")
UNITS = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def readable(name, value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if name.endswith("_bytes"):
        return next((f"{value / size:.1f} {unit}" for unit, size in UNITS if value >= size), f"{value} B")
    if name.endswith("_percent"):
        return f"{value:.2f} %"
    if name.endswith("_usec"):
        return f"{value / 1e6:.3f} s"
    return str(value)


def main(container):
    points = [json.loads(line) for line in sys.stdin]
    points = [point for point in points if point["tags"].get("container") == container]
    if not points:
        sys.exit(f"show_figures.py: no point of {container}")
    last = max(point["timestamp"] for point in points)
    for point in points:
        if point["timestamp"] == last:
            show(point)


def show(point):
    tags = " ".join(f"{key}={value}" for key, value in point["tags"].items() if key not in OWN_TAGS)
    print(f"  {point['name']} {tags}".rstrip())
    fields = [f"{name.removesuffix('_bytes').removesuffix('_usec')} {readable(name, value)}"
              for name, value in point["fields"].items()]
    for begin in range(0, len(fields), 5):
        print("      " + ", ".join(fields[begin:begin + 5]))


if __name__ == "__main__":
    main(sys.argv[1])
