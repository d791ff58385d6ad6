# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder below /tmp that knows what it owns, so that a crashed run is cleaned up by the next one.

Its owner holds a lock on `lock` while it lives. A folder whose lock is free belongs to nobody: what it names (processes by pid and
start time, mounts, bridges, network namespaces, containers) is ended and taken away."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .waiting import wait_until

PREFIX = "lxcmon-it-"
BASE = Path(os.environ.get("LXCMONTEST_DIR", "/tmp"))


def process_start_time(pid):
    """Field 22 of /proc/PID/stat: together with the pid it names one process for good. None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2:].split()
    return None if fields[0] == "Z" else fields[19]


def end_process(pid, start_time, grace=10.0):
    """SIGTERM, then SIGKILL, to exactly that process."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process_start_time(pid) != start_time or start_time is None:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        try:
            wait_until(lambda: process_start_time(pid) != start_time, grace, f"the end of process {pid}")
        except AssertionError:
            continue


def run_quietly(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


class Workspace:
    """Use as a context manager, or call close()."""

    def __init__(self):
        clean_up_after_crashed_runs()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=BASE))
        self.path.chmod(0o755)
        self._lock = _take_lock(self.path)
        self._own("processes")
        self._own("bridges")
        self._own("namespaces")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _own(self, kind):
        (self.path / "owned" / kind).mkdir(parents=True)

    def folder(self, name):
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def note_process(self, pid):
        start_time = process_start_time(pid)
        if start_time is not None:
            (self.path / "owned/processes" / str(pid)).write_text(start_time)

    def note_bridge(self, name):
        (self.path / "owned/bridges" / name).touch()

    def note_namespace(self, name):
        """Of ip-netns(8)."""
        (self.path / "owned/namespaces" / name).touch()

    def close(self):
        if self._lock is None:
            return
        take_away(self.path)
        os.close(self._lock)
        self._lock = None


def _take_lock(path):
    """The descriptor that holds the lock, or None where another process holds it."""
    descriptor = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def clean_up_after_crashed_runs():
    for path in BASE.glob(PREFIX + "*"):
        if not (path / "owned").is_dir():
            continue
        lock = _take_lock(path)
        if lock is None:
            continue
        try:
            take_away(path)
        finally:
            os.close(lock)


def take_away(path):
    """Everything that the folder owns, then the folder itself."""
    _end_owned_processes(path)
    _stop_containers(path)
    for bridge in (path / "owned/bridges").glob("*"):
        run_quietly("ip", "link", "delete", bridge.name)
    for namespace in (path / "owned/namespaces").glob("*"):
        run_quietly("ip", "netns", "delete", namespace.name)
    for mount_point in reversed(_mounts_below(path)):
        run_quietly("umount", "--lazy", mount_point)
    for line in Path("/proc/swaps").read_text().splitlines()[1:]:
        if line.startswith(f"{path}/"):
            run_quietly("swapoff", line.split()[0])
    # A mount that stays must never be emptied by rmtree.
    if not _mounts_below(path):
        run_quietly("chattr", "-R", "-i", str(path))  # see Influxd.set_read_only
        shutil.rmtree(path, ignore_errors=True)


def _end_owned_processes(path):
    for entry in (path / "owned/processes").glob("*"):
        end_process(int(entry.name), entry.read_text())


def _stop_containers(path):
    for config in path.glob("lxc*/*/config"):
        name, lxcpath = config.parent.name, str(config.parent.parent)
        run_quietly("lxc-unfreeze", "-P", lxcpath, "-n", name)
        run_quietly("lxc-stop", "-P", lxcpath, "-n", name, "--kill")


def _mounts_below(path):
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in points if point.startswith(f"{path}/")]
