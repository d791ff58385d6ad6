#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the tests in Meson's testlog.json: prints how many passed and how many failed.

A program that prints its number of tests (doctest, run.py of the integration tests) counts with that number, any other program as one
test. A skipped test counts as failed."""

import json
import re
import sys

DOCTEST = re.compile(r"test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed")
OURS = re.compile(r"^Ran (\d+) tests, (\d+) failed$", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def count(test):
    """(passed, failed) of one entry; a program that failed has at least one failure."""
    output = COLOUR.sub("", test.get("stdout") or "")
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    passed, failed = (1, 0) if good else (0, 1)
    if match := DOCTEST.search(output):
        passed, failed = int(match.group(2)), int(match.group(3))
    elif match := OURS.search(output):
        passed, failed = int(match.group(1)) - int(match.group(2)), int(match.group(2))
    return passed, max(failed, 0 if good else 1)


def main(path):
    with open(path, encoding="utf-8") as log:
        results = [count(json.loads(line)) for line in log]
    print(sum(passed for passed, _ in results), sum(failed for _, failed in results))


if __name__ == "__main__":
    main(sys.argv[1])
