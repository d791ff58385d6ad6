# SPDX-License-Identifier: GPL-2.0-or-later
"""`lxcmon-push top` in terminals that fail, and with names that would control them."""

import fcntl
import itertools
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import termios
import unittest
from pathlib import Path

from support import agent as program
from support.top_case import QUICK, TopCase
from support.waiting import wait_until


class Terminals(TopCase):
    def test_a_terminal_that_takes_no_output(self):
        """SIGTERM ends it all the same."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 400, 0, 0))
        process = subprocess.Popen([program.binary(), *map(str, self.arguments("top", *QUICK))], stdin=slave, stdout=slave, stderr=slave,
                                   env=program.clean_environment(self.path("spool"), {"TERM": "xterm"}), start_new_session=True)
        self.addCleanup(process.kill)
        os.close(slave)
        sizes = itertools.cycle((399, 400))

        def is_waiting():
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 200, next(sizes), 0, 0))
            process.send_signal(signal.SIGWINCH)
            return Path(f"/proc/{process.pid}/wchan").read_text() == "wait_woken"
        wait_until(is_waiting, 30, "a write that waits")
        process.send_signal(signal.SIGTERM)
        process.wait(100)

    def test_a_terminal_that_gives_no_input(self):
        """To a process group without a parent, in the background: nobody could end it there."""
        lead, far = os.pipe()
        self.addCleanup(os.close, lead)
        leader, master = pty.fork()
        if leader == 0:  # pragma: no cover
            if os.fork() == 0:
                orphan = os.fork()
                if orphan == 0:
                    os.setpgid(0, 0)
                    os.environ["TERM"] = "xterm"
                    os.execv(program.binary(), [program.binary(), *map(str, self.arguments("top", *QUICK))])
                os.write(far, str(orphan).encode())
                os._exit(0)
            os.wait()
            signal.pause()
            os._exit(0)
        os.close(far)
        self.addCleanup(os.close, master)
        self.addCleanup(os.waitpid, leader, 0)
        self.addCleanup(os.kill, leader, signal.SIGKILL)
        orphan = int(os.read(lead, 20))
        self.workspace.note_process(orphan)
        os.write(master, b"unread\n")

        def has_ended():
            """Its output is read meanwhile."""
            if select.select([master], [], [], 0)[0]:
                os.read(master, 65536)
            stat = Path(f"/proc/{orphan}/stat")
            return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in "ZX"
        wait_until(has_ended, 30, "its end")

    def test_a_name_that_controls_terminals(self):
        """Also in a message of the log, which is written when the screen is gone."""
        folder = self.lab.lxcpath / "e\x1b[31mred\x1b]0;title\x07"
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        os.mkfifo(folder / "config")
        top = self.top(size=(120, 24))
        top.wait_for_text("red")
        top.type("q")
        top.wait_for_text("ready>")
        self.assertIn("red", top.errors.read_text())
        self.assertNotRegex(top.errors.read_text(), "[\x00-\x09\x0b-\x1f\x7f]")


if __name__ == "__main__":
    unittest.main()
