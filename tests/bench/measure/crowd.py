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
    """`count` busybox containers with a veth each, all running. close() takes them away, in a quarter of the time that liblxc's tools
    take, whatever has happened before."""

    def __init__(self, count):
        self.lab = Lab()
        self.workspace, self.lxcpath = self.lab.workspace, self.lab.lxcpath
        self.init_pids = {}
        try:
            containers = [self.lab.add(f"bench-{number:04}") for number in range(count)]
            with ThreadPoolExecutor(AT_A_TIME) as pool:
                self.init_pids = dict(pool.map(self._start, containers))
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _start(container):
        monitor_file = container.folder / "monitor.pid"
        container._lxc("start", "-d", "-p", str(monitor_file), "-o", str(container.folder / "lxc.log"), "-l", "WARN")
        monitor = int(monitor_file.read_text())
        children = Path(f"/proc/{monitor}/task/{monitor}/children")
        return container.name, int(wait_until(lambda: children.read_text().split(), what=f"the init of {container.name}")[0])

    @property
    def names(self):
        return sorted(self.init_pids)

    def close(self):
        monitors = [int(file.read_text()) for file in self.lxcpath.glob("*/monitor.pid") if file.read_text()]
        for pid in self.init_pids.values():
            _kill(pid)
        # A monitor takes its container's cgroups and interfaces away, and ends.
        for monitor in monitors:
            if self.init_pids:
                wait_until(lambda pid=monitor: not Path(f"/proc/{pid}").exists(), 60, "the monitor of a container to end")
        for folder in self.lxcpath.glob("bench-*"):
            if self.init_pids:
                shutil.rmtree(folder)  # nothing is left for liblxc's tools to stop
        self.lab.close()


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def link_count():
    """Network interfaces of this host."""
    return len(os.listdir("/sys/class/net"))


def command(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
