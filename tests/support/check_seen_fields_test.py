# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/dev/check_seen_fields.py finds what it is there for."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "contrib/dev/check_seen_fields.py"


class CheckSeenFields(unittest.TestCase):
    def check(self, seen, explained="", fields=("lxc_a one", "lxc_a two", "lxc_b one"), program=False):
        """Runs a copy of the script, with a table and explanations of ours."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("contrib/dev", "tests"):
                (root / name).mkdir(parents=True)
            (root / "contrib/dev/check.py").write_text(SCRIPT.read_text())
            (root / "tests/unseen_fields.txt").write_text(explained)
            (root / "seen").write_text("".join(f"{name}\n" for name in seen))
            table = root / "table.json"
            table.write_text(json.dumps([dict(zip(("measurement", "field"), name.split()), type="i", unit="") for name in fields]))
            if program:
                (root / "program").write_text(f'#!/bin/sh\n[ "$*" = "fields --json" ] && cat {table}\n')
                (root / "program").chmod(0o755)
                table = root / "program"
            done = subprocess.run([sys.executable, root / "contrib/dev/check.py", root / "seen", table], capture_output=True, text=True,
                                  check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_wrong(self, words, *arguments, **named):
        code, said = self.check(*arguments, **named)
        self.assertEqual((code, words in said), (1, True), said)

    def test_all_seen_or_explained(self):
        everything = ["lxc_a one", "lxc_a two", "lxc_b one"]
        for program in (False, True):
            self.assertEqual(self.check(everything, program=program), (0, "3 of 3 fields seen, 0 explained\n"))
        code, said = self.check(everything[1:] * 2, "# why\n\nlxc_a one: no kernel has it\n")
        self.assertEqual((code, said), (0, "2 of 3 fields seen, 1 explained\nnot seen: lxc_a one: no kernel has it\n"))

    def test_one_not_seen(self):
        self.assert_wrong("lxc_b one: no test has seen it", ["lxc_a one", "lxc_a two"])

    def test_explained_and_seen(self):
        self.assert_wrong("lxc_a one: explained as unseen, but seen", ["lxc_a one", "lxc_a two", "lxc_b one"], "lxc_a one: x\n")

    def test_one_that_is_seen_sometimes(self):
        everything = ["lxc_a one", "lxc_a two", "lxc_b one"]
        for seen in (everything, everything[1:]):
            self.assertEqual(self.check(seen, "lxc_a one: sometimes, when it rains\n")[0], 0)

    def test_no_such_field(self):
        everything = ["lxc_a one", "lxc_a two", "lxc_b one"]
        self.assert_wrong("lxc_b three: recorded by a test, but", everything + ["lxc_b three"])
        self.assert_wrong("lxc_b three: explained as unseen, but", everything, "lxc_b three: x\n")

    def test_an_explanation_that_is_none(self):
        for line in ("lxc_a one\n", "lxc_a one: \n", "one: x\n", "lxc_a one: x\nlxc_a one: y\n"):
            self.assert_wrong("or is a duplicate", ["lxc_a two", "lxc_b one"], line)

    def test_an_empty_table(self):
        self.assert_wrong("has no fields", [], fields=())


if __name__ == "__main__":
    unittest.main()
