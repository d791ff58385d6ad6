# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that the kernel can't list for seconds cost no tick, and the log names what a missed tick cost."""

import signal
import subprocess
import time
import unittest
from pathlib import Path

from support.case import LabCase
from support.line_protocol import parse_line
from support.rtnl_hold import RtnlHold
from support.tracer import Tracer
from support.waiting import wait_until

INTERVAL = 1
LATE = "the kernel has not listed the interfaces within"
IN_TIME = "the kernel lists the interfaces in time again"
MISSED = "late and skipped"


class Interfaces(LabCase):
    def watch(self):
        self.agent = self.start_agent("--interval", f"{INTERVAL}s", "--dry-run", "--fs-interval", "1h")
        self.wait_for_more("lxc_net", 1)

    def times(self, measurement):
        lines = [line for line in self.agent.stdout.split("\n")[:-1] if line.startswith(f"{measurement},")]
        return sorted({parse_line(line).time for line in lines})

    def wait_for_more(self, measurement, count, timeout=30):
        before = len(self.times(measurement))
        self.agent.wait_for(lambda: len(self.times(measurement)) >= before + count, timeout, f"{count} ticks with {measurement}")

    def assert_no_tick_missed(self):
        times = self.times("lxc_cpu")
        gaps = [later for earlier, later in zip(times, times[1:]) if later - earlier != INTERVAL * 1_000_000_000]
        self.assertEqual(gaps, [], self.agent.stderr)
        self.assertNotIn(MISSED, self.agent.stderr)

    def hold(self):
        hold = RtnlHold(self.workspace)
        self.addCleanup(hold.release)
        return hold

    def test_while_the_kernel_holds_its_lock_ticks_go_on(self):
        self.started(self.lab.add("it-lock"))
        self.watch()
        hold = self.hold()
        self.wait_for_more("lxc_cpu", 1)  # the tick that may have begun before
        listed = self.times("lxc_net"), self.times("host_net")
        self.wait_for_more("lxc_cpu", 4)
        self.assertEqual((self.times("lxc_net"), self.times("host_net")), listed, "no old figure with a new time")
        hold.release()
        self.wait_for_more("lxc_net", 2)
        self.wait_for_more("host_net", 2)
        self.agent.stop()
        self.assert_no_tick_missed()
        self.assertEqual((self.agent.stderr.count(LATE), self.agent.stderr.count(IN_TIME)), (1, 1), self.agent.stderr)

    def test_the_end_does_not_wait_for_the_lock(self):
        self.started(self.lab.add("it-lock-end"))
        self.watch()
        hold = self.hold()
        self.agent.wait_for(lambda: LATE in self.agent.stderr, 20, "the late list in the log")
        self.agent.send_signal(signal.SIGTERM)
        # Its process ends when the kernel lets its thread go; all of its work is done before.
        wait_until(lambda: " missed" in self.agent.stderr, 20, "the last line of the log")
        hold.release()
        self.assertEqual(self.agent.stop().returncode, 0)

    def test_a_reload_does_not_wait_for_the_lock(self):
        self.started(self.lab.add("it-lock-reload"))
        settings = self.file("settings.toml", f'interval = "{INTERVAL}s"\n')
        self.agent = self.start_agent("--config", settings, "--dry-run", "--fs-interval", "1h")
        self.wait_for_more("lxc_net", 1)
        hold = self.hold()
        self.agent.wait_for(lambda: LATE in self.agent.stderr, 20, "the late list in the log")
        settings.write_text(settings.read_text() + "net-loopback = true\n")
        self.agent.send_signal(signal.SIGHUP)
        self.agent.wait_for(lambda: "the new settings are in force" in self.agent.stderr, 20, "the reload")
        self.wait_for_more("lxc_cpu", 2)
        hold.release()
        self.wait_for_more("lxc_net", 2)
        self.agent.stop()

    def test_a_killed_container_with_500_bridges(self):
        _, victim = self.started(self.lab.add("it-bridges-steady"), self.lab.add("it-bridges-victim"))
        batch = "".join(f"link add b{number} type bridge\n" for number in range(500))
        subprocess.run(["nsenter", "--net", "--target", str(victim.init_pid()), "ip", "-batch", "-"], input=batch, text=True,
                       check=True, timeout=120)
        self.watch()
        victim.stop(kill=True)
        self.wait_for_more("lxc_cpu", 12, 60)  # the kernel takes about ten seconds
        self.wait_for_more("lxc_net", 1, 60)
        self.agent.stop()
        self.assert_no_tick_missed()


class MissedTicks(LabCase):
    def test_a_stopped_agent_is_no_overloaded_host(self):
        self.started(self.lab.add("it-stopped"))
        agent = self.start_agent("--interval", "500ms", "--dry-run")
        agent.wait_for(lambda: "lxc_cpu," in agent.stdout, 20, "a tick")
        agent.send_signal(signal.SIGSTOP)
        wait_until(lambda: "\nState:\tT" in Path(f"/proc/{agent.pid}/status").read_text(), 5, "the agent to stop")
        stopped = time.time()
        wait_until(lambda: time.time() > stopped + 2, 5, "three ticks to pass")
        agent.send_signal(signal.SIGCONT)
        agent.wait_for(lambda: f"{MISSED}: a signal stopped the agent" in agent.stderr, 20, "the reason in the log")
        agent.stop()

    def test_a_signal_to_go_on_is_no_reason_for_a_later_delay(self):
        self.started(self.lab.add("it-continued"))
        agent = self.start_agent("--interval", "500ms", "--dry-run")

        def wait_for_ticks(count):
            before = agent.stdout.count("lxc_cpu,")
            agent.wait_for(lambda: agent.stdout.count("lxc_cpu,") >= before + count, 20, f"{count} ticks")

        wait_for_ticks(1)
        agent.send_signal(signal.SIGCONT)
        wait_for_ticks(2)
        self.assertNotIn(MISSED, agent.stderr)
        tracer = Tracer(agent, self.path("trace"), "-e", "trace=poll,ppoll", "-e", "inject=poll,ppoll:delay_exit=2000000:when=1")
        agent.wait_for(lambda: MISSED in agent.stderr, 20, "missed ticks in the log")
        tracer.end()
        agent.stop()
        self.assertNotIn("a signal stopped the agent", agent.stderr)


if __name__ == "__main__":
    unittest.main()
