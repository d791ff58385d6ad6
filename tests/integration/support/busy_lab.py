# SPDX-License-Identifier: GPL-2.0-or-later
"""The containers of the tests of the dashboards."""

from .case import LabCase
from .containers import Limits, Spec

MIB = 1024 * 1024
BURN = "while :; do dd if=/dev/zero of=/dev/null bs=64k count=2000 2>/dev/null; done"
GROW = "x=$(dd if=/dev/zero bs=1M count=100 2>/dev/null | tr '\\0' a); true"


class BusyLab(LabCase):
    """`web` and `web.2` run, `old` is stopped."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        limits = Limits(memory_bytes=48 * MIB, cpu_quota_usec=20_000, pids=100, goes_first=True)
        cls.web = cls.lab.add("web", Spec(limits))
        cls.second = cls.lab.add("web.2")
        cls.lab.start_all([cls.web, cls.second])
        cls.lab.add("old")

    @classmethod
    def keep_busy(cls, seconds):
        """`web` is throttled for so long, loses a process to the OOM killer, and reads from `web.2`."""
        cls.web.spawn_inside("timeout", str(seconds), "sh", "-c", BURN)
        cls.web.run_inside("sh", "-c", GROW, check=False)
        cls.second.run_inside("dd", "if=/dev/zero", "of=/six", "bs=1M", "count=6")
        cls.second.run_inside("httpd", "-p", "5001", "-h", "/")
        for _ in range(3):
            cls.web.run_inside("dd", "if=/dev/zero", "of=/direct", "bs=1M", "count=4", "oflag=direct")
            cls.web.run_inside("wget", "-q", "-O", "/dev/null", f"http://{cls.second.address}:5001/six")
