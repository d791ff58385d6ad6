# SPDX-License-Identifier: GPL-2.0-or-later
"""The test classes' common base: a lab, and what to close at the end, whatever happens."""

import time
import unittest
from collections import Counter

import seen_fields

from .agent import Agent
from .containers import Lab
from .findings import SANITIZED
from .influx import Influxd
from .waiting import wait_until

HOST = "it-host"
TOLERANCE = 0.05


class LabCase(unittest.TestCase):
    """A lab for all tests of the class; each test's own agents and servers end with it."""

    lab = None
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.workspace = cls.lab.workspace

    @classmethod
    def start_influxd(cls, auth=False, name="influxd", pair=None):
        server = Influxd(cls.workspace, auth, name, pair)
        cls.addClassCleanup(server.stop)
        return server.start()

    def own_influxd(self, auth=False, pair=None, number=1, **more):
        """A server for one test alone, with empty data."""
        server = Influxd(self.workspace, auth, f"influxd-{self._testMethodName}-{number}", pair, **more)
        self.addCleanup(server.stop)
        return server.start()

    def arguments(self, *more):
        return ["--lxcpath", self.lab.lxcpath, "--host", HOST, *more]

    def start_agent(self, *arguments, env=None, prefix=()):
        agent = Agent(self.workspace, *self.arguments(*arguments), env=env, prefix=prefix)
        self.addCleanup(agent.kill)
        return agent

    def file(self, name, text=""):
        """A file for this test in the lab's folder, for root alone: it may be a secret."""
        path = self.workspace.folder(f"files-{self._testMethodName}") / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def path(self, name):
        """Where this test may put a file or a folder."""
        return self.workspace.folder(f"files-{self._testMethodName}") / name

    def started(self, *containers):
        """Starts containers that are destroyed when the test ends."""
        for container in containers:
            self.addCleanup(self._destroy_if_there, container)
        self.lab.start_all(containers)
        return containers

    @staticmethod
    def _destroy_if_there(container):
        if container.folder.exists():
            container.destroy()

    def assert_near(self, value, wanted, name, tolerance=TOLERANCE, slack=0):
        """`value` is within `tolerance` of `wanted`, or of the range when `wanted` is a pair."""
        low, high = (min(wanted), max(wanted)) if isinstance(wanted, tuple) else (wanted, wanted)
        self.assertIsNotNone(value, f"{name} is missing; the second source says {wanted}")
        self.assertTrue(low - abs(low) * tolerance - slack <= value <= high + abs(high) * tolerance + slack,
                        f"{name} is {value}; the second source says {wanted}")

    def assert_on_time(self, times, interval_ns):
        """Each on a multiple of the interval, and most of them one interval apart: a busy machine may skip some, and what is read more
        than a second late has its own time."""
        gaps = Counter(later - earlier for earlier, later in zip(times, times[1:]))
        early = [later for earlier, later in zip(times, times[1:])
                 if later % interval_ns and not earlier % interval_ns and later - earlier < 1_000_000_000]
        self.assertEqual(early, [], gaps)
        self.assertGreater(sum(moment % interval_ns == 0 for moment in times), len(times) / 2, gaps)
        if not SANITIZED:
            self.assertEqual(gaps.most_common(1)[0][0], interval_ns, gaps)

    def assert_all_near(self, row, wanted, slack=0):
        """Each of the row's figures is near what the second source says; that they were compared, those that are not 0, is noted
        (seen_fields.py)."""
        for name, value in wanted.items():
            self.assert_near(row.fields.get(name), value, f"{row.measurement} {name}", slack=slack)
        self._note_real(row, wanted)

    def assert_all_equal(self, row, wanted):
        """The same for what must be exactly so, and for texts."""
        self.assertEqual({name: row.fields.get(name) for name in wanted}, wanted, row.measurement)
        self._note_real(row, wanted)

    @staticmethod
    def _note_real(row, names):
        # Where both say 0 the agent may have read something else, or nothing at all.
        seen_fields.note(row.measurement, *(name for name in names if row.fields[name]))


class WatchCase(LabCase):
    """An agent at 500 ms, and one InfluxDB for the class with a database for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.influx = cls.start_influxd()

    def setUp(self):
        # The tests share the server and not its rows.
        self.db = self._testMethodName
        self.influx.execute(f'CREATE DATABASE "{self.db}"')

    def watch(self, *arguments):
        self.agent = self.start_agent("--interval", "500ms", "--influx-url", self.influx.url, "--influx-db", self.db, *arguments)
        return self.agent

    def rows(self, measurement, container=None, **tags):
        if container is not None:
            tags["container"] = container.name
        return self.influx.rows(measurement, db=self.db, **tags)


def row_after(server, agent, measurement, moment_ns=None, timeout=15, field=None, **tags):
    """The first point of a tick that lies after the moment (default: now), of those that have this field."""
    moment_ns = moment_ns or time.time_ns()
    newer = agent.wait_for(lambda: [row for row in server.rows(measurement, **tags)
                                    if row.time > moment_ns and field in (None, *row.fields)], timeout,
                           f"a point of {measurement} {field or ''} {tags} after {moment_ns}")
    return newer[0]


def wait_for_rows(server, agent, count, measurement, timeout=20, **tags):
    return agent.wait_for(lambda: _at_least(server.rows(measurement, **tags), count), timeout,
                          f"{count} points of {measurement} {tags}")


def _at_least(rows, count):
    return rows if len(rows) >= count else None


def wait_for_file(path, count, timeout=20):
    """The lines of a file, when it has so many."""
    return wait_until(lambda: _at_least(path.read_text().splitlines() if path.exists() else [], count), timeout,
                      f"{count} lines in {path}")
