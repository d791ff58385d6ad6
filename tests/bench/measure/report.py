# SPDX-License-Identifier: GPL-2.0-or-later
"""The table, the goals, and the file of the last figures."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

from .crowd import command

KIB = 1024
PREAD_TOLERANCE = 0.02
MISSED_TOLERANCE = 0.01
GROWTH_KIB = 128  # less is the allocator's: what it has given back and taken again


@dataclass
class Goal:
    text: str
    met: bool | None  # None: not measured in this run


def describe(figures):
    """One size as lines of text."""
    each = figures.containers
    agent_calls, helper_calls = figures.agent_calls.total() / each, figures.helper_calls.total() / each
    user = figures.usec * figures.user_share
    threads = ", ".join(f"{name} {usec:.1f}" for name, usec in sorted(figures.threads_usec.items()))
    sent = "unknown" if figures.sent_bytes is None else f"{figures.sent_bytes / KIB:.1f} KiB ({figures.points} points)"
    encoding = "unknown (no microbenchmarks)" if figures.encode_usec is None else f"about {figures.encode_usec:.1f}"
    opened = f", {figures.floor_opened} files opened at each read" if figures.floor_opened else ""
    lines = [
        ("CPU us a container", f"{figures.usec:.1f} ({user:.1f} user, {figures.usec - user:.1f} system): "
                               f"agent {figures.agent_usec:.1f}, helper {figures.helper_usec:.1f}"),
        ("floor", f"{figures.floor_usec:.1f}; wall of a round {figures.floor_wall_usec / 1000:.1f} ms{opened}"),
        ("ratio", f"{figures.ratio:.2f} (of medians: {figures.median_usec[0]:.1f} / {figures.median_usec[1]:.1f} = "
                  f"{figures.median_usec[0] / figures.median_usec[1]:.2f})"),
        ("encode, send", f"{encoding} in the main thread, {sum(figures.threads_usec.values()):.1f} in others ({threads})"),
        ("calls a container", f"{agent_calls + helper_calls:.1f}: agent {agent_calls:.1f} ({_calls(figures.agent_calls, each)}), "
                              f"helper {helper_calls:.1f} ({_calls(figures.helper_calls, each)})"),
        ("preads a container", f"agent {figures.agent_preads / each:.2f}, floor {figures.floor_preads / each:.2f}"),
        ("allocations a tick", ", ".join(f"{name} {count:.1f}" for name, count in figures.allocations.items())),
        ("resident", f"{figures.rss_kib / KIB:.1f} MiB (the helper alone {figures.helper_rss_kib / KIB:.1f}, nearly all of it "
                     f"shared with the agent and counted once); grown by {figures.growth_kib} KiB since tick {figures.grown_since}"),
        ("resident, course", " ".join(map(str, figures.course_kib)) + " KiB, each tenth of the ticks"),
        ("wall of a tick", f"p50 {percentile(figures.wall_usec, 50) / 1000:.1f} ms, p99 {percentile(figures.wall_usec, 99) / 1000:.1f} ms; "
                           f"{figures.missed} missed"),
        ("sent a tick", sent),
        ("start to delivery", f"{figures.start_seconds:.2f} s, less the wait for the tick's time"),
    ]
    head = f"{figures.containers} containers, {figures.ticks} ticks, one each {figures.interval_ns / 1e9:g} s"
    return "\n".join([head, *(f"  {name:20} {value}" for name, value in lines)])


def _calls(calls, each, most=5):
    return ", ".join(f"{name} {count / each:.1f}" for name, count in calls.most_common(most))


def percentile(values, percent):
    """The least value that so many percent of them don't exceed; 0 without any."""
    return values[-(-len(values) * percent // 100) - 1] if values else 0


def goals(by_count):
    """Of issue 6; the largest size counts."""
    most = by_count[max(by_count)]
    found = [
        Goal(f"CPU at {most.containers} containers: {most.usec:.1f} us each, at most 50", most.usec <= 50),
        Goal(f"times the floor: {most.ratio:.2f}, at most 2.0", most.ratio <= 2),
        Goal(f"resident: {most.rss_kib / KIB:.1f} MiB, below 32", most.rss_kib < 32 * KIB),
        Goal(f"a tick's wall time, p99: {percentile(most.wall_usec, 99) / 1000:.1f} ms, below 250", percentile(most.wall_usec, 99) < 250_000),
        Goal(f"start to first delivered tick: {most.start_seconds:.2f} s, below 2", most.start_seconds < 2),
    ]
    grown = [Goal(f"growth from tick {each.grown_since} to {each.ticks}: {each.growth_kib} KiB, at most {GROWTH_KIB}",
                  each.growth_kib <= GROWTH_KIB) for each in by_count.values() if each.grown_since > 0]
    found += grown or [Goal("growth over 10,000 ticks: not measured; --sizes 10 --interval 100ms --ticks 10000 does it", None)]
    if most.sending_share is not None:
        found.append(Goal(f"encoding, gzip and delivery: {most.sending_share:.0%} of the CPU, below 25 %", most.sending_share < 0.25))
    else:
        found.append(Goal("encoding, gzip and delivery: not measured; the microbenchmarks do it: apt-get install libbenchmark-dev", None))
    if {100, 1000} <= by_count.keys():
        small, large = by_count[100], by_count[1000]
        # What the kernel takes longer for the same calls is not the agent's.
        growth = large.usec / small.usec / (large.floor_usec / small.floor_usec)
        found.append(Goal(f"cost at 1000 to that at 100, beyond the floor's growth: {growth:.2f}, at most 1.3", growth <= 1.3))
    else:
        found.append(Goal("cost at 1000 to that at 100: not measured; --sizes 100,1000 does it", None))
    return found


def word(goal):
    return {True: "met", False: "MISSED", None: "open"}[goal.met]


def trouble(figures):
    """Why the figures say nothing; empty where they do."""
    if figures.missed > max(1, MISSED_TOLERANCE * figures.ticks):
        return (f"at {figures.containers} containers {figures.missed} of {figures.ticks} ticks were missed: is this machine "
                f"overloaded?")
    agent, floor = figures.agent_preads / figures.containers, figures.floor_preads / figures.containers
    if abs(agent - floor) > PREAD_TOLERANCE * agent:
        return (f"at {figures.containers} containers the agent reads {agent:.2f} times a container and tick, the floor {floor:.2f}: "
                f"more than {PREAD_TOLERANCE:.0%} apart, so their ratio says nothing")
    return ""


def where_and_when(source):
    modes = {line.split()[2] for line in Path("/proc/self/mounts").read_text().splitlines() if line.split()[2].startswith("cgroup")}
    mode = "hybrid" if len(modes) == 2 else "v2" if modes == {"cgroup2"} else "v1"
    commit = command("git", "-C", str(source), "describe", "--always", "--dirty") or "unknown"
    return (f"{time.strftime('%Y-%m-%d %H:%M')}, Linux {platform.release()}, {os.cpu_count()} cores, "
            f"cgroup {mode}, commit {commit}")
