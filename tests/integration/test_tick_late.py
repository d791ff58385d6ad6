# SPDX-License-Identifier: GPL-2.0-or-later
"""Points that are read late: their time is that of the reading, so that a rate between two points is the kernel's."""

import os
import signal
import time
import unittest
from pathlib import Path

from support.case import WatchCase, row_after
from support.second_source import CpuRecorder, SecondSource
from support.waiting import wait_for_time, wait_until

NSEC = 1_000_000_000
INTERVAL_NS = 6 * NSEC
# A reading that is later than this has its own time.
LATE_NS = NSEC
# What the recorder of the second source may be off: it is a process that waits for its CPU, too.
SLACK_NS = NSEC // 10
TRIES = 10


class LatePoints(WatchCase):
    def setUp(self):
        super().setUp()
        self.agent = self.start_agent("--interval", "6s", "--influx-url", self.influx.url, "--influx-db", self.db)

    def row_after(self, container, moment_ns):
        return row_after(self.influx, self.agent, "lxc_cpu", moment_ns, 60, "usage_percent", db=self.db, container=container.name)

    def next_tick(self):
        """When the next tick is due that has a second of time before it."""
        return (time.time_ns() + NSEC) // INTERVAL_NS * INTERVAL_NS + INTERVAL_NS

    def held(self, pid, due_ns):
        """The process is stopped just before the tick, and continued 2 s after it. Returns when that was; None if a busy machine has
        stopped it too late."""
        wait_for_time(due_ns - NSEC // 2)
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: "\nState:\tT" in Path(f"/proc/{pid}/status").read_text(), 5, "the process to stop")
        is_in_time = time.time_ns() < due_ns
        wait_for_time(due_ns + 2 * NSEC)
        continued_ns = time.time_ns()
        os.kill(pid, signal.SIGCONT)
        return continued_ns if is_in_time else None

    def assert_read_when_said(self, rows, recorder):
        """The kernel's counter had the point's value at the point's time, or at most LATE_NS after it; and between two points as much
        time has passed as growth and usage_percent say."""
        self.agent.wait_for(lambda: recorder.covers(rows[0].time, rows[-1].time + LATE_NS + 2 * SLACK_NS), what="the second source")
        for row in rows:
            wanted = [recorder.usage_at(row.time - SLACK_NS), recorder.usage_at(row.time + LATE_NS + SLACK_NS)]
            self.assertTrue(wanted[0] <= row["usage_usec"] <= wanted[1], (row, wanted, rows))
        for earlier, row in zip(rows, rows[1:]):
            passed_ns = (row["usage_usec"] - earlier["usage_usec"]) / (row["usage_percent"] / 100) * 1000
            self.assertLess(abs(row.time - earlier.time - passed_ns), LATE_NS + SLACK_NS, (earlier, row))

    def burning(self, *containers):
        for container in containers:
            burner = container.spawn_burner(600)
            self.addCleanup(burner.kill)
        recorder = CpuRecorder(SecondSource(containers[0]))
        return self.enterContext(recorder)

    def test_a_late_tick(self):
        (container,) = self.started(self.lab.add("it-late"))
        stopped = self.lab.add("it-late-stopped")
        recorder = self.burning(container)
        for _ in range(TRIES):
            due_ns = self.next_tick()
            before = self.row_after(container, due_ns - 2 * INTERVAL_NS)
            continued_ns = self.held(self.agent.pid, due_ns)
            late = self.row_after(container, due_ns - 1)
            # On a busy machine the tick may be skipped.
            if continued_ns and before.time == due_ns - INTERVAL_NS and late.time < due_ns + INTERVAL_NS:
                break
        else:
            self.fail(f"no late tick in {TRIES} tries; the agent said: {self.agent.stderr[-2000:]}")
        self.assertGreaterEqual(late.time, continued_ns)
        after = self.row_after(container, due_ns + INTERVAL_NS - 1)
        self.assert_read_when_said([before, late, after], recorder)
        self.agent.stop()
        for measurement, tags in {"lxc_state": {"container": stopped.name}, "lxc_memory": {}, "lxc_net": {}, "lxc_fs": {}, "lxc_pids": {},
                                  "host_cpu": {}, "host_net": {}, "host_fs": {}, "lxcmon_push": {}}.items():
            times = {row.time for row in self.influx.rows(measurement, db=self.db, **tags) if due_ns <= row.time < due_ns + INTERVAL_NS}
            self.assertTrue(times, measurement)
            self.assertGreaterEqual(min(times), continued_ns, measurement)

    def test_behind_a_container_that_takes_long(self):
        containers = self.started(self.lab.add("it-late-one"), self.lab.add("it-late-two"))
        recorders = [self.burning(container) for container in containers]
        for _ in range(TRIES):
            due_ns = self.next_tick()
            before = [self.row_after(container, due_ns - 2 * INTERVAL_NS) for container in containers]
            # The processes are counted in a tick that finds another number of threads.
            for container in containers:
                container.run_inside("sh", "-c", "exec sleep 600 </dev/null >/dev/null 2>&1 &")
            # The helper that counts them answers nothing, and is waited for.
            os.kill(self.agent.process_tree()[1], signal.SIGSTOP)
            late = [self.row_after(container, due_ns - 1) for container in containers]
            took_usec = row_after(self.influx, self.agent, "lxcmon_push", due_ns + INTERVAL_NS - 1, 60, db=self.db)["tick_usec"]
            on_time = [*(row.time + INTERVAL_NS for row in before), min(row.time for row in late)]
            if set(on_time) == {due_ns} and took_usec > 1_900_000:
                break
        else:
            self.fail(f"no such tick in {TRIES} tries; the agent said: {self.agent.stderr[-2000:]}")
        self.assertIn("the helper process did not get to it in time", self.agent.stderr)
        self.assertGreater(max(row.time for row in late), due_ns + LATE_NS)
        for container, recorder, earlier, row in zip(containers, recorders, before, late):
            self.assert_read_when_said([earlier, row, self.row_after(container, due_ns + INTERVAL_NS - 1)], recorder)
            net = [row.time for row in self.rows("lxc_net", container) if due_ns <= row.time < due_ns + INTERVAL_NS]
            self.assertEqual(net, [due_ns], "the interfaces were listed beside the wait, in time")


if __name__ == "__main__":
    unittest.main()
