# SPDX-License-Identifier: GPL-2.0-or-later
"""The second source for the host's own figures: other files and programs than the agent reads, else its files read here."""

import ctypes
import json
import os
import subprocess
import threading
from pathlib import Path

from .cgroup import read_key_values
from .second_source import USEC_PER_TICK

SECTOR_BYTES = 512
KIB = 1024
MEMORY = {"limit_bytes": "MemTotal", "available_bytes": "MemAvailable", "anon_bytes": "AnonPages", "slab_bytes": "Slab",
          "shmem_bytes": "Shmem", "file_mapped_bytes": "Mapped", "file_dirty_bytes": "Dirty", "file_writeback_bytes": "Writeback"}
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu():
    """Sums of the lines of the single CPUs; the agent reads the line of all together."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu") and line[3] != " "]
    user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice = (
        sum(int(line[column]) for line in lines) * USEC_PER_TICK for column in range(1, 11))
    return {"user_usec": user + nice, "system_usec": system + irq + softirq, "iowait_usec": iowait, "steal_usec": steal,
            "usage_usec": user + nice + system + irq + softirq, "nice_usec": nice, "irq_usec": irq, "softirq_usec": softirq,
            "guest_usec": guest, "guest_nice_usec": guest_nice, "idle_usec": idle}


def events():
    """Context switches, and the totals of interrupts and soft interrupts as the sums of their kinds."""
    lines = {words[0]: [int(word) for word in words[1:]] for words in map(str.split, Path("/proc/stat").read_text().splitlines())}
    soft = sum(sum(map(int, line.split()[1:])) for line in Path("/proc/softirqs").read_text().splitlines()[1:])
    return {"context_switches": lines["ctxt"][0], "interrupts": lines["intr"][0], "soft_interrupts": soft}


def meminfo():
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return {words[0].removesuffix(":"): int(words[1]) * KIB for words in lines if words[-1] == "kB"}


def evictable_arc():
    """Of ZFS, if it is loaded."""
    path = Path("/proc/spl/kstat/zfs/arcstats")
    rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    now = {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}
    return max(now.get("size", 0) - now.get("c_min", 0), 0)


def memory():
    now = meminfo()
    usage, file = now["MemTotal"] - now["MemFree"], now["Cached"] + now["Buffers"]
    used = usage - (file - now["Shmem"]) - now["SReclaimable"] - evictable_arc()
    figures = {"usage_bytes": usage, "file_bytes": file, "used_bytes": used, "used_percent": used * 100 / now["MemTotal"], **{ours: now[theirs] for ours, theirs in MEMORY.items()}}
    events = read_key_values(Path("/proc/vmstat"))
    lists = {f"{name}_bytes": events[f"nr_{name}"] * PAGE_BYTES for name in ("active_anon", "inactive_anon", "active_file", "inactive_file")}
    paged = {f"{name}_bytes": events[name] * KIB for name in ("pgpgin", "pgpgout")}
    return {**figures, **lists, **paged, **{name: events[name] for name in ("pgfault", "pgmajfault", "oom_kill", "pgfree")}}


def swap():
    """/proc/swaps: size and use of all swap files."""
    lines = [line.split() for line in Path("/proc/swaps").read_text().splitlines()[1:]]
    return {"swap_limit_bytes": sum(int(line[2]) for line in lines) * KIB, "swap_usage_bytes": sum(int(line[3]) for line in lines) * KIB}


class _SysInfo(ctypes.Structure):
    _fields_ = [("uptime", ctypes.c_long), ("loads", ctypes.c_ulong * 3), ("memory", ctypes.c_ulong * 6), ("procs", ctypes.c_ushort),
                ("rest", ctypes.c_char * 64)]


def _sysinfo():
    info = _SysInfo()
    if ctypes.CDLL(None, use_errno=True).sysinfo(ctypes.byref(info)) != 0:
        raise OSError(ctypes.get_errno(), "sysinfo")
    return info


def loads():
    """sysinfo(2), and not /proc/loadavg."""
    return {name: load / 65536 for name, load in zip(("load1", "load5", "load15"), _sysinfo().loads)}


def threads():
    """sysinfo(2), and the scheduler's count in /proc/stat."""
    running = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("procs_running"))
    return {"threads": _sysinfo().procs, "running": int(running.split()[1])}


def pressure(resource):
    """That of the root cgroup, where v2 is mounted, else /proc's."""
    of_root = [Path(folder) / f"{resource}.pressure" for folder in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")]
    file = next((each for each in of_root if each.exists()), Path(f"/proc/pressure/{resource}"))
    figures = {}
    for kind, *pairs in (line.split() for line in file.read_text().splitlines()):
        for key, value in (pair.split("=") for pair in pairs):
            figures[f"{kind}_{key}" + ("_usec" if key == "total" else "")] = float(value)
    return figures


def disk_of(path):
    """The whole disk that a path lies on, by sysfs's name."""
    number = os.stat(path).st_dev
    folder = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    return folder.parent.name if (folder / "partition").exists() else folder.name


def disk_io(name):
    words = [int(word) for word in Path(f"/sys/block/{name}/stat").read_text().split()]
    figures = {"read_ops": words[0], "read_bytes": words[2] * SECTOR_BYTES, "write_ops": words[4], "write_bytes": words[6] * SECTOR_BYTES}
    figures.update({"read_merges": words[1], "read_usec": words[3] * 1000, "write_merges": words[5], "write_usec": words[7] * 1000,
                    "busy_usec": words[9] * 1000, "queue_usec": words[10] * 1000})
    if len(words) > 14:
        figures.update({"discard_ops": words[11], "discard_merges": words[12], "discard_bytes": words[13] * SECTOR_BYTES,
                        "discard_usec": words[14] * 1000})
    return {**figures, "flush_ops": words[15], "flush_usec": words[16] * 1000} if len(words) > 16 else figures


def in_flight(name):
    """Reads and writes in flight; a reading a moment later says something else."""
    return sum(int(word) for word in Path(f"/sys/block/{name}/inflight").read_text().split())


def whole_disks():
    """lsblk's devices that are no partitions, and have done something."""
    done = subprocess.run(["lsblk", "--json", "--list", "--output", "KNAME,TYPE"], capture_output=True, text=True, check=True, timeout=20)
    names = {each["kname"] for each in json.loads(done.stdout)["blockdevices"] if each["type"] not in ("part", "loop")}
    return {name for name in names if not name.startswith("zram") and any(disk_io(name).values())}


def links():
    done = subprocess.run(["ip", "-d", "-s", "-j", "link", "show"], capture_output=True, text=True, check=True, timeout=20)
    return {link["ifname"]: link for link in json.loads(done.stdout)}


def net(interface):
    link = links()[interface]
    stats = link["stats64"]
    figures = {f"{way}_{what}": stats[way][what] for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")}
    return {**figures, "multicast": stats["rx"]["multicast"], "mtu": link["mtu"]}


class Recorder:
    """Calls `read` again and again while it is open: then ranges() has {name: (least, most)}."""

    def __init__(self, read):
        self._read, self._samples, self._ended = read, [], threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)

    def __enter__(self):
        self._samples.append(self._read())
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        self._samples.append(self._read())

    def _record(self):
        while not self._ended.wait(0.02):
            self._samples.append(self._read())

    def ranges(self):
        return {name: (min(each[name] for each in self._samples), max(each[name] for each in self._samples)) for name in self._samples[0]}
