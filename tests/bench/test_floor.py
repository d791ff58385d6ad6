#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_floor.py FLOOR: where descriptors run short, the floor keeps the files of each round open, and opens the others when they are read."""

import os
import resource
import subprocess
import sys

DESCRIPTORS = 70  # the floor leaves 64 for what is open for a moment only
SELDOM = ("/proc/uptime", "/proc/loadavg", "/proc/version", "/proc/swaps", "/proc/devices", "/proc/filesystems")
OFTEN = ("/proc/meminfo", "/proc/stat")


def main(program):
    plan = ["container 0", *(f"read 6 {path}" for path in SELDOM), *(f"read 1 {path}" for path in OFTEN), "ready"]
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))) as floor:
        floor.stdin.write("\n".join([*plan, "round", "round", ""]))
        floor.stdin.flush()
        kept, others = map(int, floor.stdout.readline().split())
        preads = [floor.stdout.readline().split()[2:] for _ in range(2)]
        folder = f"/proc/{floor.pid}/fd"
        is_open = {os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)}
        floor.stdin.close()
    everything = set(SELDOM + OFTEN)
    if not (set(OFTEN) <= is_open and kept == len(everything & is_open) < len(everything) and kept + others == len(everything)):
        sys.exit(f"{kept} kept, {others} not; open: {sorted(is_open)}")
    if preads != [[str(len(everything)), "0"], [str(len(OFTEN)), "0"]]:
        sys.exit(f"preads and failed calls of two rounds: {preads}")
    return floor.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
