# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/dev/end_children.py: all that a command started ends with it, and after a signal, daemons too."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "contrib/dev"
PROGRAM = FOLDER / "end_children.py"
LIBRARY = FOLDER / "lib.sh"
# Two that leave: one in the script's session that ignores SIGTERM, one in a session of its own, whose parent ends at once.
DAEMONS = """
(trap '' TERM; exec sleep 1000) & echo $! >> pids
(setsid sleep 1000 & echo $! >> pids)
"""
# One that needs a while to end, as meson with its tests does.
ENDS_LATE = """
import pathlib, signal, sys, time
def end(*_):
    time.sleep(1)
    pathlib.Path('ended').touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path('ready').touch()
signal.pause()
"""
PATIENCE_SECONDS = 60


def runs(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text[text.rindex(")") + 2] != "Z"


class EndChildren(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, script):
        return subprocess.Popen([sys.executable, PROGRAM, "bash", "-euc", DAEMONS + script], cwd=self.folder)

    def wait_for_file(self, name):
        end = time.monotonic() + PATIENCE_SECONDS
        while not (self.folder / name).exists():
            self.assertLess(time.monotonic(), end, f"no file {name}")
            time.sleep(0.01)

    def daemons(self):
        pids = [int(line) for line in (self.folder / "pids").read_text().split()]
        self.assertEqual(len(pids), 2)
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in pids if runs(pid)])
        return pids

    def test_a_command_that_ends(self):
        process = self.start("exit 7")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 7)
        self.assertEqual([pid for pid in self.daemons() if runs(pid)], [])

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name):
                (self.folder / "pids").unlink(missing_ok=True)
                (self.folder / "ready").unlink(missing_ok=True)
                # The shell waits for a command: its trap runs because that command gets the signal, too. It is the command that is ready:
                # a signal between its fork and its exec would be lost.
                process = self.start("trap 'exit 3' TERM; trap 'touch cleaned' EXIT; sh -c 'touch ready; exec sleep 1000'")
                self.wait_for_file("ready")
                daemons = self.daemons()
                self.assertEqual([runs(pid) for pid in daemons], [True, True])
                process.send_signal(number)
                self.assertEqual(process.wait(PATIENCE_SECONDS), 128 + number)
                self.assertEqual([pid for pid in daemons if runs(pid)], [])
                self.assertTrue((self.folder / "cleaned").exists())
                (self.folder / "cleaned").unlink()

    def test_what_still_ends(self):
        """As contrib/test.sh: what the signal ends takes its time, in a shell below the first one. Only then is put in order."""
        script = f"""
            . {LIBRARY}
            trap 'exit 143' TERM
            trap 'wait_for {PATIENCE_SECONDS} session_is_empty; ls ended > cleaned' EXIT
            (set -e; python3 -c "{ENDS_LATE}"; true)
            """
        process = subprocess.Popen([sys.executable, PROGRAM, "bash", "-euc", script], cwd=self.folder)
        self.wait_for_file("ready")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SECONDS), 128 + signal.SIGTERM)
        self.assertEqual((self.folder / "cleaned").read_text(), "ended\n")

    def test_a_command_that_ends_at_once(self):
        """No destructor may take its exit code away."""
        for _ in range(20):
            self.assertEqual(subprocess.run([sys.executable, PROGRAM, "false"], timeout=PATIENCE_SECONDS).returncode, 1)

    def test_nohup(self):
        """The signal that comes second ends it: the first is ignored from the beginning."""
        script = f"trap '' HUP; exec {sys.executable} {PROGRAM} bash -c 'touch ready; exec sleep 1000'"
        process = subprocess.Popen(["bash", "-c", script], cwd=self.folder)
        self.wait_for_file("ready")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SECONDS), 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
