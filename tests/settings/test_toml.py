#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_toml.py TOML_DUMP: the files in tests/fixtures/settings, read by the program's reader and by Python's tomllib."""

import json
import pathlib
import subprocess
import sys
import tomllib
import unittest

from option_texts import option_texts

folder = pathlib.Path(__file__).parents[1] / "fixtures/settings"
toml_dump = sys.argv.pop(1)
# TOML has no such numbers, and tomllib takes them.
out_of_range = {"integer_too_large.toml", "float_too_large.toml"}


def read(files):
    """What our reader makes of each file: its options, or the error without the folder."""
    lines = subprocess.run([toml_dump, *map(str, files)], check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(zip((file.name for file in files), map(json.loads, lines), strict=True))


def tomllib_refuses(file):
    try:
        tomllib.loads(file.read_bytes().decode())
    except (ValueError, RecursionError): # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        return True
    return False


def expected_errors():
    """From invalid.txt: (errors that tomllib has too, others), NAME.toml -> LINE:COLUMN: message."""
    sections = [{}, {}]
    number = -1
    for line in (folder / "invalid.txt").read_text().splitlines():
        if line.startswith("#"):
            number += 1
        elif line:
            name, text = line.split(":", 1)
            sections[number][name] = text
    return sections


class Toml(unittest.TestCase):
    maxDiff = None

    def test_valid(self):
        files = sorted((folder / "valid").glob("*.toml"))
        self.assertGreaterEqual(len(files), 30)
        for name, ours in read(files).items():
            with self.subTest(name):
                document = tomllib.loads((folder / "valid" / name).read_bytes().decode())
                self.assertEqual(ours.get("values", ours), option_texts(document))

    def test_invalid(self):
        files = sorted((folder / "invalid").glob("*.toml"))
        self.assertGreaterEqual(len(files), 30)
        no_toml, no_settings = expected_errors()
        begin = f"lxcmon-push: {folder}/invalid/"
        ours = {name: line.get("error", str(line)).removeprefix(begin) for name, line in read(files).items()}
        expected = {**no_toml, **no_settings}
        self.assertEqual(ours, {name: f"{name}:{text}" for name, text in expected.items()})
        refused = {file.name for file in files if tomllib_refuses(file)}
        self.assertEqual(refused, set(no_toml) - out_of_range)

    def test_no_secret_is_shown(self):
        for line in read([file for file in (folder / "invalid").glob("*.toml") if b"secret" in file.read_bytes()]).values():
            self.assertNotIn("secret", line["error"])


if __name__ == "__main__":
    unittest.main()
