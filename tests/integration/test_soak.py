# SPDX-License-Identifier: GPL-2.0-or-later
"""A soak: the agent at 100 ms, while 20 containers start and stop all the time and the server restarts. In the end no sample is lost,
no counter has fallen, nothing has grown, and the log has a line for each change and no more. LXCMONTEST_SOAK_SECONDS is how long
(180), LXCMONTEST_SOAK_SEED what happens when."""

import os
import random
import re
import statistics
import time
import unittest
from bisect import bisect_right
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from support.churn import Churn, RestartingServer
from support.containers import Spec
from support.delivery_case import DeliveryCase

SECONDS = float(os.environ.get("LXCMONTEST_SOAK_SECONDS", "180"))
SEED = int(os.environ.get("LXCMONTEST_SOAK_SEED", str(time.time_ns() % 1_000_000)))
CONTAINERS = 20
WORKERS = 4
INTERVAL_NS = 100_000_000
TICK = re.compile(r"\btick (\d{19}): (\d+) containers, (\d+) points")
END = re.compile(r"stopped: (\d+) points? delivered, (\d+) rejected, (\d+) dropped, (\d+) left in the spool, (\d+) ticks? missed")
# Measurement and the counters of it that start at 0 with the container.
COUNTERS = {"lxc_cpu": ("usage_usec", "user_usec", "system_usec"),
            "lxc_net": ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets"),
            "lxc_memory": ("pgfault", "pgmajfault"),
            "lxc_state": (), "lxc_pids": ()}
# Medians of the last third and the third before it. A leak of a page for each start would be far above.
MOST_GROWTH = 1.1

BUSY_SCRIPT = """#!/bin/sh
trap 'exit 0' TERM PWR
while :; do head -c 20000 /dev/urandom | md5sum > /dev/null; sleep 1 & wait $!; done
"""


@dataclass
class Usage:
    """Of the agent and its helpers at one moment."""
    descriptors: int
    threads: int
    processes: int
    resident_kib: int

    def fits(self, bound):
        """Connections to the server and a file of the spool come and go; a leak would add a descriptor for each start."""
        return (self.descriptors <= bound.descriptors + 4 and self.threads <= bound.threads and
                self.processes <= bound.processes)


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}


def usage_of(agent):
    """None if a helper ended meanwhile."""
    try:
        pids = agent.process_tree()
        states = [status_of(pid) for pid in pids]
        return Usage(len(os.listdir(f"/proc/{agent.pid}/fd")), int(states[0]["Threads"]), len(pids),
                     sum(int(state.get("VmRSS", 0)) for state in states))
    except (FileNotFoundError, ProcessLookupError):
        return None


def lines_of(log):
    """The lines above debug, without their times."""
    return [re.sub(r"^\S+ \S+ ", "", line) for line in log.splitlines() if " debug: " not in line]


def print_kinds(agent):
    kinds = Counter(re.sub(r"\d+", "N", line) for line in lines_of(agent.stderr))
    print("\n".join(f"     {count} x {kind}" for kind, count in kinds.most_common(20)), flush=True)


class Soak(DeliveryCase):
    container_count = 0

    def setUp(self):
        self.random = random.Random(SEED)
        (self.lab.rootfs / "bin/busy0").write_text(BUSY_SCRIPT)
        (self.lab.rootfs / "bin/busy0").chmod(0o755)
        self.influx = self.own_influxd()
        self.idle = [self.lab.add(f"it-soak-{number}", Spec(extra=("lxc.init.cmd = /bin/busy0",))) for number in range(CONTAINERS)]
        self.usages, self.lives, self.outages = [], {}, 0

    def start_soaked_agent(self):
        metrics = [f"--metrics={measurement}" for measurement in (*COUNTERS, "lxcmon_push")]
        return self.start_agent("--interval", "100ms", "--influx-url", self.influx.url, "--log-level", "debug", *metrics)

    def churns(self):
        share = CONTAINERS // WORKERS
        # A start or stop takes some 300 ms of one core: about two in a second, for all of the workers.
        return [Churn(self.idle[first:first + share], random.Random(SEED + first), 1.5) for first in range(0, CONTAINERS, share)]

    def resting_usage(self, agent, bound=None):
        """Of an agent that has delivered all and has seen for two seconds that no container runs; with `bound`, waits until it has
        no more than that."""
        # What was sampled while the server was away goes beside the new points, and slowly if both cores are busy.
        agent.wait_for(lambda: not self.spool(agent).segments(), 60 + SECONDS / 4, "an empty spool")
        self.wait_for_ticks(agent, 20)

        def rests():
            usage = usage_of(agent)
            return usage if usage and (bound is None or usage.fits(bound)) else None
        return agent.wait_for(rests, 40, f"an agent that rests with {bound} or less; it has {usage_of(agent)}")

    def churn(self, agent, seconds):
        begin = time.monotonic()
        with ExitStack() as stack:
            server = stack.enter_context(RestartingServer(self.influx, random.Random(SEED + 1000), (5, 20), (0.5, 4)))
            churns = [stack.enter_context(churn) for churn in self.churns()]
            while time.monotonic() - begin < seconds:
                next_second = min(begin + seconds, time.monotonic() + 1)
                agent.wait_for(lambda moment=next_second: time.monotonic() >= moment, 60, "a second")
                if (usage := usage_of(agent)) is not None:
                    self.usages.append(usage)
        for churn in churns:
            for name, lives in churn.lives.items():
                self.lives.setdefault(name, []).extend(lives)
        self.outages += server.outages

    def median(self, which, third):
        size = len(self.usages) // 3
        return statistics.median(getattr(usage, which) for usage in self.usages[third * size:(third + 1) * size])

    def points_by_time(self):
        """How many points there are of each tick; their counters are looked at on the way."""
        counts = Counter(row.time for row in self.influx.rows("lxcmon_push"))
        for container in self.idle:
            for measurement, names in COUNTERS.items():
                rows = self.influx.rows(measurement, container=container.name)
                counts.update(row.time for row in rows)
                self.check_counters(container, rows, names)
        return counts

    def check_counters(self, container, rows, names):
        for life in self.lives[container.name]:
            within = [row for row in rows if life.begin_ns <= row.time <= life.end_ns]
            for name in names:
                values = [row.fields[name] for row in within if name in row.fields]
                self.assertEqual(values, sorted(values), f"{container.name} {name} falls between {life.begin_ns} and {life.end_ns}")
                self.compared += len(values)

    def check_figures(self, log, end):
        ticks = {int(moment): int(points) + 1 for moment, _, points in TICK.findall(log)}  # 1: lxcmon_push itself
        missed = int(end[5])
        span = (max(ticks) - min(ticks)) // INTERVAL_NS + 1
        self.assertEqual(span, len(ticks) + missed, "each tick is taken or counted as missed")
        moments, counts = sorted(ticks), Counter()
        for moment, count in self.points_by_time().items():
            # What is read more than a second after its tick has its own time.
            counts[moments[max(bisect_right(moments, moment), 1) - 1]] += count
        lacking = {moment: (counts[moment], wanted) for moment, wanted in ticks.items() if counts[moment] != wanted}
        lost = sum(wanted - found for found, wanted in lacking.values())
        self.assertEqual(lost, int(end[3]), f"points neither in InfluxDB nor counted as dropped: {dict(list(lacking.items())[:10])}")
        return len(ticks), missed, sum(counts.values())

    def check_log(self, log, missed):
        """A line above debug tells of a change: of the server, of the time that ticks take, or of a container."""
        lines = lines_of(log)
        late = [line for line in lines if "late and skipped" in line or "on time again" in line]
        self.assertLessEqual(len(late), 2 * missed, "more lines about late ticks than missed ticks")
        # On a busy machine the kernel's lists come late, too, and in time again.
        of_links = [line for line in lines if "has not listed the interfaces" in line or "lists the interfaces in time again" in line]
        self.assertLessEqual(len(of_links), len(TICK.findall(log)) // 5, "more lines about late interfaces than a busy machine explains")
        starts = sum(map(len, self.lives.values()))
        of_delivery = [line for line in lines if self.influx.url in line]
        self.assertLessEqual(len(of_delivery), 6 * self.outages + 5, "more lines about the server than changes")
        self.assertLessEqual(len(lines) - len(late) - len(of_links) - len(of_delivery), 20 + starts // 10, "more lines than changes")

    def test_it_stays_as_it_was(self):
        self.compared = 0
        agent = self.start_soaked_agent()
        self.addCleanup(print_kinds, agent)
        self.churn(agent, 10)  # warm-up: each buffer has had its size
        first = self.resting_usage(agent)
        self.usages.clear()
        self.churn(agent, SECONDS)
        last = self.resting_usage(agent, first)
        result = self.stopped(agent)
        end = END.search(result.stderr)
        self.assertIsNotNone(end, result.stderr[-500:])
        ticks, missed, points = self.check_figures(result.stderr, end)
        growth = {which: (self.median(which, 1), self.median(which, 2))
                  for which in ("descriptors", "threads", "processes", "resident_kib")}
        print(f"     seed {SEED}: {SECONDS:g} s, {sum(map(len, self.lives.values()))} starts, {self.outages} outages of the server; "
              f"{ticks} ticks, {missed} missed; {points} points, {self.compared} counters compared; end: {end[0]}\n"
              f"     at rest {first} and {last}\n     medians of the second and last third: {growth}", flush=True)
        self.check_log(result.stderr, missed)
        # How many containers run varies, and with them the descriptors: these are compared at rest.
        before, after = growth["resident_kib"]
        self.assertLessEqual(after, before * MOST_GROWTH)
        self.assertGreater(self.compared, SECONDS * 50)


if __name__ == "__main__":
    unittest.main()
