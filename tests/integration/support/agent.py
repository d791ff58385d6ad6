# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test: $LXCMONTEST_PUSH_BINARY, run to its end or in the background."""

import itertools
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .findings import sanitizer_environment
from .waiting import PATIENCE, wait_until


def binary():
    path = os.environ.get("LXCMONTEST_PUSH_BINARY")
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"LXCMONTEST_PUSH_BINARY must name the built lxcmon-push; it is {path!r}")
    return str(Path(path).resolve())


def clean_environment(spool_dir, extra=None, is_traced=False):
    """Nothing of the caller's environment that the agent would read, a spool that is not the host's, all measurements in each tick,
    and no wait before sending. A None in `extra` takes a variable out."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LXCMON_SPOOL_DIR": str(spool_dir),
                   "LXCMON_SEND_JITTER": "0s", "LXCMON_FS_INTERVAL": "100ms", **sanitizer_environment(is_traced), **(extra or {})}
    return {name: value for name, value in environment.items() if value is not None}


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str
    seconds: float

    def error_lines(self):
        return self.stderr.splitlines()


def run(*arguments, env=None, stdin=None, timeout=60, prefix=()):
    """Runs the program to its end. `prefix` goes before it, for example setpriv."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lxcmon-spool-") as folder:
        done = subprocess.run([*prefix, binary(), *map(str, arguments)], input=stdin or "", capture_output=True, text=True,
                              env=clean_environment(f"{folder}/spool", env, "strace" in prefix), timeout=PATIENCE * timeout, check=False)
    return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - begin)


class Agent:
    """The agent in the background, with a spool of its own in the workspace unless the arguments name one. stop() is SIGTERM, and
    gives the Result."""

    _numbers = itertools.count(1)

    def __init__(self, workspace, *arguments, env=None, prefix=()):
        self._stdout, self._stderr = [], []
        self.spool_dir = workspace.folder("spools") / f"agent-{next(Agent._numbers)}"
        self.process = subprocess.Popen([*prefix, binary(), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=clean_environment(self.spool_dir, env, "strace" in prefix))
        workspace.note_process(self.process.pid)
        self._readers = [self._read(self.process.stdout, self._stdout), self._read(self.process.stderr, self._stderr)]

    @staticmethod
    def _read(stream, lines):
        reader = threading.Thread(target=lambda: lines.extend(iter(stream.readline, "")), daemon=True)
        reader.start()
        return reader

    @property
    def pid(self):
        return self.process.pid

    @property
    def stdout(self):
        return "".join(self._stdout)

    @property
    def stderr(self):
        return "".join(self._stderr)

    def running(self):
        return self.process.poll() is None

    def wait_for(self, condition, timeout=20.0, what="the agent's output"):
        """Like wait_until, but an agent that has ended fails at once."""
        def step():
            value = condition()
            if not value and not self.running():
                raise AssertionError(f"the agent ended with {self.process.returncode}: {self.log_tail()}")
            return value
        return wait_until(step, timeout, what, lambda: f"stderr of the agent: {self.log_tail()}")

    def log_tail(self):
        """The end of its log, without the line that each tick has at level debug."""
        return "".join(line for line in list(self._stderr) if " debug: tick " not in line)[-2000:]

    def process_tree(self):
        """The agent's pid and those of its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def peak_memory_kib(self):
        """The most that the agent and its helper have had resident: each one's VmHWM, added up."""
        total = 0
        for pid in self.process_tree():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
        return total

    def send_signal(self, number):
        self.process.send_signal(number)

    def stop(self, timeout=10.0, number=signal.SIGTERM):
        begin = time.monotonic()
        if self.running():
            self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE * timeout)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise AssertionError(f"the agent did not end within {PATIENCE * timeout:g} s of SIGTERM: {self.log_tail()}") from error
        for reader in self._readers:
            reader.join(5)
        seconds = time.monotonic() - begin
        return Result(self.process.returncode, self.stdout, self.stderr, seconds)

    def kill(self):
        """SIGKILL; the output that was written until then can be read afterwards."""
        if self.running():
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(5)
