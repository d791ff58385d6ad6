# SPDX-License-Identifier: GPL-2.0-or-later
"""An agent that is measured: with the defaults but for its intervals, and with its costs from outside."""

import os
import re
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.waiting import wait_until

from .grid import NSEC

FS_TICKS = 6  # ticks between two looks at a filesystem, as by default (10 s and 60 s)


@dataclass
class Setup:
    """What a run is measured with."""
    binary: Path
    floor: Path
    shim: Path  # count_allocations
    micro: Path  # the microbenchmarks; need not be there
    interval_ns: int
    ticks: int  # measured ones
    skip: int = 7  # ticks before them: a first look at everything


class Watched:
    def __init__(self, crowd, influx, setup, database, extra=(), env=None, interval_ns=None):
        interval_ns = interval_ns or setup.interval_ns
        self._influx, self._database, self._interval_ns = influx, database, interval_ns
        folder = crowd.workspace.folder(f"agent-{database}")
        settings = folder / "settings.toml"
        settings.write_text(f'interval = "{interval_ns // 1_000_000}ms"\nfs-interval = "{FS_TICKS * interval_ns // 1_000_000}ms"\n')
        command = [setup.binary, "--config", settings, "--lxcpath", crowd.lxcpath, "--influx-url", influx.url,
                   "--influx-db", database, "--spool-dir", folder / "spool", *extra]
        self._lines, self._ready = [], threading.Event()
        self.spawned_ns, self.ready_ns = time.time_ns(), None
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, env={"PATH": os.environ["PATH"], **(env or {})})
        crowd.workspace.note_process(self.process.pid)
        threading.Thread(target=self._read_log, daemon=True).start()

    def _read_log(self):
        for line in self.process.stderr:
            if self.ready_ns is None and ": sampling the containers in " in line:
                self.ready_ns = time.time_ns()
            self._lines.append(line)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return "".join(self._lines)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for_first_tick(self, count):
        """Until so many containers are in InfluxDB. Returns the time of the tick, and when they were there."""
        def first():
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent ended with {self.process.returncode}: {self.log()}")
            if self._database not in self._influx.databases():
                return None
            states = self._influx.execute('SELECT count("running") FROM "lxc_state"', self._database).get("series")
            # The last point of a tick.
            own = self._influx.execute('SELECT first("points") FROM "lxcmon_push"', self._database).get("series")
            return own and states and states[0]["values"][0][1] >= count and own[0]["values"][0][0]
        tick_ns = wait_until(first, 60, f"{count} containers in InfluxDB", self.log)
        return tick_ns, time.time_ns()

    def child_pids(self):
        tasks = Path(f"/proc/{self.pid}/task")
        return sorted(int(pid) for task in os.listdir(tasks) for pid in _text(tasks / task / "children").split())

    def helper_pids(self):
        """Without the process that asks liblxc: it has nothing to do in the steady state, and ends after some seconds."""
        return [pid for pid in self.child_pids() if _text(Path(f"/proc/{pid}/comm")) != "lxcmon-lxc\n"]

    def own_rows(self, begin_ns, end_ns):
        """The agent's words about itself, of the ticks behind the first moment up to the second one. Waits until these are in
        InfluxDB, where a busy machine is late with them; those that are not there then have been missed. Until there is one more,
        as InfluxDB answers in the middle of writing a point, too, with some of its fields."""
        def all_rows():
            rows = self._influx.rows("lxcmon_push", self._database)
            return rows if rows and rows[-1].time > end_ns else None
        rows = wait_until(all_rows, 30 + 3 * self._interval_ns / NSEC, "the tick behind the last one in InfluxDB", self.log)
        return [row for row in rows if begin_ns < row.time <= end_ns]

    def mount_points(self):
        return sorted(self._influx.tag_values("mountpoint", self._database, "lxc_fs"))

    def sent_bytes(self):
        """Of the connections that it has now; None where there is none."""
        text = subprocess.run(["ss", "-tinpOH", "dst", f"127.0.0.1:{self._influx.port}"], capture_output=True, text=True,
                              check=True).stdout
        sent = [int(match[1]) for line in text.splitlines() if f"pid={self.pid}," in line
                for match in [re.search(r"bytes_sent:(\d+)", line)] if match]
        return sum(sent) if sent else None


def _text(path):
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def cpu_ns(pid):
    """CPU time of a process, user and system, exact: clock_getcpuclockid(3)."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def user_system_seconds(pid):
    fields = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return [int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:13]]


def thread_cpu_ns(pid):
    """CPU time of all other threads than the main one, by name."""
    times = Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        if task.name != str(pid):
            times[_text(task / "comm").strip()] += int((_text(task / "schedstat").split() or [0])[0])
    return times


def resident_kib(pid):
    match = re.search(r"VmRSS:\s+(\d+)", _text(Path(f"/proc/{pid}/status")))
    return int(match[1]) if match else 0


def private_kib(pid):
    """What no other process has: the helper begins as a copy of the agent, and shares nearly all with it."""
    return sum(map(int, re.findall(r"^Private_\w+:\s+(\d+)", _text(Path(f"/proc/{pid}/smaps_rollup")), re.MULTILINE)))
