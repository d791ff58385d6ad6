# SPDX-License-Identifier: GPL-2.0-or-later
"""strace(1) of a running agent: lists its system calls, makes some of them fail or take long."""

import signal
import subprocess

from .waiting import wait_until


class Tracer:
    """Of one thread, the sampling thread (the agent's main thread) if none is given, unless the arguments have -f."""

    def __init__(self, agent, output, *arguments, thread=None):
        self.output = output
        errors = output.with_suffix(".errors")
        with open(errors, "w", encoding="ascii") as stderr:
            self._process = subprocess.Popen(["strace", "-p", str(thread or agent.pid), "-o", output, *arguments], stdout=subprocess.DEVNULL,
                                             stderr=stderr)
        wait_until(lambda: "attached" in errors.read_text(), 10, "strace to be attached", errors.read_text)

    @property
    def injected(self):
        return self.output.read_text().count("INJECTED")

    def end(self):
        """Detaches; the agent goes on."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(10)
