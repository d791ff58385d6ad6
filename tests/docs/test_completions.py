# SPDX-License-Identifier: GPL-2.0-or-later
"""The completions in bash, zsh and fish. test_completions.py FOLDER: where they have been built."""

import re
import sys
import tempfile
import unittest
from pathlib import Path

from shells import Bash, Fish, Zsh

DOCUMENT = Path(__file__).parents[2] / "docs/options.md"
OPTIONS = set(re.findall(r"^\| `(--[a-z-]+)", DOCUMENT.read_text(), re.MULTILINE))
COMMANDS = {"list", "top", "fields", "check", "replay", "import-config"}

# What is typed, what must be offered, what must not.
CASES = [
    ("", COMMANDS, {"--influx-url"}),
    ("re", {"replay"}, {"list"}),
    ("--", OPTIONS | {"--help", "--version"}, {"--json", "--markdown", "list"}),
    ("--tls-", {"--tls-ca", "--tls-cert", "--tls-key", "--tls-insecure"}, {"--influx-url"}),
    ("--dry-run l", {"list"}, {"--log-file"}),
    ("--influx-mode ", {"failover", "all"}, COMMANDS),
    ("--influx-api v", {"v1", "v2", "v3"}, {"auto"}),
    ("--influx-gzip o", {"on", "off"}, COMMANDS),
    ("list --", {"--json", "--exclude"}, {"--markdown"} | COMMANDS - {"list"}),
    ("fields --", {"--json", "--markdown", "--metrics"}, COMMANDS - {"fields"}),
    ("check --m", {"--metrics"}, {"--markdown"}),
    ("--js", {"--json-file", "--json-keep", "--json-layout", "--json-max-size"}, COMMANDS),
    ("--json-layout ", {"lines", "lxc-monitor"}, COMMANDS),
    ("--interval ", set(), COMMANDS | {"settings.toml"}),
]


class Completions:
    """What each shell must do."""

    def setUp(self):
        self.shell = self.shell_class(sys.argv[1])
        self.addCleanup(self.shell.close)

    def complete(self, arguments):
        # zsh puts the = there at once.
        return {word.removesuffix("=") for word in self.shell.complete(f"lxcmon-push {arguments}")}

    def test_words(self):
        self.assertGreater(len(OPTIONS), 45)
        for typed, wanted, unwanted in CASES:
            with self.subTest(typed):
                offered = self.complete(typed)
                self.assertEqual(wanted - offered, set(), offered)
                self.assertEqual(unwanted & offered, set(), offered)

    def test_a_value_behind_an_equals_sign(self):
        offered = self.complete("--log-format=j")
        self.assertTrue({"--log-format=json", "json"} & offered, offered)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("points.jsonl", "settings.toml"):
                (Path(folder) / name).touch()
            for typed, name in (
                ("--config {}/s", "settings.toml"),
                ("--config={}/s", "settings.toml"),
                ("--spool-dir {}/p", "points.jsonl"),
                ("replay {}/p", "points.jsonl"),
                ("replay --dry-run x {}/p", "points.jsonl"),
                ("import-config {}/p", "points.jsonl"),
            ):
                with self.subTest(typed):
                    offered = self.complete(typed.format(folder))
                    self.assertTrue(any(word.endswith(f"{folder}/{name}") for word in offered), offered)
            self.assertFalse(any("points.jsonl" in word for word in self.complete(f"list {folder}/p")))


class InBash(Completions, unittest.TestCase):
    shell_class = Bash


class InZsh(Completions, unittest.TestCase):
    shell_class = Zsh

    def test_help_beside_the_options(self):
        self.shell.run("zstyle ':completion:*' verbose yes")
        offered = self.complete("--influx-r") | self.complete("--tls-")
        # Of texts with quotes, colons and brackets.
        self.assertTrue({"certificates", "system's:", "verify"} <= offered, offered)


class InFish(Completions, unittest.TestCase):
    shell_class = Fish

    def test_help_beside_the_options(self):
        self.assertIn("--influx-rp\tRetention policy (InfluxDB 1.x)", self.shell.rows("lxcmon-push --influx-r"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
