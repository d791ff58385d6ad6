#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_random_settings.py TOML_DUMP [SEED [ROUNDS]]: random settings, written by tomli_w, are read back as they were. Needs the
package python3-tomli-w."""

import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import tomli_w

from option_texts import option_texts

files_in_round = 500
single = ["influx-db", "influx-gzip", "influx-token-file", "spool-max-size", "spool-rate", "host", "no-host", "interval",
          "log-level"]
repeatable = ["influx-url", "include"]
characters = list("abc019 .-_=#,:;'\"\"\\\\[]{}()\t\n\r\b\f\x01\x1f\x7f\u0080\u00a0\u00e9\u0416\u2028\ufeff\uffff\U0001f600\U0010ffff")


def random_text(pick):
    # tomli_w writes the line end \r\n of a text on several lines as \n.
    return re.sub("\r+\n", "\n", "".join(pick.choices(characters, k=pick.choice([0, 1, 2, 3, 8, 40]))))


def random_value(pick):
    return pick.choice([
        lambda: random_text(pick), lambda: random_text(pick), lambda: pick.random() < 0.5,
        lambda: pick.randint(-2**63, 2**63 - 1), lambda: pick.randint(-1000, 1000),
        lambda: pick.uniform(-1000, 1000), lambda: pick.uniform(-1, 1) * 10.0 ** pick.randint(-300, 300),
        lambda: float(pick.randint(-5, 5))])()


def put(document, name, value, pick):
    """As one key, or in a table for each of some dashes."""
    *tables, last = name.replace("-", "\n", pick.randint(0, name.count("-"))).split("\n")
    for table in tables:
        document = document.setdefault(table, {})
    document[last] = value


def random_document(pick):
    document = {}
    for name in pick.sample(single, pick.randint(0, len(single))):
        put(document, name, random_value(pick), pick)
    for name in repeatable:
        if pick.random() < 0.5:
            put(document, name, [random_value(pick) for _ in range(pick.randint(0, 6))], pick)
    if pick.random() < 0.5:
        tags = {random_text(pick).replace("=", ""): random_value(pick) for _ in range(pick.randint(0, 4))}
        document["tag"] = tags if pick.random() < 0.7 else [f"{key}={value}" for key, value in tags.items()]
    return document


def run_round(toml_dump, pick, folder):
    documents = [random_document(pick) for _ in range(files_in_round)]
    paths = [folder / f"{number}.toml" for number in range(files_in_round)]
    for path, document in zip(paths, documents):
        path.write_bytes(tomli_w.dumps(document, multiline_strings=pick.random() < 0.5).encode())
    lines = subprocess.run([toml_dump, *map(str, paths)], check=True, capture_output=True, text=True).stdout.split("\n")
    for path, document, line in zip(paths, documents, lines):
        ours = json.loads(line)
        if ours.get("values", ours) != option_texts(document):
            print(f"written: {path.read_bytes()!r}\nread: {line}\nexpected: {json.dumps(option_texts(document))}")
            return False
    return True


def main():
    toml_dump = sys.argv[1]
    seed, rounds = [*map(int, sys.argv[2:]), *(13, 3)[len(sys.argv) - 2:]]
    pick = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            if not run_round(toml_dump, pick, pathlib.Path(folder)):
                sys.exit(f"seed {seed}, round {number} of {rounds}: the settings read are not those written")
    print(f"seed {seed}: {rounds * files_in_round} settings files are read as they were written")


if __name__ == "__main__":
    main()
