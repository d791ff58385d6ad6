# SPDX-License-Identifier: GPL-2.0-or-later
"""A filesystem on a disk of its own, a loop device: what goes wrong with disks, and how their I/O counts."""

import os
import unittest

import seen_fields
from support import agent as program
from support.case import LabCase
from support.cgroup import io_rule_lines
from support.containers import Spec
from support.host_source import disk_of
from support.line_protocol import parse_lines
from support.loop_disk import LoopDisk


class LoopCase(LabCase):
    """Each test has a disk, and a container in which it is /disk."""

    def setUp(self):
        folder = self.path("disk")
        folder.mkdir()
        self.disk = LoopDisk(folder, 40, "errors=remount-ro")
        self.addCleanup(self.disk.close)
        spec = Spec(extra=(f"lxc.mount.entry = {folder} disk none bind,create=dir 0 0", *io_rule_lines(folder)))
        (self.container,) = self.started(self.lab.add(f"it-{self._testMethodName[5:20].strip('_')}".replace("_", "-"), spec))

    def points(self, *arguments):
        done = program.run(*self.arguments("--once", "--dry-run", *arguments))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return parse_lines(done.stdout)

    def of_the_disk(self):
        """Its points, of the container and of the host."""
        points = self.points("--metrics", "*_fs", "--fs-include", str(self.disk.folder))
        found = [[point for point in points if point.measurement == measurement and point.tags["mountpoint"] == place]
                 for measurement, place in (("lxc_fs", "/disk"), ("host_fs", str(self.disk.folder)))]
        self.assertEqual([len(each) for each in found], [1, 1])
        return [each[0] for each in found]


class Faults(LoopCase):
    def test_ext4_that_refuses_writes_after_an_error(self):
        self.assertEqual([point.fields["readonly"] for point in self.of_the_disk()], [False, False])
        self.disk.fail()
        with self.assertRaises(OSError):
            (self.disk.folder / "file").touch()
        # Linux 6.12 to 6.14 do not show it.
        shows = {"ro", "emergency_ro"} & set(self.disk.options()) or os.statvfs(self.disk.folder).f_flag & os.ST_RDONLY
        if tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2]) >= (6, 15):
            self.assertTrue(shows, self.disk.options())
        self.assertEqual([point.fields["readonly"] for point in self.of_the_disk()], [bool(shows)] * 2)
        seen_fields.note("lxc_fs", "readonly")


class Shared(LoopCase):
    def shared(self, *arguments):
        """{mount point: shared} of the container."""
        points = self.points("--metrics", "*_fs", "--include", self.container.name, *arguments)
        return {point.tags["mountpoint"]: point.fields.get("shared") for point in points if point.measurement == "lxc_fs"}

    def test_a_filesystem_of_the_host(self):
        self.container.run_inside("mount", "-t", "tmpfs", "-o", "size=1m", "own", "/tmp")
        self.assertEqual(self.shared(), {"/": True, "/disk": True, "/tmp": False})
        # The host has it no longer, and without host_fs no other point tells of them.
        self.disk.close()
        self.assertEqual(self.shared(), {"/": True, "/disk": False, "/tmp": False})
        self.assertEqual(self.shared("--no-host"), {"/": None, "/disk": None, "/tmp": None})
        seen_fields.note("lxc_fs", "shared")


class Stacked(LoopCase):
    def test_io_of_a_loop_device_and_of_the_disk_below_it(self):
        below = disk_of(self.workspace.path)
        self.container.run_inside("dd", "if=/dev/zero", "of=/disk/file", "bs=1M", "count=8", "oflag=direct")
        points = self.points("--metrics", "*_io", "--io-include", "*")
        for measurement in ("lxc_io", "host_io"):
            by_device = {point.tags["device"]: point for point in points if point.measurement == measurement}
            self.assertEqual({name: point.tags.get("stacked") for name, point in by_device.items() if name in (self.disk.name, below)},
                             {self.disk.name: "true", below: None}, measurement)
        of_the_container = [point.fields["write_bytes"] for point in points if point.measurement == "lxc_io" and "stacked" not in point.tags]
        self.assertTrue(8 << 20 <= sum(of_the_container) < 12 << 20, of_the_container)


if __name__ == "__main__":
    unittest.main()
