# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks real shells what they complete, as a person at a terminal would."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ANSWER_SECONDS = 30
PROMPT = "your turn> "
ENVIRONMENT = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


class Terminal:
    """An interactive shell on a terminal of its own, with its completion loaded."""

    def __init__(self, command, set_up):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, ENVIRONMENT)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 500, 200, 0, 0))
        self.text = ""
        self.marks = 0
        self.run(f"PS1='{PROMPT}'; " + set_up)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read_until(self, pattern):
        """What the shell has written up to a text that matches, which is taken away with it."""
        end = time.monotonic() + ANSWER_SECONDS
        while not (found := re.search(pattern, self.text)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} within {ANSWER_SECONDS} s in {self.text!r}")
            self.text += os.read(self.fd, 65536).decode()
        before, self.text = self.text[: found.start()], self.text[found.end() :]
        return before

    def run(self, command):
        """What a command prints, and the terminal's echo. With its prompt the shell has begun to read key by key."""
        self.marks += 1
        # As it is typed the mark has quotes in it: what is found is what has been printed.
        os.write(self.fd, f"{command}\necho ma''rk-{self.marks}\n".encode())
        printed = self.read_until(rf"mark-{self.marks}\r?\n")
        self.read_until(PROMPT)
        return printed

    def complete(self, line):
        """The words on the screen after TAB, the line itself as far as it was completed among them."""
        # ^U takes the line away, so that it is not run.
        os.write(self.fd, f"{line}\t\x15".encode())
        return set(self.run("").split())


class Bash(Terminal):
    def __init__(self, folder):
        super().__init__(
            ["bash", "--norc", "--noprofile", "-i"],
            "for setting in 'show-all-if-ambiguous on' 'completion-query-items 0' 'page-completions off'"
            " 'bell-style none' 'enable-bracketed-paste off'; do bind \"set $setting\"; done;"
            f" source {folder}/lxcmon-push",
        )


class Zsh(Terminal):
    def __init__(self, folder):
        super().__init__(
            ["zsh", "-f", "-i"],
            f"unset zle_bracketed_paste; fpath=({folder} $fpath); autoload -U compinit; compinit -D -u;"
            " zstyle ':completion:*' verbose no; LISTMAX=10000; unsetopt list_beep auto_menu list_ambiguous; bindkey -e",
        )


class Fish:
    """Tells its completions without a terminal."""

    def __init__(self, folder):
        self.script = f"source {folder}/lxcmon-push.fish; complete -C $argv[1]"

    def complete(self, line):
        return {row.split("\t")[0] for row in self.rows(line)}

    def rows(self, line):
        """Words with their help, a tab between them."""
        result = subprocess.run(
            ["fish", "--no-config", "-c", self.script, line], env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        assert not result.stderr, result.stderr
        return result.stdout.splitlines()

    def close(self):
        pass
