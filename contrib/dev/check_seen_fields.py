#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fails unless a test has compared each field of the agent with a real value, or the field is explained.

    check_seen_fields.py SEEN_FILE BINARY_OR_TABLE

tests/support/seen_fields.py writes SEEN_FILE. BINARY is lxcmon-push, which is run with `fields --json`; TABLE is a file (*.json) with
that output. The explanations are in tests/unseen_fields.txt, one a line: "measurement field: why". An explanation for a field that was
seen is an error too, so that the list stays correct. If the reason begins with "sometimes, ", both are allowed: it depends on the
kernel."""

import json
import subprocess
import sys
from pathlib import Path

EXPLANATIONS = Path(__file__).resolve().parents[2] / "tests/unseen_fields.txt"


def table(source):
    """The fields, "measurement field", in the table's order."""
    if source.endswith(".json"):
        text = Path(source).read_text()
    else:
        text = subprocess.run([source, "fields", "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [f"{row['measurement']} {row['field']}" for row in json.loads(text)]


def explanations(path):
    """{"measurement field": why}, and errors for invalid lines."""
    found, bad = {}, []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, why = line.partition(":")
        if len(name.split()) != 2 or not why.strip() or name in found:
            bad.append(f"{path.name}: {line!r} is not \"measurement field: why\", or is a duplicate")
        found[name] = why.strip()
    return found, bad


def faults(fields, seen, explained):
    wrong = [f"{name}: no test has seen it with a real value, and tests/unseen_fields.txt does not explain why"
             for name in fields if name not in seen and name not in explained]
    wrong += [f"{name}: explained as unseen, but seen; remove it from tests/unseen_fields.txt" for name, why in explained.items()
              if name in seen and not why.startswith("sometimes, ")]
    wrong += [f"{name}: explained as unseen, but not a field" for name in explained if name not in fields]
    wrong += [f"{name}: recorded by a test, but not a field" for name in sorted(seen) if name not in fields]
    return wrong


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    fields = table(sys.argv[2])
    seen = set(Path(sys.argv[1]).read_text().splitlines())
    explained, wrong = explanations(EXPLANATIONS)
    wrong += faults(fields, seen, explained)
    print(f"{len(seen)} of {len(fields)} fields seen, {len(explained)} explained")
    for name, why in explained.items():
        if name not in seen:
            print(f"not seen: {name}: {why}")
    # An empty table would let everything pass.
    if not fields:
        wrong.append(f"{sys.argv[2]} has no fields")
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
