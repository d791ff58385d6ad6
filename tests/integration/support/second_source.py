# SPDX-License-Identifier: GPL-2.0-or-later
"""The second source: what the kernel, `ip` and `df` say of a container, read here and not by the agent."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path

from .cgroup import read_key_values, read_number

USEC_PER_TICK = 1_000_000 // os.sysconf("SC_CLK_TCK")
# Ours: name on v1, name on v2, both in memory.stat.
MEMORY_STAT = {
    "anon_bytes": ("total_rss", "anon"),
    "file_bytes": ("total_cache", "file"),
    "shmem_bytes": ("total_shmem", "shmem"),
    "file_mapped_bytes": ("total_mapped_file", "file_mapped"),
    "pgfault": ("total_pgfault", "pgfault"),
    "active_anon_bytes": ("total_active_anon", "active_anon"),
    "inactive_anon_bytes": ("total_inactive_anon", "inactive_anon"),
    "active_file_bytes": ("total_active_file", "active_file"),
    "inactive_file_bytes": ("total_inactive_file", "inactive_file"),
    "unevictable_bytes": ("total_unevictable", "unevictable"),
}


def statvfs_figures(path):
    """The names are docs/measurements.md's."""
    stat = os.statvfs(path)
    return {"total_bytes": stat.f_blocks * stat.f_frsize, "free_bytes": stat.f_bfree * stat.f_frsize,
            "used_bytes": (stat.f_blocks - stat.f_bfree) * stat.f_frsize, "available_bytes": stat.f_bavail * stat.f_frsize,
            "inodes_total": stat.f_files, "inodes_free": stat.f_ffree, "inodes_used": stat.f_files - stat.f_ffree}


class SecondSource:
    """Of one running container, until it is restarted."""

    def __init__(self, container):
        self._container = container
        self._pid = container.init_pid()
        self._cgroup = container.cgroup()

    def _v1(self, controller):
        return self._cgroup.folder(controller)

    def cpu(self):
        cpuacct = self._v1("cpuacct")
        if cpuacct is None:
            stat = read_key_values(self._cgroup.unified / "cpu.stat")
            return {name: stat.get(name, 0) for name in
                    ("usage_usec", "user_usec", "system_usec", "nr_periods", "nr_throttled", "throttled_usec")}
        times = read_key_values(cpuacct / "cpuacct.stat")
        periods = read_key_values(self._v1("cpu") / "cpu.stat")
        return {"usage_usec": read_number(cpuacct / "cpuacct.usage") // 1000,
                "user_usec": times["user"] * USEC_PER_TICK, "system_usec": times["system"] * USEC_PER_TICK,
                "nr_periods": periods["nr_periods"], "nr_throttled": periods["nr_throttled"],
                "throttled_usec": periods["throttled_time"] // 1000}

    def usage_usec(self):
        return self.cpu()["usage_usec"]

    def memory(self):
        v1 = self._v1("memory")
        folder = v1 or self._cgroup.unified
        stat = read_key_values(folder / "memory.stat")
        figures = {ours: stat[names[0] if v1 else names[1]] for ours, names in MEMORY_STAT.items()}
        usage = read_number(folder / ("memory.usage_in_bytes" if v1 else "memory.current"))
        figures["usage_bytes"] = usage
        figures["used_bytes"] = usage - (figures["file_bytes"] - figures["shmem_bytes"]) - (0 if v1 else stat["slab_reclaimable"])
        figures["working_set_bytes"] = usage - figures["inactive_file_bytes"]
        if v1:
            figures.update({name: stat[f"total_{name}"] for name in ("pgpgin", "pgpgout")})
        peak = folder / ("memory.max_usage_in_bytes" if v1 else "memory.peak")
        if peak.exists():
            figures["peak_bytes"] = read_number(peak)
        return figures

    def io(self, device_number):
        """Bytes and operations of one device, given as "254:0"."""
        blkio = self._v1("blkio")
        if blkio is None:
            return self._io_v2(device_number)
        figures = {}
        for ending, unit in (("io_service_bytes_recursive", "bytes"), ("io_serviced_recursive", "ops")):
            for line in (blkio / f"blkio.throttle.{ending}").read_text().splitlines():
                words = line.split()
                if len(words) == 3 and words[0] == device_number and words[1] in ("Read", "Write", "Discard"):
                    figures[f"{words[1].lower()}_{unit}"] = int(words[2])
        return figures

    def _io_v2(self, device_number):
        names = {"rbytes": "read_bytes", "wbytes": "write_bytes", "rios": "read_ops", "wios": "write_ops",
                 "dbytes": "discard_bytes", "dios": "discard_ops"}
        for line in (self._cgroup.unified / "io.stat").read_text().splitlines():
            device, *pairs = line.split()
            if device == device_number:
                values = dict(pair.split("=") for pair in pairs)
                return {ours: int(values[theirs]) for theirs, ours in names.items() if theirs in values}
        return {}

    def pids(self):
        folder = self._v1("pids") or self._cgroup.unified
        processes = (folder / "cgroup.procs").read_text().split()
        return {"processes": len(set(processes)), "threads": read_number(folder / "pids.current")}

    def links(self):
        """`ip -s -j link` in the container's network namespace, by interface; `ip` is the host's, so it costs no container CPU."""
        command = ["nsenter", "--target", str(self._pid), "--net", "ip", "-s", "-j", "link", "show"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        return {link["ifname"]: link for link in json.loads(done.stdout)}

    def net(self, interface="eth0"):
        stats = self.links()[interface]["stats64"]
        figures = {f"{way}_{what}": stats[way][what] for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")}
        return {**figures, "multicast": stats["rx"]["multicast"]}

    def host_interface(self, interface="eth0"):
        index = self.links()[interface]["link_index"]
        done = subprocess.run(["ip", "-j", "link", "show"], capture_output=True, text=True, check=True, timeout=20)
        return next(link["ifname"] for link in json.loads(done.stdout) if link["ifindex"] == index)

    def filesystem(self, place="/"):
        """statvfs of a mount of the container's."""
        return statvfs_figures(f"/proc/{self._pid}/root{place}")

    def df(self, place="/"):
        """`df -k` run inside: device, total, used, available, the figures in bytes."""
        device, total, used, available, *_ = self._container.run_inside("df", "-k", place).splitlines()[1].split()
        return device, int(total) * 1024, int(used) * 1024, int(available) * 1024

    def root_mount(self):
        """(device, file system type, "major:minor") of the container's root mount."""
        for line in reversed(Path(f"/proc/{self._pid}/mountinfo").read_text().splitlines()):
            before, after = line.split(" - ", 1)
            if before.split()[4] == "/":
                kind, device, _ = after.split(" ", 2)
                return device, kind, before.split()[2]
        raise AssertionError("the container has no root mount")


class CpuRecorder:
    """Reads a container's CPU time again and again, so that its use between any two moments can be told."""

    def __init__(self, source):
        self._source, self._samples, self._ended = source, [], threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)

    def __enter__(self):
        self._take_sample()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _record(self):
        while not self._ended.wait(0.02):
            self._take_sample()

    def _take_sample(self):
        self._samples.append((time.time_ns(), self._source.usage_usec()))

    def usage_at(self, moment_ns):
        """CPU microseconds at a moment, between the two nearest samples."""
        samples = list(self._samples)
        for (begin, low), (end, high) in zip(samples, samples[1:]):
            if begin <= moment_ns <= end:
                return low + (high - low) * (moment_ns - begin) / (end - begin)
        raise AssertionError("that moment was not recorded")

    def covers(self, begin_ns, end_ns):
        samples = list(self._samples)
        return bool(samples) and samples[0][0] <= begin_ns and end_ns <= samples[-1][0]
