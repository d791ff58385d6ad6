# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent as a service of systemd: what it says of itself, and that its loop lives."""

import os
import re
import signal
import time
import unittest

from support.case import LabCase
from support.dead_fuse import DeadFuse
from support.service_manager import ServiceManager

WATCHDOG_SECONDS = 2


class Service(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.start_all([cls.lab.add("it-service")])

    def start_service(self, *arguments):
        self.manager = ServiceManager(self.path("notify"), WATCHDOG_SECONDS)
        self.addCleanup(self.manager.close)
        return self.start_agent(*arguments, env=self.manager.environment)

    def wait_for_status(self, agent, pattern):
        return agent.wait_for(lambda: [status for status in self.manager.statuses() if re.search(pattern, status)], 30,
                              f"a status like {pattern!r}; the last was {self.manager.statuses()[-1:]}")

    def wait_for_food(self, agent, count):
        """Waits until the watchdog has been fed so often from now on; each time was in time."""
        already = len(self.manager.messages("WATCHDOG"))
        agent.wait_for(lambda: len(self.manager.messages("WATCHDOG")) >= already + count, 30, f"the watchdog to be fed {count} times")
        moments = [message.moment for message in self.manager.messages("WATCHDOG")][already:]
        self.assertLess(max(later - earlier for earlier, later in zip(moments, moments[1:])), WATCHDOG_SECONDS)

    def test_from_start_to_end(self):
        influx = self.own_influxd()
        agent = self.start_service("--interval", "500ms", "--influx-url", influx.url)
        self.wait_for_status(agent, r"^1 container; last delivery \d\d:\d\d:\d\d; spool empty$")
        self.wait_for_food(agent, 4)
        influx.stop()
        self.wait_for_status(agent, r"^1 container; last delivery .*; \d+ points in the spool; http://127.0.0.1")
        influx.start()
        self.wait_for_status(agent, r"; spool empty$")
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: len(self.manager.messages("READY")) == 2, 10, "READY after the reload")
        self.assertEqual(agent.stop().returncode, 0)
        self.assertEqual(self.manager.names(), ["READY", "RELOADING", "READY", "STOPPING"])
        self.assertIn("stopping", self.manager.statuses()[-1])
        self.assertEqual({message.pid for message in self.manager.messages()}, {agent.pid})

    def test_fed_between_ticks_that_are_far_apart(self):
        agent = self.start_service("--interval", "1h", "--json-file", self.path("points.jsonl"))
        self.wait_for_food(agent, 4)

    def test_without_a_server_it_says_where_the_points_are(self):
        points = self.path("points.jsonl")
        agent = self.start_service("--interval", "200ms", "--json-file", points)
        self.wait_for_status(agent, re.escape(f"1 container; writing {points} (no --influx-url)"))
        self.assertEqual(agent.stderr.count(f"--influx-url is not set: points are written to {points} only"), 1)

    def test_a_loop_that_is_stuck_does_not_feed_the_watchdog(self):
        other = self.path("other-containers")
        other.mkdir()
        agent = self.start_service("--interval", "200ms", "--json-file", self.path("points.jsonl"), "--lxcpath", other)
        self.wait_for_food(agent, 2)
        fuse = DeadFuse(self.workspace, os.getpid(), str(other))
        self.addCleanup(fuse.close)
        agent.wait_for(lambda: time.monotonic() - self.manager.messages()[-1].moment > 2 * WATCHDOG_SECONDS, 30, "the silence of a loop that is stuck")
        fuse.close()
        self.wait_for_food(agent, 2)


if __name__ == "__main__":
    unittest.main()
