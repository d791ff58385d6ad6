#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints in a few lines what each failed test of Meson's logs says, for whoever sees only the end of a long output.

usage: failed_tests.py TESTLOG.json...     files that do not exist are left out"""

import json
import pathlib
import re
import sys

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TELLING = re.compile(r"property violated|terminate called|what\(\)|ERROR:|values:|FAIL|Error\b|ERROR\b|error:|failed|SUMMARY:"
                     r"|WARNING: ThreadSanitizer|not met|wrong$")
LINES = 8
WIDTH = 220


def telling_lines(output):
    """The last lines that look like the reason, or else the last lines."""
    lines = [line.rstrip() for line in COLOUR.sub("", output).splitlines() if line.strip()]
    found = [line for line in lines if TELLING.search(line) and "[warning]" not in line and "] [" not in line]
    return [line[:WIDTH] for line in (found or lines)[-LINES:]]


def main(paths):
    for path in map(pathlib.Path, paths):
        for entry in map(json.loads, path.read_text(encoding="utf-8").splitlines() if path.exists() else []):
            if entry["result"] in ("OK", "EXPECTEDFAIL"):
                continue
            print(f"{entry['name']}: {entry['result']} after {entry['duration']:.0f} s")
            for line in telling_lines((entry.get("stdout") or "") + "\n" + (entry.get("stderr") or "")):
                print(f"    {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
