# SPDX-License-Identifier: GPL-2.0-or-later
"""An automount with an idle timeout is not kept in use by the agent: on a real autofs."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

from support import agent as program
from support.case import LabCase
from support.line_protocol import parse_lines
from support.waiting import wait_until

DAEMON = Path(__file__).resolve().parent / "support/automount.py"


class Automount(LabCase):
    def start_daemon(self, seconds):
        folder = self.path("daemon")
        folder.mkdir()
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "setsid", sys.executable, str(DAEMON), str(folder), str(seconds)]
        daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.workspace.note_process(daemon.pid)
        self.addCleanup(daemon.stdout.close)
        self.addCleanup(daemon.wait, 60)
        self.addCleanup(daemon.stdin.close)
        return daemon, json.loads(daemon.stdout.readline())

    @staticmethod
    def ask(daemon, what):
        daemon.stdin.write(json.dumps(what) + "\n")
        daemon.stdin.flush()
        return json.loads(daemon.stdout.readline())

    def command(self, *arguments):
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"LXCMON_SPOOL_DIR={self.path('spool')}"]
        return [*environment, program.binary(), *map(str, self.arguments("--metrics", "host_fs", *arguments))]

    def places(self, daemon, *arguments):
        """The mount points of host_fs."""
        printed = self.ask(daemon, {"run": self.command("--once", "--dry-run", *arguments)})
        return {point.tags["mountpoint"] for point in parse_lines(printed)}

    def test_one_that_idles_out(self):
        daemon, place = self.start_daemon(1)
        places = self.places(daemon)
        self.assertIn("/", places)
        self.assertNotIn(place, places)
        self.assertIn(place, self.places(daemon, "--fs-include", place))
        # It does so while the agent samples.
        file = self.path("points.jsonl")
        self.ask(daemon, {"start": self.command("--interval", "200ms", "--fs-interval", "200ms", "--json-file", file)})

        def samples():
            return file.read_text().count('"mountpoint":"/"') if file.exists() else 0
        wait_until(lambda: samples() >= 3, 60, "three samples", samples)
        self.assertTrue(self.ask(daemon, "idle"), "the agent keeps it in use")
        before = samples()
        wait_until(lambda: samples() > before, 60, "another sample", samples)

    def test_one_that_stays(self):
        daemon, place = self.start_daemon(0)
        self.assertIn(place, self.places(daemon))


if __name__ == "__main__":
    unittest.main()
