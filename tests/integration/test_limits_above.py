# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of the cgroups above a container hold for it, too: of a slice, and of the container around an LXC in LXC. So does a cpuset."""

import os

from support.agent import run
from support.case import LabCase
from support.cgroup import controller_folders, remove_cgroup
from support.containers import Limits, Spec
from support.line_protocol import parse_lines

MIB = 1024 * 1024
SLICE = "it-above.slice"


def set_limits(folders, memory_bytes, quota_usec, processes):
    """Of one cgroup, on v1 or v2."""
    v1_memory = folders["memory"] / "memory.limit_in_bytes"
    (v1_memory if v1_memory.exists() else folders["memory"] / "memory.max").write_text(str(memory_bytes))
    v1_quota = folders["cpu"] / "cpu.cfs_quota_us"
    if v1_quota.exists():
        v1_quota.write_text(str(quota_usec))
    else:
        (folders["cpu"] / "cpu.max").write_text(f"{quota_usec} 100000")
    (folders["pids"] / "pids.max").write_text(str(processes))


class LimitsAbove(LabCase):
    def setUp(self):
        super().setUp()
        self.folders = controller_folders(SLICE)
        for folder in set(self.folders.values()):
            self.addCleanup(remove_cgroup, folder)
        for folder in {self.folders[name] for name in ("memory", "cpu", "pids")}:
            folder.mkdir()

    def sampled(self, container):
        """{field: value} of the limits in one sample."""
        result = run("--config", "/dev/null", *self.arguments("--once", "--dry-run", "--metrics", "lxc_[cmp]*"))
        self.assertEqual(result.returncode, 0, result.stderr)
        points = [point for point in parse_lines(result.stdout) if point.tags["container"] == container.name]
        fields = {f"{point.measurement}.{field}": value for point in points for field, value in point.fields.items()}
        return {name: value for name, value in fields.items() if "limit" in name or "_percent" in name}

    def start_below(self, name, limits=None):
        extra = ("lxc.cgroup.relative = 0", f"lxc.cgroup.dir.container = {SLICE}/{name}", f"lxc.cgroup.dir.monitor = lxc.monitor/{name}")
        (container,) = self.started(self.lab.add(name, Spec(limits or Limits(), extra=extra)))
        return container

    def test_a_slice_holds_where_it_is_lower(self):
        set_limits(self.folders, 96 * MIB, 30_000, 45)
        # v1 refuses a quota above the parent's.
        found = self.sampled(self.start_below("it-above", Limits(memory_bytes=128 * MIB, pids=70)))
        self.assertEqual(found["lxc_memory.limit_bytes"], 96 * MIB)
        self.assertEqual(found["lxc_memory.own_limit_bytes"], 128 * MIB)
        self.assertEqual((found["lxc_cpu.limit_cores"], found.get("lxc_cpu.own_limit_cores")), (0.3, None))
        self.assertEqual((found["lxc_pids.limit"], found["lxc_pids.own_limit"]), (45, 70))

    def test_the_container_holds_where_it_is_lower(self):
        set_limits(self.folders, 256 * MIB, 90_000, 145)
        own = Limits(memory_bytes=128 * MIB, cpu_quota_usec=50_000, pids=70)
        found = self.sampled(self.start_below("it-below", own))
        self.assertEqual((found["lxc_memory.limit_bytes"], found["lxc_cpu.limit_cores"], found["lxc_pids.limit"]), (128 * MIB, 0.5, 70))

    def test_a_container_without_limits_of_its_own(self):
        set_limits(self.folders, 96 * MIB, 30_000, 45)
        found = self.sampled(self.start_below("it-free-below"))
        self.assertEqual((found["lxc_memory.limit_bytes"], found["lxc_cpu.limit_cores"], found["lxc_pids.limit"]), (96 * MIB, 0.3, 45))
        self.assertIn("lxc_memory.used_percent", found)
        self.assertFalse({name for name in found if ".own_" in name}, found)


class Cpuset(LabCase):
    """Proxmox VE's cores and LXD's limits.cpu: the container gets no quota, and fewer CPUs."""

    def test_a_cpuset_is_a_limit(self):
        self.assertGreater(os.sysconf("SC_NPROCESSORS_ONLN"), 1)
        every = f"0-{os.cpu_count() - 1}"
        limits = {"it-one": Limits(cpus="0"), "it-one-of-two": Limits(cpus="0", cpu_quota_usec=200_000),
                  "it-half-of-one": Limits(cpus="0", cpu_quota_usec=50_000), "it-two": Limits(cpu_quota_usec=200_000), "it-all": Limits(cpus=every)}
        self.started(*(self.lab.add(name, Spec(each)) for name, each in limits.items()))
        result = run("--config", "/dev/null", *self.arguments("--once", "--dry-run", "--metrics", "lxc_cpu.*limit_cores", "--metrics", "lxc_state"))
        self.assertEqual(result.returncode, 0, result.stderr)
        points = {point.tags["container"]: point.fields for point in parse_lines(result.stdout) if point.measurement == "lxc_cpu"}
        found = {name: (fields.get("limit_cores"), fields.get("own_limit_cores")) for name, fields in points.items()}
        self.assertEqual(found, {"it-one": (1, None), "it-one-of-two": (1, 2), "it-half-of-one": (0.5, 0.5), "it-two": (2, 2)})
