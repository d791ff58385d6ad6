# SPDX-License-Identifier: GPL-2.0-or-later
"""The runs of one size, and what they give."""

import itertools
import json
import statistics
import struct
import subprocess
from collections import Counter
from dataclasses import dataclass, field

from support.influx import Influxd

from . import calls
from .crowd import Crowd
from .floor import Floor
from .grid import NSEC, Grid
from .watched import FS_TICKS, Watched, cpu_ns, private_kib, resident_kib, thread_cpu_ns, user_system_seconds

SHORTEST_TRACED_NS = 500_000_000  # strace attaches in less than half of it
GROWN_BY_TICK = 1000  # what an agent needs it has by then; a shorter run compares with its first measured tick


@dataclass
class Figures:
    """Of one size. CPU in us for each container and tick."""
    containers: int
    interval_ns: int
    ticks: int = 0
    missed: int = 0
    agent_usec: float = 0
    helper_usec: float = 0
    user_share: float = 0
    threads_usec: dict = field(default_factory=dict)
    encode_usec: float | None = None  # by the microbenchmark
    floor_usec: float = 0
    median_usec: tuple = (0, 0)  # of agent with helper, and of the floor
    rss_kib: int = 0
    helper_rss_kib: int = 0
    growth_kib: int = 0  # from `grown_since`, a tick, to the end
    grown_since: int = 0
    course_kib: list = field(default_factory=list)  # resident at each tenth of the ticks
    wall_usec: list = field(default_factory=list)
    sent_bytes: float | None = None  # a tick
    points: int = 0
    start_seconds: float = 0  # to the first tick delivered, less the wait for the tick's time
    floor_wall_usec: float = 0
    floor_opened: int = 0
    agent_calls: Counter = field(default_factory=Counter)  # a tick
    helper_calls: Counter = field(default_factory=Counter)
    floor_preads: float = 0
    allocations: dict = field(default_factory=dict)  # a tick

    @property
    def usec(self):
        return self.agent_usec + self.helper_usec

    @property
    def ratio(self):
        return self.usec / self.floor_usec

    @property
    def sending_share(self):
        """Of encoding, gzip and delivery; None where encoding was not measured."""
        return None if self.encode_usec is None else (self.encode_usec + sum(self.threads_usec.values())) / self.usec

    @property
    def agent_preads(self):
        return self.agent_calls["pread64"] + self.helper_calls["pread64"]


def measure_size(count, setup):
    crowd = Crowd(count)
    try:
        influx = Influxd(crowd.workspace).start()
        figures = Figures(count, setup.interval_ns)
        plan, mount_points = learn_plan(crowd, influx, setup)
        count_apart(crowd, influx, setup, figures)
        floor = Floor(setup.floor, crowd, plan, mount_points)
        try:
            measure_costs(crowd, influx, setup, floor, figures)
            figures.encode_usec = encode_usec(setup.micro, figures.points / count)
        finally:
            floor.close()
        return figures
    finally:
        crowd.close()


def learn_plan(crowd, influx, setup):
    """Ten containers say what each one costs: strace slows the agent down."""
    names = crowd.names[:10]
    grid = Grid(max(setup.interval_ns, SHORTEST_TRACED_NS))
    agent = Watched(crowd, influx, setup, "learned", [word for name in names for word in ("--include", name)],
                    interval_ns=grid.interval_ns)
    try:
        agent.wait_for_first_tick(len(names))
        grid.skip(FS_TICKS)
        plan = calls.learn(agent, names, grid, crowd.workspace.folder("learned"))
        return plan, agent.mount_points()
    finally:
        agent.stop()


def count_apart(crowd, influx, setup, figures):
    """System calls and allocations: with all containers, in a run of its own. strace takes 20 to 50 us a call."""
    interval_ns = max(setup.interval_ns, SHORTEST_TRACED_NS, len(crowd.names) * 5_000_000)
    grid, folder = Grid(interval_ns), crowd.workspace.folder("counted")
    agent = Watched(crowd, influx, setup, "counted", interval_ns=interval_ns,
                    env={"LD_PRELOAD": str(setup.shim), "LXCMONTEST_ALLOCATIONS": str(folder)})
    try:
        agent.wait_for_first_tick(len(crowd.names))
        grid.skip(setup.skip)
        pids = [agent.pid, *agent.helper_pids()]
        begin_ns = grid.next_middle()
        before = [allocations(folder, pid) for pid in pids]
        end_ns = grid.skip(FS_TICKS)
        after = [allocations(folder, pid) for pid in pids]
        traced_begin_ns, traced_end_ns, counted = calls.count_calls(pids, grid, FS_TICKS, folder)
        ticks, traced_ticks = len(agent.own_rows(begin_ns, end_ns)), len(agent.own_rows(traced_begin_ns, traced_end_ns))
    finally:
        agent.stop()
    if (ticks, traced_ticks) != (FS_TICKS, FS_TICKS):
        raise RuntimeError(f"the agent took {ticks} and, under strace, {traced_ticks} ticks of {FS_TICKS} each: is this machine "
                           f"overloaded?")
    grown = [[late - early for early, late in zip(*pair)] for pair in zip(before, after)]
    figures.allocations = {"agent's main thread": grown[0][0] / ticks, "agent's other threads": grown[0][1] / ticks,
                           "helper": sum(map(sum, grown[1:])) / ticks}
    figures.agent_calls, figures.helper_calls = per_tick(counted[0], ticks), per_tick(sum(counted[1:], Counter()), ticks)


def allocations(folder, pid):
    """So far, of the main thread and of the others (count_allocations.cpp)."""
    return struct.unpack("QQ", (folder / str(pid)).read_bytes())


def per_tick(calls_of_ticks, ticks):
    return Counter({name: count / ticks for name, count in calls_of_ticks.items()})


class Costs:
    """What the agent and its helper have used so far."""

    def __init__(self, agent):
        self.pids = [agent.pid, *agent.helper_pids()]
        self.cpu_ns = [cpu_ns(pid) for pid in self.pids]
        # What both have counts once.
        self.rss_kib = [resident_kib(agent.pid), *map(private_kib, self.pids[1:])]

    def usec_since(self, before):
        """CPU of the agent and of the helper."""
        if self.pids != before.pids:
            raise RuntimeError(f"the helper was replaced while it was measured: {before.pids}, then {self.pids}")
        agent, *helpers = [(late - early) / 1000 for early, late in zip(before.cpu_ns, self.cpu_ns)]
        return agent, sum(helpers)


def measure_costs(crowd, influx, setup, floor, figures):
    """Agent and floor in turn: the floor's round is in the middle between two ticks."""
    grid = Grid(setup.interval_ns)
    agent = Watched(crowd, influx, setup, "measured")
    try:
        first_ns, there_ns = agent.wait_for_first_tick(len(crowd.names))
        figures.start_seconds = (agent.ready_ns - agent.spawned_ns + there_ns - first_ns) / NSEC
        for _ in range(setup.skip):
            grid.next_middle()
            floor.round()
        begin_ns = grid.next_middle()
        watch = Watch(agent)
        rounds, costs = [], [Costs(agent)]
        for _ in range(setup.ticks):
            end_ns = grid.next_middle()
            costs.append(Costs(agent))
            rounds.append(floor.round())
        watch.end(setup.ticks, len(crowd.names), figures)
        own = agent.own_rows(begin_ns + setup.interval_ns, end_ns + setup.interval_ns)
    finally:
        agent.stop()
    take_costs(figures, setup, costs, rounds)
    # A tick's own time is in the next one's point.
    figures.wall_usec = sorted(row["tick_usec"] for row in own)
    figures.missed = setup.ticks - len(own)
    figures.points = own[-1]["points"] if own else 0
    figures.floor_opened = floor.opened_each_time


class Watch:
    """What is read at the begin and at the end alone."""

    def __init__(self, agent):
        self._agent = agent
        self._threads, self._split, self._sent = self._look()

    def _look(self):
        pids = [self._agent.pid, *self._agent.helper_pids()]
        split = [sum(parts) for parts in zip(*map(user_system_seconds, pids))]
        return thread_cpu_ns(self._agent.pid), split, self._agent.sent_bytes()

    def end(self, ticks, count, figures):
        threads, split, sent = self._look()
        figures.threads_usec = {name: (usage - self._threads[name]) / 1000 / ticks / count for name, usage in threads.items()}
        user, system = (late - early for early, late in zip(self._split, split))
        figures.user_share = user / (user + system) if user + system > 0 else 0
        if sent is not None and self._sent is not None and sent > self._sent:
            figures.sent_bytes = (sent - self._sent) / ticks
        pids = [self._agent.pid, *self._agent.helper_pids()]
        figures.helper_rss_kib = sum(map(resident_kib, pids[1:]))


def encode_usec(micro, points):
    """Encoding so many points, by the microbenchmark's time for one; it is a part of the main thread's."""
    if not micro.exists():
        return None
    words = [str(micro), "--benchmark_filter=^encode_points$", "--benchmark_format=json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["benchmarks"][0]["cpu_time"] / 1000 * points  # us for 1000 of them


def take_costs(figures, setup, costs, rounds):
    per_container = 1 / figures.containers
    used = [late.usec_since(early) for early, late in itertools.pairwise(costs)]
    floor = [each.cpu_ns / 1000 for each in rounds]
    failed = sum(each.failed for each in rounds)
    if failed:
        raise RuntimeError(f"{failed} of the floor's calls failed: it does not do what the agent does")
    figures.ticks = setup.ticks
    figures.agent_usec, figures.helper_usec = (statistics.fmean(part) * per_container for part in zip(*used))
    figures.floor_usec = statistics.fmean(floor) * per_container
    figures.median_usec = (statistics.median(map(sum, used)) * per_container, statistics.median(floor) * per_container)
    figures.floor_wall_usec = statistics.fmean(each.wall_ns for each in rounds) / 1000
    figures.floor_preads = statistics.fmean(each.preads for each in rounds)
    resident = [sum(each.rss_kib) for each in costs]
    figures.rss_kib = max(resident)
    figures.course_kib = [resident[tenth * (len(resident) - 1) // 10] for tenth in range(11)]
    figures.grown_since = GROWN_BY_TICK if len(resident) > 2 * GROWN_BY_TICK else 0
    figures.growth_kib = resident[-1] - resident[figures.grown_since]
