#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints rows of CSV, as `influx -format csv` writes them, as a table without the columns that have no value, and without the measurement's
name and the time: standard input to standard output. Prints nothing if there is no row."""

import csv
import sys

LEFT_OUT = ("name", "time")


def main():
    header, *rows = list(csv.reader(sys.stdin)) or [[]]
    columns = [[title, *values] for title, *values in zip(header, *rows) if title not in LEFT_OUT and any(values)]
    if not rows or not columns:
        return
    widths = [max(map(len, column)) for column in columns]
    for line in zip(*columns):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


if __name__ == "__main__":
    main()
