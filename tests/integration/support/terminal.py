# SPDX-License-Identifier: GPL-2.0-or-later
"""A program in a real terminal: tmux, which has no person in front of it. Keys are sent, the screen is read."""

import itertools
import shlex
import subprocess

from .agent import binary, clean_environment
from .waiting import wait_until


class Terminal:
    """Runs the program in a shell, so that what it leaves on the terminal can be seen, too. `size` is columns and rows."""

    _numbers = itertools.count(1)

    def __init__(self, workspace, *arguments, size=(80, 24), env=None):
        folder = workspace.folder(f"terminal-{next(self._numbers)}")
        self._socket = folder / "tmux"
        environment = clean_environment(folder / "spool", env)
        setting = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
        command = shlex.join([binary(), *map(str, arguments)])
        self.errors = folder / "stderr"
        columns, rows = size
        # An interactive shell: it has job control. The screen's title is nobody's here.
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                   f"exec env -i HOME=/ TERM=screen-256color PS1='ready> ' {setting} bash --norc --noprofile -i")
        wait_until(lambda: "ready>" in self.text(), what="the shell", describe=self.text)
        self.type(f"clear; {command} 2> {shlex.quote(str(self.errors))}", "Enter")

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"tmux {arguments[0]}: {done.stderr}")
        return done.stdout

    def type(self, *keys):
        """Each is a text, or tmux's name of a key: Enter, Up, C-c."""
        for key in keys:
            self._tmux("send-keys", *(["-l"] if len(key) > 1 and " " in key else []), key)

    def lines(self):
        return self._tmux("capture-pane", "-p").split("\n")[:-1]

    def text(self):
        return "\n".join(self.lines())

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_for(self, condition, what):
        """Until the lines of the screen fulfil the condition; returns them."""
        def look():
            lines = self.lines()
            return lines if condition(lines) else None
        return wait_until(look, 20, what, self.text)

    def wait_for_text(self, text):
        return self.wait_for(lambda lines: any(text in line for line in lines), f"{text!r} on the screen")

    def close(self):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False)
