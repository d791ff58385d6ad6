# SPDX-License-Identifier: GPL-2.0-or-later
"""`lxcmon-push top` in a terminal, and what is on its screen."""

from .case import HOST, LabCase
from .terminal import Terminal

QUICK = ("--interval", "300ms")


class TopCase(LabCase):
    def top(self, *arguments, size=(80, 24), env=None, lxcpath=None):
        terminal = Terminal(self.workspace, "top", "--lxcpath", lxcpath or self.lab.lxcpath, "--host", HOST, *QUICK, *arguments, size=size,
                            env=env)
        self.addCleanup(terminal.close)
        terminal.wait_for_text("lxcmon-push top")
        return terminal

    def names(self, lines):
        """The first words of the lines below the titles."""
        row = next(index for index, line in enumerate(lines) if line.startswith("NAME"))
        return [line.split()[0] for line in lines[row + 1:-1] if line.strip()]
