# SPDX-License-Identifier: GPL-2.0-or-later
"""Which filesystems of a container and of the host are sampled, when, and that their figures are what df says."""

import json
import os
import subprocess
import unittest
from pathlib import Path

import seen_fields
from support import agent as program
from support.case import LabCase
from support.containers import Spec
from support.line_protocol import parse_line, parse_lines
from support.second_source import SecondSource, statvfs_figures

MIB = 1024 * 1024


def block_device_of(place):
    """As the kernel names it; None where it is none, of a tmpfs for example."""
    number = os.stat(place).st_dev
    folder = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    return folder.resolve().name if folder.exists() else None


class FilesystemCase(LabCase):
    """One container, in which several things are mounted: some in its configuration, some by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        disk = cls.workspace.folder("disk")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "lxcmon-disk", str(disk)], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        cls.container = cls.lab.add("it-mounts", Spec(extra=(
            "lxc.mount.entry = scratch tmp tmpfs rw,size=16m 0 0",
            f"lxc.mount.entry = {disk} data none bind,create=dir 0 0",
            f"lxc.mount.entry = {disk} data-again none bind,create=dir 0 0",
            "lxc.mount.entry = fixed ro tmpfs ro,size=8m,create=dir 0 0",
            "lxc.mount.entry = volatile run tmpfs rw,size=4m,create=dir 0 0")))
        cls.lab.start_all([cls.container])
        inside = "mkdir /tmp/under && mount -t tmpfs -o size=1m low /tmp/under && mount -t tmpfs -o size=2m high /tmp/under"
        cls.container.run_inside("sh", "-c", inside)
        cls.container.run_inside("dd", "if=/dev/zero", "of=/data/fill", "bs=1M", "count=6")

    def points(self, measurement, *arguments):
        done = program.run(*self.arguments("--once", "--dry-run", "--metrics", measurement, *arguments))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return parse_lines(done.stdout)

    def places(self, *arguments):
        points = self.points("lxc_fs", *arguments)
        places = [point.tags["mountpoint"] for point in points]
        self.assertEqual(len(places), len(set(places)), places)
        return set(places)


class Choice(FilesystemCase):
    def test_real_ones_once_each(self):
        self.assertEqual(self.places(), {"/", "/tmp", "/tmp/under", "/data", "/ro"})

    def test_asked_for_and_left_out(self):
        usual = self.places()
        self.assertEqual(self.places("--fs-include", "/run"), usual | {"/run"})
        self.assertEqual(self.places("--fs-exclude", "/tmp*"), usual - {"/tmp", "/tmp/under"})
        self.assertEqual(self.places("--fs-exclude", "tmpfs", "--fs-include", "/run"), {"/"})
        self.assertEqual(self.places("--fs-exclude", "/data"), usual - {"/data"} | {"/data-again"})


class Figures(FilesystemCase):
    def test_of_a_container(self):
        source = SecondSource(self.container)
        for point in self.points("lxc_fs"):
            with self.subTest(point.tags["mountpoint"]):
                place = point.tags["mountpoint"]
                self.assert_all_near(point, source.filesystem(place))
                device, total, used, available = source.df(place)
                if place != "/tmp/under":  # busybox's df names the first mount there, and not the one on top
                    self.assertEqual(point.tags["device"], device)
                for name, value in (("total_bytes", total), ("used_bytes", used), ("available_bytes", available)):
                    self.assert_near(point.fields[name], value, f"{name} (df)", slack=MIB)
                self.assert_near(point.fields["used_percent"], used / (used + available) * 100, "used_percent", slack=1)
                self.assertEqual(point.fields["readonly"], place == "/ro")
        seen_fields.note("lxc_fs", "used_percent", "readonly")

    def test_the_one_on_top_counts(self):
        (point,) = [each for each in self.points("lxc_fs") if each.tags["mountpoint"] == "/tmp/under"]
        self.assertEqual((point.tags["device"], point.fields["total_bytes"]), ("high", 2 * MIB))

    def test_of_the_host(self):
        points = self.points("host_fs", "--fs-include", str(self.workspace.folder("disk")))
        by_place = {point.tags["mountpoint"]: point for point in points}
        self.assertIn("/", by_place)
        self.assertIn(str(self.workspace.folder("disk")), by_place)
        for place, point in by_place.items():
            with self.subTest(place):
                self.assertEqual(set(point.tags), {"host", "mountpoint", "device", "fstype"})
                self.assert_all_near(point, statvfs_figures(place))
                words = subprocess.run(["df", "--output=source,fstype,used,avail", "-k", place], capture_output=True, text=True,
                                       check=True).stdout.splitlines()[1].split()
                self.assertEqual([point.tags["device"], point.tags["fstype"]], words[:2])
                used, available = int(words[2]), int(words[3])
                self.assert_near(point.fields["used_percent"], used / (used + available) * 100, "used_percent", slack=1)
                self.assertEqual(point.fields["readonly"], bool(os.statvfs(place).f_flag & os.ST_RDONLY))
                self.assertEqual(point.fields.get("block_device"), block_device_of(place))
        seen_fields.note("host_fs", "used_percent", "readonly", "block_device")

    def test_list_tells_of_the_root_alone(self):
        done = program.run("list", "--json", "--lxcpath", self.lab.lxcpath)
        (row,) = json.loads(done.stdout)
        self.assert_near(row["disk_total_bytes"], SecondSource(self.container).filesystem()["total_bytes"], "disk", tolerance=1e-6)


class Rest(FilesystemCase):
    def test_a_kernel_without_setns_on_pidfds(self):
        # The first try of all is one by a pidfd.
        before_5_8 = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=setns", "-e", "inject=setns:error=EINVAL:when=1")
        done = program.run(*self.arguments("--once", "--dry-run"), prefix=before_5_8)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("this kernel can't join namespaces by a pidfd"), 1, done.stderr)
        points = {(point.measurement, point.tags.get("interface") or point.tags.get("mountpoint")): point
                  for point in parse_lines(done.stdout)}
        source = SecondSource(self.container)
        net = points["lxc_net", "eth0"]
        self.assert_all_near(net, source.net(), slack=500)
        self.assertEqual(net.fields["host_interface"], source.host_interface())
        for place in ("/", "/data", "/tmp/under"):
            self.assert_all_near(points["lxc_fs", place], source.filesystem(place))
        self.assertEqual(points["lxc_pids", None].fields["processes"], source.pids()["processes"])

    def test_seldom_and_the_first_time_at_once(self):
        agent = self.start_agent("--dry-run", "--interval", "500ms", "--fs-interval", "2s", "--metrics", "lxc_fs", "--metrics", "lxc_state")

        def times(measurement):
            points = [parse_line(line) for line in agent.stdout.splitlines() if line.startswith(measurement)]
            return sorted({point.time for point in points})
        agent.wait_for(lambda: len(times("lxc_fs")) >= 4, 20, "four looks at the filesystems")
        looks, ticks = times("lxc_fs"), times("lxc_state")
        self.assertEqual(looks[0], ticks[0])
        self.assertEqual({later - earlier for earlier, later in zip(looks[1:], looks[2:])}, {2_000_000_000})
        self.assertLessEqual(looks[1] - looks[0], 2_000_000_000)
        self.assertGreater(len(ticks), 2 * len(looks))

    def test_loopback(self):
        self.container.run_inside("ping", "-q", "-c", "3", "-i", "0.01", "127.0.0.1")
        (usual,) = self.points("lxc_net")
        self.assertEqual(usual.tags["interface"], "eth0")
        source = SecondSource(self.container)
        points = {point.tags["interface"]: point for point in self.points("lxc_net", "--net-loopback")}
        self.assertEqual(set(points), {"eth0", "lo"})
        self.assertGreaterEqual(points["lo"].fields["rx_packets"], 6)
        self.assert_all_near(points["lo"], source.net("lo"))


if __name__ == "__main__":
    unittest.main()
