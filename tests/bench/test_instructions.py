#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the instructions of a tick over the captured hosts: a figure that does not shake as times do.

    test_instructions.py PROGRAM [--renew]      PROGRAM: build/tests/bench/instructions

Fails where a host takes MARGIN more than instructions.txt says; --renew writes what it counts there. Needs root and valgrind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))

from support.waiting import wait_until  # noqa: E402

BOUNDS = Path(__file__).with_name("instructions.txt")
MARGIN = 0.15
CONTAINERS = 4  # of each captured host
TICKS = 12  # twice what is looked at each 6th tick
HEAD = "# Instructions of one tick of four containers, -O2, by host: test_instructions.py --renew writes this, and fails at 15 % more.\n"


def start_init():
    """A process in a network namespace of its own, and its pidfd."""
    process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    ours = os.readlink("/proc/self/ns/net")
    wait_until(lambda: os.readlink(f"/proc/{process.pid}/ns/net") != ours, what="a network namespace")
    return process, os.pidfd_open(process.pid)


def instructions(program, fixture, inits):
    """Of the program's main process, for each tick."""
    words = [f"{process.pid}:{pidfd}" for process, pidfd in inits]
    process = subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured_tick", program,
                                fixture, str(TICKS), *words],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[pidfd for _, pidfd in inits])
    said, errors = process.communicate(timeout=120)
    # The helper is a process of its own, which counts for itself.
    match = re.search(rf"^=={process.pid}== Collected : (\d+)$", errors, re.MULTILINE)
    if process.returncode != 0 or not match or not int(match[1]):
        sys.exit(f"{fixture}: exit {process.returncode}, no count of instructions:\n{errors}")
    print(f"{fixture}: {said.strip()}")
    return int(match[1]) // TICKS


def main(program, renew):
    if os.geteuid() != 0 or shutil.which("valgrind") is None:
        sys.exit("this needs root, and valgrind: apt-get install valgrind")
    bounds = dict(line.split() for line in BOUNDS.read_text().splitlines() if not line.startswith("#")) if not renew else {}
    inits = [start_init() for _ in range(CONTAINERS)]
    try:
        counted = {fixture: instructions(program, fixture, inits) for fixture in ("v1", "v2", "hybrid")}
    finally:
        for process, _ in inits:
            process.kill()
    if renew:
        BOUNDS.write_text(HEAD + "".join(f"{fixture} {count}\n" for fixture, count in counted.items()))
        return 0
    failed = 0
    for fixture, count in counted.items():
        wanted = int(bounds[fixture])
        is_over = count > wanted * (1 + MARGIN)
        failed += is_over
        print(f"{'FAILED' if is_over else 'ok'}: {fixture} {count} instructions a tick, {BOUNDS.name} says {wanted}"
              f"{'; where that is as wanted: --renew' if is_over else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--renew" in sys.argv))
