# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is lost: the agent on real containers, while the server is stopped, killed and answers with faults, and the agent itself is
killed and stopped again and again. LXCMONTEST_LOSS_SECONDS is how long (300), LXCMONTEST_LOSS_SEED what happens when."""

import os
import random
import shutil
import tempfile
import time
import unittest
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.chaos import Chaos
from support.delivery_case import SENT, DeliveryCase, points_of, rows_of_ticks, ticks_taken
from support.spool import SpoolFolder

SECONDS = float(os.environ.get("LXCMONTEST_LOSS_SECONDS", "300"))
SEED = int(os.environ.get("LXCMONTEST_LOSS_SEED", str(time.time_ns() % 1_000_000)))
SIGKILLS = max(1, round(30 * SECONDS / 300))
SIGTERMS = max(1, round(10 * SECONDS / 300))
MEMORY_LIMIT_KIB = 64 * 1024


@dataclass
class Run:
    """One life of the agent."""
    killed: bool
    ticks: dict  # {time: rows}
    log: str

    def story(self):
        """Its log without the lines of ticks."""
        return "\n".join(line for line in self.log.splitlines() if " debug: tick " not in line)


def identity(measurement, point):
    """Whatever other tags it has."""
    return (measurement, *(point.tags.get(name) for name in ("container", "interface", "mountpoint")), point.time)


class Loss(DeliveryCase):
    container_count = 5

    def setUp(self):
        self.random = random.Random(SEED)
        self.runs, self.peaks_kib = [], []
        # In memory: what a disk that is stalled by other work has not taken is in the agent's memory, and SIGKILL ends that.
        place = tempfile.mkdtemp(prefix="lxcmon-it-loss-", dir="/dev/shm")
        self.addCleanup(shutil.rmtree, place)
        self.folder = Path(place) / "spool"

    def new_agent(self):
        return self.deliver_to(self.server.url, env={"LXCMON_SPOOL_DIR": str(self.folder)})

    def end_run(self, agent, kill):
        if agent.running():
            self.peaks_kib.append(agent.peak_memory_kib())
        if kill:
            agent.kill()
        else:
            # Before its first tick it may not yet have its hand on the signals.
            agent.wait_for(lambda: ticks_taken(agent.stderr), 10, "the first tick")
            self.stopped(agent)
        self.runs.append(Run(kill, rows_of_ticks(agent.stderr), agent.stderr))

    def ends_of_runs(self):
        """When and how the agent is ended: (seconds after the begin, by SIGKILL)."""
        kinds = [True] * SIGKILLS + [False] * SIGTERMS
        self.random.shuffle(kinds)
        return zip(sorted(self.random.uniform(1, SECONDS) for _ in kinds), kinds)

    def run_with_chaos(self, influx):
        agent, begin = self.new_agent(), time.monotonic()
        with Chaos(influx, self.server, random.Random(SEED + 1)) as chaos:
            for moment, kill in self.ends_of_runs():
                agent.wait_for(lambda m=moment: time.monotonic() - begin >= m, SECONDS + 60, "the end of a run")
                self.end_run(agent, kill)
                agent = self.new_agent()
            agent.wait_for(lambda: time.monotonic() - begin >= SECONDS, SECONDS + 60, "the end")
        print(f"     chaos, seed {SEED}: {chaos.done}", flush=True)
        return agent

    def drain(self, agent):
        """Everything that is left, now that the server is well."""
        files = SpoolFolder(self.folder)
        agent.wait_for(lambda: not files.segments(), 90, "an empty spool")
        self.end_run(agent, kill=False)
        self.assertEqual(files.segments(), [])

    def missing_ticks(self, found):
        """{tick: words}, and those of them that were on their way at a SIGKILL: the last of their runs. Of the rows of a tick, since
        filesystems that took too long are left out."""
        missing, in_flight = {}, set()
        for number, run in enumerate(self.runs):
            for place, (moment, rows) in enumerate(run.ticks.items()):
                if found[moment] == rows:
                    continue
                missing[moment] = (f"run {number}, ended by {'SIGKILL' if run.killed else 'SIGTERM'}: of tick {place + 1} of "
                                   f"{len(run.ticks)} there are {found[moment]} of {rows} rows")
                if run.killed and moment == max(run.ticks):
                    in_flight.add(moment)
        return missing, in_flight

    def stories(self, missing):
        """What the runs with missing ticks have said, and the runs after them."""
        bad = {number + more for number, run in enumerate(self.runs) for more in (0, 1, 2) if set(run.ticks) & set(missing)}
        return [f"--- run {number}\n{self.runs[number].story()}" for number in sorted(bad) if number < len(self.runs)]

    def test_nothing_is_lost_and_nothing_is_there_twice(self):
        influx = self.own_influxd()
        self.server = self.fault_server(upstream=("127.0.0.1", influx.port))
        self.drain(self.run_with_chaos(influx))
        rows = Counter(identity(measurement, row) for measurement in SENT for row in influx.rows(measurement))
        missing, allowed = self.missing_ticks(Counter(moment for *_, moment in rows))
        taken = {moment for run in self.runs for moment in run.ticks}
        twice = [key for key, count in rows.items() if count > 1]
        sent = Counter(identity(point.measurement, point) for point in points_of(self.server.delivered()))
        print(f"     seed {SEED}: {SIGKILLS} SIGKILLs, {SIGTERMS} SIGTERMs in {SECONDS:g} s; ticks taken {len(taken)}, "
              f"found {len(taken - set(missing))}, missing {len(missing)} of which {len(allowed)} were on their way at a SIGKILL "
              f"(allowed: {SIGKILLS}), twice {len(twice)}; points acknowledged again after a kill: "
              f"{sum(count - 1 for count in sent.values())} of {sum(sent.values())}; "
              f"{len(rows)} rows; most memory {max(self.peaks_kib)} KiB", flush=True)
        self.assertEqual(SpoolFolder(self.folder).rejected(), [])
        self.assertGreaterEqual(len(taken), SECONDS)
        unexplained = [words for moment, words in missing.items() if moment not in allowed]
        self.assertEqual(unexplained, [], "\n".join(unexplained + self.stories(missing)))
        self.assertEqual(twice, [])
        self.assertLess(max(self.peaks_kib), MEMORY_LIMIT_KIB)


if __name__ == "__main__":
    unittest.main()
