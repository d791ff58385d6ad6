# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers come, go, freeze and restart under a running agent."""

import os
import threading
import time
import unittest
from pathlib import Path

from support.case import WatchCase, row_after, wait_for_rows
from support.containers import Spec, make_rootfs
from support.second_source import SecondSource
from support.waiting import wait_until

INTERVAL_NS = 500_000_000
COUNTERS = {"lxc_cpu": ("usage_usec",), "lxc_net": ("rx_bytes", "tx_bytes"), "lxc_memory": ("pgfault",)}
BURN = ("sh", "-c", "while :; do :; done")


class LifecycleCase(WatchCase):
    def row_after_now(self, measurement, container, moment_ns=None, **tags):
        return row_after(self.influx, self.agent, measurement, moment_ns, db=self.db, container=container.name, **tags)

    def wait_for_state(self, container, state):
        def newest():
            rows = self.rows("lxc_state", container)
            return rows[-1] if rows and rows[-1]["state"] == state else None
        return self.agent.wait_for(newest, 15, f"{container.name} to be {state}")

    def assert_no_tick_is_missing(self, container):
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_pids", "lxc_state"):
            times = [row.time for row in self.rows(measurement, container)]
            gaps = [(earlier, later) for earlier, later in zip(times, times[1:]) if later - earlier != INTERVAL_NS]
            self.assertGreater(len(times), 4, f"{measurement} of {container.name}")
            self.assertEqual(gaps, [], f"{measurement} of {container.name} has gaps; the agent said: {self.agent.stderr[-2000:]}")

    def assert_times_are_aligned(self):
        for measurement in ("lxc_cpu", "lxc_state", "lxc_net"):
            self.assertEqual([row.time for row in self.rows(measurement) if row.time % INTERVAL_NS], [], measurement)

    def assert_percentages_are_sane(self):
        most = os.cpu_count() * 100 * 1.3
        wrong = [row for row in self.rows("lxc_cpu") if not 0 <= row.fields.get("usage_percent", 0) <= most]
        self.assertEqual(wrong, [])

    def assert_counters_only_grow(self, container):
        for measurement, names in COUNTERS.items():
            for name in names:
                values = [row[name] for row in self.rows(measurement, container) if name in row.fields]
                self.assertEqual(values, sorted(values), f"{measurement} {name} of {container.name}")


class Changes(LifecycleCase):
    def test_the_others_miss_no_tick(self):
        steady = self.started(self.lab.add("it-steady-1"), self.lab.add("it-steady-2"))
        (victim,) = self.started(self.lab.add("it-victim"))
        steady[0].spawn_inside(*BURN)
        self.watch()
        wait_for_rows(self.influx, self.agent, 2, "lxc_cpu", db=self.db, container="it-steady-2")
        for number in range(4):
            victim.freeze()
            self.wait_for_state(victim, "FROZEN")
            victim.unfreeze()
            victim.stop()
            self.wait_for_state(victim, "STOPPED")
            victim.start()
            passing = self.lab.add(f"it-passing-{number}")
            passing.start()
            self.wait_for_state(passing, "RUNNING")
            passing.destroy()
        self.agent.stop()
        for container in steady:
            self.assert_no_tick_is_missing(container)
            self.assert_counters_only_grow(container)
        self.assert_times_are_aligned()
        self.assert_percentages_are_sane()

    def test_stops_at_any_moment_disturb_nobody(self):
        (steady,) = self.started(self.lab.add("it-calm"))
        victims = self.started(*[self.lab.add(f"it-flapping-{number}") for number in range(4)])
        self.watch()
        wait_for_rows(self.influx, self.agent, 2, "lxc_cpu", db=self.db, container="it-calm")
        end, failures = time.time() + 5, []
        threads = [threading.Thread(target=self._flap, args=(victim, end, failures)) for victim in victims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(failures, [])
        for victim in victims:
            self.row_after_now("lxc_cpu", victim)
        self.agent.stop()
        self.assert_no_tick_is_missing(steady)
        self.assert_percentages_are_sane()
        self.assert_times_are_aligned()

    @staticmethod
    def _flap(container, end, failures):
        try:
            while time.time() < end:
                container.stop(kill=True)
                container.start()
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)


class States(LifecycleCase):
    def test_stopped(self):
        (container,) = self.started(self.lab.add("it-stopping"))
        self.watch()
        self.row_after_now("lxc_cpu", container)
        container.stop()
        stopped = self.wait_for_state(container, "STOPPED")
        self.assertEqual((stopped["running"], stopped["frozen"]), (False, False))
        self.assertFalse({"init_pid", "uptime_sec"} & set(stopped.fields))
        wait_for_rows(self.influx, self.agent, len(self.rows("lxc_state", container)) + 2, "lxc_state", db=self.db,
                      container=container.name)
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_pids"):
            late = [row for row in self.rows(measurement, container) if row.time > stopped.time]
            self.assertEqual(late, [], f"{measurement} of a stopped container")

    def test_stopped_before_the_agent_started(self):
        container = self.lab.add("it-never-started")
        self.addCleanup(container.destroy)
        self.watch()
        row = self.row_after_now("lxc_state", container)
        self.assertEqual((row["state"], row["running"], row["restarts"]), ("STOPPED", False, 0))

    def test_frozen(self):
        (container,) = self.started(self.lab.add("it-freezing"))
        container.spawn_inside(*BURN)
        self.watch()
        self.row_after_now("lxc_cpu", container)
        container.freeze()
        self.addCleanup(container.unfreeze)
        frozen = self.wait_for_state(container, "FROZEN")
        self.assertIs(frozen["frozen"], True)
        quiet = self.row_after_now("lxc_cpu", container, frozen.time + INTERVAL_NS)
        self.assertLess(quiet["usage_percent"], 5)
        self.row_after_now("lxc_net", container)
        container.unfreeze()
        self.assertIs(self.wait_for_state(container, "RUNNING")["frozen"], False)
        self.agent.stop()
        self.assert_no_tick_is_missing(container)

    def test_created_and_destroyed(self):
        self.watch()
        container = self.lab.add("it-coming")
        container.start()
        for measurement in ("lxc_cpu", "lxc_memory", "lxc_net", "lxc_fs", "lxc_pids", "lxc_state"):
            self.row_after_now(measurement, container)
        (other,) = self.started(self.lab.add("it-staying"))
        container.destroy()
        gone = time.time_ns()
        self.row_after_now("lxc_state", other, gone + 3 * INTERVAL_NS)
        late = [row for row in self.rows("lxc_state", container) if row.time > gone + INTERVAL_NS]
        self.assertEqual(late, [], "points of a container that is no more")


class Restarts(LifecycleCase):
    def test_a_restart_is_counted_and_figures_begin_afresh(self):
        (container,) = self.started(self.lab.add("it-restarting"))
        self.watch()
        container.burn(2)
        old_cpu, old_state = self.row_after_now("lxc_cpu", container), self.row_after_now("lxc_state", container)
        self.assertEqual(old_state["restarts"], 0)
        container.restart()
        new_state, new_cpu = self.row_after_now("lxc_state", container), self.row_after_now("lxc_cpu", container)
        self.assert_all_equal(new_state, {"restarts": 1, "init_pid": container.init_pid()})
        self.assertLess(new_state["uptime_sec"], 5)
        self.assertLess(new_cpu["usage_usec"], old_cpu["usage_usec"] / 2)
        self.assert_near(new_cpu["usage_usec"], SecondSource(container).usage_usec(), "usage_usec after the restart", slack=20_000)
        # The first tick of a new start has no earlier one to tell a rate from.
        first = next(row for row in self.rows("lxc_cpu", container) if row["usage_usec"] < old_cpu["usage_usec"] / 2)
        self.assertNotIn("usage_percent", first.fields)
        self.assert_percentages_are_sane()

    def test_a_stop_and_a_later_start_is_a_restart_too(self):
        (container,) = self.started(self.lab.add("it-pausing"))
        self.watch()
        self.row_after_now("lxc_cpu", container)
        container.stop()
        self.wait_for_state(container, "STOPPED")
        container.start()
        self.assertEqual(self.wait_for_state(container, "RUNNING")["restarts"], 1)

    def test_a_new_container_of_an_old_name(self):
        """Destroyed, made again and started between two ticks: nothing of the old one is left in the figures."""
        (container,) = self.started(self.lab.add("it-again"))
        container.burn(2)
        self.watch()
        old = self.row_after_now("lxc_cpu", container)["usage_usec"]
        container.destroy()
        (container,) = self.started(self.lab.add("it-again"))
        new = self.row_after_now("lxc_state", container)
        # Gone for a tick it is a new container, else it is one that was restarted.
        stopped = [row for row in self.rows("lxc_state", container) if row["state"] != "RUNNING"]
        self.assertIn(new["restarts"], (0, 1), stopped)
        self.assert_starts_afresh([row for row in self.rows("lxc_cpu", container) if row["usage_usec"] < old / 2], old)

    def assert_starts_afresh(self, rows, old):
        self.assertGreater(len(rows), 0)
        self.assertNotIn("usage_percent", rows[0].fields)
        self.assertLess(rows[0]["usage_usec"], old / 2)
        self.assert_percentages_are_sane()

    def test_renamed_while_stopped(self):
        # liblxc copies the container and destroys the old one: with its root filesystem.
        rootfs = self.lab.lxcpath / "it-before/rootfs"
        rootfs.mkdir(parents=True)
        (container,) = self.started(self.lab.add("it-before", Spec(rootfs=make_rootfs(rootfs))))
        container.burn(2)
        self.watch()
        old = self.row_after_now("lxc_cpu", container)["usage_usec"]
        container.stop()
        self.wait_for_state(container, "STOPPED")
        container.rename("it-after")
        container.start()
        new = self.row_after_now("lxc_state", container)
        self.assertEqual((new["restarts"], new.tags.get("name")), (0, None))
        self.assert_starts_afresh(self.rows("lxc_cpu", container), old)
        gone = [row for row in self.influx.rows("lxc_state", db=self.db, container="it-before") if row.time >= new.time]
        self.assertEqual(gone, [], "points of a name that is no more")

    def test_many_restarts_with_the_same_host_interface(self):
        """The kernel keeps a veth as long as anything holds the container's network namespace; then the next start fails."""
        peer = f"itv{os.getpid() % 10_000_000}"
        (container,) = self.started(self.lab.add("it-veth", Spec(host_interface=peer)))
        self.watch()
        self.row_after_now("lxc_net", container)
        descriptors = self._descriptors()
        for _ in range(30):
            container.restart()
        row = self.row_after_now("lxc_net", container)
        self.assertEqual(row["host_interface"], peer)
        for _ in range(5):
            container.restart()
            wait_for_rows(self.influx, self.agent, len(self.rows("lxc_net", container)) + 1, "lxc_net", db=self.db,
                          container=container.name)
        self.assertLessEqual(self._descriptors(), descriptors + 4, "descriptors of past starts are still open")

    def _descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.agent.process_tree())

    def test_no_namespace_of_a_container_is_held(self):
        (container,) = self.started(self.lab.add("it-held"))
        self.watch()
        self.row_after_now("lxc_net", container)
        inside = os.readlink(f"/proc/{container.init_pid()}/ns/net")
        wait_until(lambda: inside not in self._held(), what="the agent to be outside the container's network namespace")
        container.stop()
        wait_until(lambda: inside not in self._held(), 3, f"{inside} of the stopped container to be let go", self._held)
        self.wait_for_state(container, "STOPPED")
        self.assertNotIn(inside, self._held())

    def _held(self):
        """Network namespaces that the agent and its helper are in or have open."""
        held = set()
        for pid in self.agent.process_tree():
            for link in [*Path(f"/proc/{pid}/fd").glob("*"), Path(f"/proc/{pid}/ns/net")]:
                try:
                    held.add(os.readlink(link))
                except FileNotFoundError:
                    continue
        return {name for name in held if name.startswith("net:")}


class TwoPaths(LifecycleCase):
    def test_one_name_in_two_lxcpaths(self):
        first = self.lab.add("it-twin")
        second = self.lab.add("it-twin", lxcpath=self.lab.second_lxcpath())
        self.started(first, second)
        self.watch("--lxcpath", second.lxcpath)
        second.burn(2)
        after = time.time_ns()
        self.agent.wait_for(lambda: len([row for row in self.rows("lxc_cpu", first) if row.time > after]) >= 4, 15,
                            "points of both containers")
        rows = [row for row in self.rows("lxc_cpu", first) if row.time > after]
        by_path = {path: [row for row in rows if row.tags.get("lxcpath") == path] for path in (None, str(second.lxcpath))}
        self.assertEqual(len(by_path[None]) + len(by_path[str(second.lxcpath)]), len(rows), "a tag lxcpath of another value")
        self.assertLess(by_path[None][-1]["usage_usec"], 500_000)
        self.assert_near(by_path[str(second.lxcpath)][-1]["usage_usec"], SecondSource(second).usage_usec(), "usage_usec", slack=20_000)
        states = {row.tags.get("lxcpath"): row["init_pid"] for row in self.rows("lxc_state", first) if row.time > after}
        self.assertEqual(states, {None: first.init_pid(), str(second.lxcpath): second.init_pid()})


if __name__ == "__main__":
    unittest.main()
