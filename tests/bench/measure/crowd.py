# SPDX-License-Identifier: GPL-2.0-or-later
"""Many real containers, started and ended a few at a time."""

import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.containers import Lab
from support.waiting import wait_until

AT_A_TIME = 4


class Crowd:
    """`count` busybox containers with a veth each, all running. close() takes them away, also where not all have been started."""

    def __init__(self, count):
        self.lab = Lab()
        self.workspace, self.lxcpath = self.lab.workspace, self.lab.lxcpath
        self.init_pids, self._monitors = {}, {}
        try:
            containers = [self.lab.add(f"bench-{number:04}") for number in range(count)]
            with ThreadPoolExecutor(AT_A_TIME) as pool:
                list(pool.map(self._start, containers))
        except BaseException:
            self.close()
            raise

    def _start(self, container):
        monitor_file = container.folder / "monitor.pid"
        container.start("-p", str(monitor_file))
        monitor = int(monitor_file.read_text())
        children = Path(f"/proc/{monitor}/task/{monitor}/children")
        self.init_pids[container.name] = int(wait_until(lambda: children.read_text().split(), what=f"the init of {container.name}")[0])
        self._monitors[container.name] = monitor

    @property
    def names(self):
        return sorted(self.init_pids)

    def close(self):
        try:
            self._end_quickly()
        finally:
            self.lab.close()  # stops by liblxc's tools, one after the other, what is left

    def _end_quickly(self):
        for name in self._monitors:
            _kill(self.init_pids[name])
        # A monitor takes its container's cgroups and interfaces away, and ends.
        for name, monitor in self._monitors.items():
            wait_until(lambda pid=monitor: not Path(f"/proc/{pid}").exists(), 60, f"the monitor of {name} to end")
            shutil.rmtree(self.lxcpath / name)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def command(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
