# SPDX-License-Identifier: GPL-2.0-or-later
"""The common base of the tests that look at delivery: a few containers, an agent that says its ticks, and what must have become of
them."""

import re
import time
from collections import Counter, defaultdict

from . import agent as program
from .case import LabCase
from .fault_server import FaultServer
from .line_protocol import parse_lines
from .recording_server import RecordingServer
from .spool import SpoolFolder
from .waiting import wait_until

TICK = re.compile(r"\btick (\d{19}): (\d+) containers, (\d+) points, (\d+) us")
SLOW_USEC = 500_000
MEASUREMENTS = ("lxc_cpu", "lxc_memory", "lxc_state")
# What an agent sends where a server takes its time with each line: enough for a batch, and the same on each kind of host.
SENT_OF_CONTAINERS = (*MEASUREMENTS, "lxc_net", "lxc_fs", "lxc_pids")
SENT = (*SENT_OF_CONTAINERS, "lxcmon_push")


def ticks_taken(log):
    """The times of the ticks that an agent at log level debug has taken."""
    return [int(moment) for moment, *_ in TICK.findall(log)]


def _on_time(log):
    """Ticks whose points surely have the tick's time: what is read more than a second late has its own, and so may the next tick."""
    ticks = TICK.findall(log)
    return [tick for before, tick in zip([None, *ticks], ticks) if all(int(each[3]) < SLOW_USEC for each in (before, tick) if each)]


def ticks_on_time(log):
    """The times of those ticks whose points have them, on a machine however busy."""
    return [int(moment) for moment, *_ in _on_time(log)]


def ticks_with(count, log):
    """Those of them in which the agent knew so many containers: on a busy machine liblxc may answer after the first tick."""
    return [int(moment) for moment, containers, *_ in _on_time(log) if int(containers) == count]


def rows_of_ticks(log):
    """{time: how many rows the server must have of the tick}, of ticks on time, as the agent says, with its own one."""
    return {int(moment): int(points) + 1 for moment, _, points, _ in _on_time(log)}


def by_tick(keys, log):
    """What is missing, in few words: the tick's number, the measurement, how many containers and one of them."""
    ticks = ticks_taken(log)
    missing = defaultdict(list)
    for measurement, container, moment in sorted(keys):
        missing[ticks.index(moment), measurement].append(container)
    return [f"tick {tick} of {len(ticks)}: {measurement} of {len(names)}, {names[0]}" for (tick, measurement), names in sorted(missing.items())]


def points_of(requests):
    return [point for request in requests for point in parse_lines(request.body)]


def wait_seconds(seconds):
    """Lets the wall clock go on, where the passing of time itself is the condition."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, seconds + 5, "time to pass")


class DeliveryCase(LabCase):
    container_count = 2
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.containers = [cls.lab.add(f"it-delivery-{number}") for number in range(cls.container_count)]
        cls.lab.start_all(cls.containers)

    def recorder(self):
        server = RecordingServer()
        self.addCleanup(server.close)
        return server

    def fault_server(self, **more):
        server = FaultServer(**more)
        self.addCleanup(server.close)
        return server

    def run_once(self, *arguments, env=None):
        result = program.run(*self.arguments("--once", *arguments), env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def deliver_to(self, url, *arguments, interval="200ms", **more):
        """An agent that says each tick. Where the arguments name no spool it has one of its own."""
        sent = [f"--metrics={measurement}" for measurement in SENT]
        return self.start_agent("--interval", interval, "--influx-url", url, "--log-level", "debug", *sent, *arguments, **more)

    def spool(self, agent):
        return SpoolFolder(agent.spool_dir)

    def wait_for_ticks(self, agent, count, timeout=20):
        """So many ticks more, from now on."""
        already = len(ticks_taken(agent.stderr))
        agent.wait_for(lambda: len(ticks_taken(agent.stderr)) >= already + count, timeout, f"{count} ticks")
        return ticks_taken(agent.stderr)

    def drained_and_stopped(self, agent, earlier=None):
        """On a busy machine some points go through the spool, and a stop would leave them there. `earlier`: whose spool it has."""
        agent.wait_for(lambda: not self.spool(earlier or agent).segments(), 60, "the spool to be empty")
        return self.stopped(agent)

    def stopped(self, agent):
        result = agent.stop()
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def keys_of_ticks(self, log, measurements=MEASUREMENTS):
        """(measurement, container, time) of everything that must have come of the ticks in the log."""
        return {(measurement, container.name, moment) for moment in ticks_with(len(self.containers), log)
                for container in self.containers for measurement in measurements}

    def assert_delivered_once(self, requests, log, missing=()):
        """Each tick of the log is in these requests, once for each container and measurement."""
        counts = Counter((point.measurement, point.tags["container"], point.time) for point in points_of(requests)
                         if point.measurement in MEASUREMENTS)
        wanted = self.keys_of_ticks(log)
        self.assertTrue(wanted, f"no tick in the log: {log}")
        self.assertEqual(by_tick(wanted - set(counts) - set(missing), log), [], "not delivered")
        self.assertEqual([key for key, count in counts.items() if count > 1], [], "delivered twice")

    def assert_in_influx(self, influx, log, db="lxc"):
        """Each tick of the log is in InfluxDB, once for each container and measurement."""
        counts = Counter((measurement, row.tags["container"], row.time)
                         for measurement in MEASUREMENTS for row in influx.rows(measurement, db=db))
        wanted = self.keys_of_ticks(log)
        self.assertTrue(wanted, f"no tick in the log: {log}")
        self.assertEqual(by_tick(wanted - set(counts), log), [], f"not in InfluxDB; {log.splitlines()[-1:]}")
        self.assertEqual([key for key, count in counts.items() if count > 1], [], "twice in InfluxDB")

    def assert_spool_empty(self, agent):
        spool = self.spool(agent)
        wait_until(lambda: not spool.segments(), 15, "the spool to be empty", lambda: str(spool.segments()))
        self.assertEqual(spool.rejected(), [])
        self.assertEqual(spool.bad_files(), [])

    def lines_with(self, agent, *words):
        """The log's lines, but for debug, that have all the words, in whatever case."""
        return [line for line in agent.stderr.splitlines()
                if all(word.lower() in line.lower() for word in words) and "debug" not in line.lower()]
