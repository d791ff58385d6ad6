# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred containers at once."""

import unittest

from support import agent as program
from support.case import LabCase
from support.line_protocol import parse_lines

COUNT = 100
MEASUREMENTS = {"lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_pids", "lxc_state"}


class Hundred(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.containers = [cls.lab.add(f"it-{number:03}") for number in range(COUNT)]
        cls.lab.start_all(cls.containers)
        cls.names = {container.name for container in cls.containers}

    def dry_run(self):
        result = program.run(*self.arguments("--once", "--dry-run"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result

    def assert_complete(self, points):
        for measurement in MEASUREMENTS:
            names = [point.tags["container"] for point in points if point.measurement == measurement]
            self.assertEqual(len(names), COUNT, measurement)
            self.assertEqual(set(names), self.names, measurement)

    def test_all_are_there_in_time(self):
        result = self.dry_run()
        points = parse_lines(result.stdout)
        self.assert_complete(points)
        self.assertEqual(len({point.time for point in points}), 1)
        for point in points:
            if point.measurement == "lxc_cpu":
                self.assertIn("usage_percent", point.fields)
        self.assertLess(result.seconds, 10)

    def test_influxdb_takes_every_line(self):
        influx = self.start_influxd()
        influx.execute("CREATE DATABASE lxc")
        text = self.dry_run().stdout
        self.assertEqual(influx.write("lxc", text.encode()), (204, ""))
        for point in parse_lines(text):
            # One read for each measurement is enough for the counts; the values are checked on the first container.
            if point.tags.get("container", "it-000") == "it-000":
                rows = influx.rows(point.measurement, **point.tags)
                self.assertEqual([(row.time, row.fields) for row in rows], [(point.time, point.fields)])
        for measurement in MEASUREMENTS:
            self.assertEqual(len(influx.rows(measurement)), COUNT, measurement)

    def test_the_agent_keeps_its_ticks(self):
        influx = self.start_influxd(name="influxd-of-ticks")
        agent = self.start_agent("--interval", "1s", "--influx-url", influx.url)
        agent.wait_for(lambda: len(influx.rows("lxc_state", container="it-099")) >= 4, 20, "four ticks")
        agent.stop()
        for measurement in MEASUREMENTS:
            rows = influx.rows(measurement)
            times = sorted({row.time for row in rows})
            self.assertEqual(len(rows), COUNT * len(times), f"{measurement} is not there for all containers in every tick")
            self.assertEqual({later - earlier for earlier, later in zip(times, times[1:])}, {1_000_000_000}, measurement)


if __name__ == "__main__":
    unittest.main()
