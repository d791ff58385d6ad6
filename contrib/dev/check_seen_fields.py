#!/usr/bin/env python3
"""Fails unless each field of the agent's table has been seen with a real value by some test, or is explained.

    check_seen_fields.py SEEN_FILE BINARY_OR_TABLE

SEEN_FILE is what tests/support/seen_fields.py has written. BINARY is lxcmon-push, asked for `fields --json`; a TABLE is a file (*.json)
with that answer. The explanations stand in tests/unseen_fields.txt, a line each: "measurement field: why". One for a field that has
been seen is as wrong as none for one that has not: the list must not rot. Where the reason begins with "sometimes, " both will do: what the
kernel does at the moment decides."""

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
    """{"measurement field": why}, and the lines that are none."""
    found, bad = {}, []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, why = line.partition(":")
        if len(name.split()) != 2 or not why.strip() or name in found:
            bad.append(f"{path.name}: {line!r} is no \"measurement field: why\", or stands there twice")
        found[name] = why.strip()
    return found, bad


def faults(fields, seen, explained):
    wrong = [f"{name}: no test has seen it with a real value, nor does tests/unseen_fields.txt say why"
             for name in fields if name not in seen and name not in explained]
    wrong += [f"{name}: explained as unseen, and seen; take it out of tests/unseen_fields.txt" for name, why in explained.items()
              if name in seen and not why.startswith("sometimes, ")]
    wrong += [f"{name}: explained as unseen, but no such field" for name in explained if name not in fields]
    wrong += [f"{name}: noted by a test, but no such field" for name in sorted(seen) if name not in fields]
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
    # A table that came out empty would let everything pass.
    if not fields:
        wrong.append(f"{sys.argv[2]} has no fields")
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
