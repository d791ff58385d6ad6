# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a process's cgroups are on this host: read from /proc, for cgroup v1, v2 and both together."""

import os
import subprocess
import sys
from pathlib import Path

from .waiting import wait_until


class CgroupPlace:
    """The cgroup folders of one process. `folder("memory")` is None where that controller has no folder."""

    def __init__(self, pid):
        self._folders = {}
        self.unified = None
        mounts = _cgroup_mounts()
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            names = ("",) if controllers == "" else controllers.split(",")
            for name in names:
                self._add(name, path, mounts)

    def _add(self, name, path, mounts):
        if name not in mounts:
            return
        root, mount_point = mounts[name]
        relative = path[len(root):] if root != "/" and path.startswith(root) else path
        folder = Path(mount_point) / relative.lstrip("/")
        if name == "":
            self.unified = folder
        else:
            self._folders[name] = folder

    def folder(self, controller):
        """The v1 folder of the controller; None on a host that has it on v2."""
        return self._folders.get(controller)

    def all_folders(self):
        return [*self._folders.values(), *([self.unified] if self.unified else [])]

    def adopt(self, pid):
        """Moves a process of the host into these cgroups."""
        for folder in self.all_folders():
            (folder / "cgroup.procs").write_text(str(pid))


def _cgroup_mounts():
    """controller name ("" for v2) to (root inside the hierarchy, mount point)."""
    mounts = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ", 1)
        kind, _, options = after.split(" ", 2)
        root, mount_point = before.split()[3:5]
        if kind == "cgroup2":
            mounts.setdefault("", (root, mount_point))
        elif kind == "cgroup":
            for name in options.split(","):
                mounts.setdefault(name, (root, mount_point))
    return mounts


def controller_folders(path):
    """The folder of the cgroup `path`, as /proc/PID/cgroup has it, for each controller of this host ("" is v2's own). What v1 does not
    have is on v2."""
    mounts = _cgroup_mounts()
    folders = {name: Path(mount_point) / path.strip("/") for name, (_, mount_point) in mounts.items()}
    for name in ("memory", "pids", "cpu"):
        folders.setdefault(name, folders.get(""))
    return folders


def hold_locked_memory(case, place, size):
    """Until the test ends: a process of the host, in these cgroups, with locked memory."""
    script = ("import ctypes, mmap, sys\nsys.stdin.readline()\n"
              f"memory = mmap.mmap(-1, {size}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
              "address = ctypes.addressof(ctypes.c_char.from_buffer(memory))\n"
              f"assert ctypes.CDLL(None).mlock(ctypes.c_void_p(address), ctypes.c_size_t({size})) == 0\nsys.stdin.readline()")
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    case.workspace.note_process(process.pid)
    case.addCleanup(process.wait)
    case.addCleanup(process.stdin.close)
    place.adopt(process.pid)
    process.stdin.write(b"\n")
    process.stdin.flush()


def host_is_pure_v2():
    return set(_cgroup_mounts()) == {""}


def io_rule_lines(path):
    """Configuration that makes cgroup v1 count a container's I/O on the disk below `path`: a throttle rule too high to matter.
    Kernels from 5.16 on count nowhere else; v2 needs nothing."""
    if "blkio" not in _cgroup_mounts():
        return []
    number = os.stat(path).st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not device.exists():
        return []
    disk = device.resolve().parent if (device / "partition").exists() else device
    return [f"lxc.cgroup.blkio.throttle.write_bps_device = {(disk / 'dev').read_text().strip()} 1000000000000"]


def read_key_values(path):
    """`name number` lines of a file such as memory.stat."""
    pairs = (line.split() for line in path.read_text().splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def read_number(path):
    """The number in a file; None for "max", -1 and for v1's way of saying "no limit"."""
    text = path.read_text().strip()
    if text in ("max", "-1"):
        return None
    number = int(text)
    return None if number >= 0x7FFFFFFFFFFFF000 else number


def remove_cgroup(top):
    """With those below it, once no process is left in them."""
    wait_until(lambda: _is_removed(top), what=f"{top} to be empty")


def _is_removed(top):
    try:
        for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        top.rmdir()
    except OSError:
        return not top.exists()
    return True
