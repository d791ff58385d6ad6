# SPDX-License-Identifier: GPL-2.0-or-later
"""lxc_pressure on this machine's kernel, wherever its controllers are: PSI counts in cgroup v2 alone."""

import unittest
from pathlib import Path

from support.agent import run
from support.case import LabCase
from support.containers import Limits, Spec
from support.line_protocol import parse_lines
from support.waiting import wait_until

RESOURCES = ("cpu", "memory", "io")


def read_pressure(folder, resource):
    """By the names of docs/measurements.md."""
    figures = {}
    for line in (folder / f"{resource}.pressure").read_text().splitlines():
        kind, *pairs = line.split()
        for name, value in (pair.split("=") for pair in pairs):
            figures[f"{kind}_{name}_usec" if name == "total" else f"{kind}_{name}"] = float(value)
    return figures


class Pressure(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A fifth of a core, and more to do than that.
        cls.container = cls.lab.add("it-pressure", Spec(Limits(cpu_quota_usec=20_000, goes_first=True)))
        cls.lab.start_all([cls.container])
        cls.container.spawn_inside("sh", "-c", "while :; do :; done")
        cls.folder = cls.container.cgroup().unified

    def sampled(self, *arguments):
        """What one sample says: {resource: point}, the measurements, and what was logged."""
        result = run("--config", "/dev/null", *self.arguments("--once", "--dry-run", *arguments))
        self.assertEqual(result.returncode, 0, result.stderr)
        points = parse_lines(result.stdout)
        of_pressure = {point.tags["resource"]: point for point in points if point.measurement == "lxc_pressure"}
        return of_pressure, {point.measurement for point in points}, result.stderr

    def read_all(self):
        return {resource: read_pressure(self.folder, resource) for resource in RESOURCES}

    def test_a_throttled_container(self):
        wait_until(lambda: read_pressure(self.folder, "cpu")["full_avg10"] > 5, 30, "pressure", self.read_all)
        before = self.read_all()
        points, _, _ = self.sampled()
        after = self.read_all()
        self.assertEqual(set(points), set(RESOURCES))
        for resource, point in points.items():
            for field, low in before[resource].items():
                # Shares are made anew every other second; what has been lost only grows.
                slack = 0 if field.endswith("_usec") else 3
                self.assert_near(point.fields.get(field), (low, after[resource][field]), f"{resource} {field}", 0, slack)
            self.assertEqual(set(point.fields), set(before[resource]))
        self.assertGreater(points["cpu"].fields["full_total_usec"], 500_000)
        self.assert_all_near(points["cpu"], {field: (before["cpu"][field], after["cpu"][field]) for field in before["cpu"]}, slack=3)

    def test_a_container_without_it(self):
        switch = Path(self.folder) / "cgroup.pressure"
        switch.write_text("0")
        self.addCleanup(switch.write_text, "1")
        points, measurements, log = self.sampled()
        self.assertEqual(points, {})
        self.assertLessEqual({"lxc_cpu", "lxc_memory", "lxc_state"}, measurements)
        self.assertNotIn("it-pressure", log, "nothing is wrong with the container")


if __name__ == "__main__":
    unittest.main()
