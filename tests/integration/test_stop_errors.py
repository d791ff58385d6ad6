# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors of the agent itself: threads that can't be started, a main loop that fails, a fork that takes long. strace(1) injects them."""

import json
import signal
import unittest

from support.findings import sanitizer_environment
from support.influx import free_port
from support.tracer import Tracer
from test_stop import StopCase

POLL = "?poll,?ppoll"
NEW_THREADS = "clone,?clone3"


class ErrorCase(StopCase):
    def start_agent(self, *arguments, **more):
        return super().start_agent(*arguments, env=sanitizer_environment(is_traced=True), **more)

    def trace(self, agent, calls, action, *arguments):
        tracer = Tracer(agent, self.path("trace"), *arguments, "-e", f"trace={calls}", "-e", f"inject={calls}:{action}")
        self.addCleanup(tracer.end)
        return tracer

    def agent_of_a_file(self, **settings):
        self.settings = {"interval": "200ms", "log-level": "debug", **settings}
        self.write_settings()
        agent = self.start_agent("--config", self.path("settings.toml"))
        self.wait_for_ticks(agent, 3)
        return agent

    def write_settings(self, **changes):
        self.settings.update(changes)
        self.file("settings.toml", "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items()))

    def log_has(self, agent, *words):
        agent.wait_for(lambda: self.lines_with(agent, *words), what=f"{words} in the log")


class NoNewThreads(ErrorCase):
    def test_at_the_end(self):
        agent = self.deliver_to(f"http://127.0.0.1:{free_port()}", "--influx-url", f"http://127.0.0.1:{free_port()}",
                                "--influx-mode", "all")
        self.wait_for_ticks(agent, 3)
        tracer = self.trace(agent, NEW_THREADS, "error=EAGAIN")
        result = agent.stop(timeout=30)
        self.assertGreater(tracer.injected, 0, "a thread was wanted")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(self.lines_with(agent, "stopped: ")), 1)
        self.assert_nothing_lost(agent)

    def test_at_a_reload(self):
        first, second = self.recorder(), self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": first.url})
        tracer = self.trace(agent, NEW_THREADS, "error=EAGAIN")
        self.write_settings(**{"influx-url": second.url})
        agent.send_signal(signal.SIGHUP)
        self.log_has(agent, "can't be used")
        self.wait_for_ticks(agent, 3)
        tracer.end()
        self.log_has(agent, "delivery resumed")
        self.assertEqual(len(self.lines_with(agent, "delivery is suspended")), 1, agent.stderr)
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        self.assert_delivered_once(first.delivered(), agent.stderr)

    def test_at_a_reload_and_until_the_end(self):
        server = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        self.trace(agent, NEW_THREADS, "error=EAGAIN")
        self.write_settings(**{"influx-url": f"http://127.0.0.1:{free_port()}"})
        agent.send_signal(signal.SIGHUP)
        self.log_has(agent, "delivery is suspended")
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        self.assert_nothing_lost(agent, server)


class MainLoop(ErrorCase):
    def test_a_poll_that_always_fails(self):
        server = self.recorder()
        agent = self.deliver_to(server.url, "--flush-interval", "1h")
        self.wait_for_ticks(agent, 5)
        log = agent.stderr  # a tick that is taken while all calls of poll() fail has no containers
        self.trace(agent, POLL, "error=ENOMEM")
        agent.process.wait(30)
        result = agent.stop()
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(self.lines_with(agent, "the main loop fails")), 1, result.stderr)
        self.assertEqual(len(self.lines_with(agent, "ends because of an error: poll: Cannot allocate memory")), 1, result.stderr)
        self.assertEqual(len(self.lines_with(agent, "stopped: ")), 1, result.stderr)
        self.assert_delivered_once(server.delivered(), log)

    def test_a_signal_that_can_not_be_read_yet(self):
        server = self.recorder()
        agent = self.deliver_to(server.url)
        self.wait_for_ticks(agent, 3)
        tracer = self.trace(agent, "read", "error=EIO")
        agent.send_signal(signal.SIGTERM)
        self.log_has(agent, "reading signals: Input/output error")
        tracer.end()
        result = self.stopped(agent)
        self.assertIn("received SIGTERM", result.stderr)
        self.assert_delivered_once(server.delivered(), agent.stderr)


class ForkThatTakesLong(ErrorCase):
    def test_a_reload_beside_it(self):
        """The new helper has copies of all descriptors for longer than a reload waits for liblxc, also of the lock of the spool, which
        another level of the log has opened again."""
        server = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        tracer = self.trace(agent, "close_range", "delay_enter=4000000", "-f")
        self.write_settings(interval="400ms", **{"log-level": "trace"})
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: self.lines_with(agent, "in force") or self.lines_with(agent, "can't be used"), what="the end of the reload")
        self.assertEqual(self.lines_with(agent, "can't be used"), [])
        self.assertIn("close_range", tracer.output.read_text())
        tracer.end()
        self.wait_for_ticks(agent, 2)
        self.stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_the_first_tick_after_a_reload(self):
        """The new process for liblxc answers after more than an interval."""
        server = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        tracer = self.trace(agent, "close_range", "delay_enter=500000", "-f")
        self.write_settings(interval="400ms")
        agent.send_signal(signal.SIGHUP)
        self.log_has(agent, "in force")
        self.wait_for_ticks(agent, 2)
        tracer.end()
        self.stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)


if __name__ == "__main__":
    unittest.main()
