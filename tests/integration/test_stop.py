# SPDX-License-Identifier: GPL-2.0-or-later
"""How the agent ends, and how it takes new settings while it runs: nothing is lost either way."""

import json
import signal
import subprocess
import time
import unittest

from support import agent as program
from support import fault_server as faults
from support.delivery_case import DeliveryCase, points_of, ticks_taken
from support.influx import free_port
from support.recording_server import error_answer
from support.waiting import wait_until

GOOD = (204, {}, b"")
GRACE_SECONDS = 5


class StopCase(DeliveryCase):
    def assert_nothing_lost(self, agent, *servers):
        """Each tick is either with a server or in the spool."""
        keys = {(p.measurement, p.tags.get("container"), p.time) for server in servers for p in points_of(server.delivered())}
        keys |= {(p["name"], p["tags"].get("container"), p["timestamp"]) for p in self.spool(agent).points()}
        self.assertEqual(sorted(self.keys_of_ticks(agent.stderr) - keys), [])


class Signals(StopCase):
    def assert_ends_well(self, agent, number, seconds):
        result = agent.stop(number=number)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(result.seconds, seconds)

    def test_with_a_server(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                server = self.recorder()
                agent = self.deliver_to(server.url)
                self.wait_for_ticks(agent, 3)
                self.assert_ends_well(agent, number, GRACE_SECONDS)
                self.assert_delivered_once(server.delivered(), agent.stderr)
                self.assertEqual(self.spool(agent).segments(), [])

    def test_without_a_server(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                agent = self.deliver_to(f"http://127.0.0.1:{free_port()}")
                self.wait_for_ticks(agent, 3)
                self.assert_ends_well(agent, number, GRACE_SECONDS + 1)
                self.assert_nothing_lost(agent)

    def test_with_a_server_that_hangs(self):
        for fault in (faults.Silence(), faults.SlowDrip()):
            with self.subTest(fault):
                server = self.fault_server()
                server.answer = fault
                agent = self.deliver_to(server.url)
                self.wait_for_ticks(agent, 3)
                self.assert_ends_well(agent, signal.SIGTERM, GRACE_SECONDS + 2)
                self.assert_nothing_lost(agent)

    def test_with_a_server_that_is_back_just_now(self):
        server = self.fault_server()
        server.answer = error_answer(401, "authorization failed")
        agent = self.deliver_to(server.url)
        agent.wait_for(lambda: self.lines_with(agent, "HTTP 401"), what="401 in the log")
        self.wait_for_ticks(agent, 3)
        server.answer = GOOD
        self.assert_ends_well(agent, signal.SIGTERM, GRACE_SECONDS + 1)
        self.assertTrue(server.delivered(), "one try is left, though the next was a minute away")
        self.assert_nothing_lost(agent, server)

    def test_without_a_reader_of_its_output(self):
        self.assert_ends_without_a_reader("--dry-run")

    def test_without_a_reader_of_its_metrics(self):
        self.assert_ends_without_a_reader("--json-file", "/dev/null", "--openmetrics-file", "-")

    def assert_ends_without_a_reader(self, *options):
        command = [program.binary(), *map(str, self.arguments("--interval", "200ms", *options))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=program.clean_environment(self.path("no-spool"))) as process:
            self.workspace.note_process(process.pid)
            self.assertTrue(process.stdout.readline())
            process.stdout.close()
            log = process.stderr.read()
        self.assertEqual(process.returncode, 0, log)
        self.assertEqual(log.count("the reader of standard output has exited"), 1, log)
        self.assertEqual(log.count("stopped: "), 1, log)

    def test_gathered_points_are_not_lost(self):
        server = self.recorder()
        agent = self.deliver_to(server.url, "--flush-interval", "1h")
        self.wait_for_ticks(agent, 5)
        self.assert_ends_well(agent, signal.SIGTERM, 2)
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_a_second_sigterm_does_not_cost_the_spool(self):
        server = self.fault_server()
        server.answer = faults.Silence()
        agent = self.deliver_to(server.url)
        self.wait_for_ticks(agent, 3)
        agent.send_signal(signal.SIGTERM)
        agent.wait_for(lambda: self.lines_with(agent, "SIGTERM"), what="SIGTERM in the log")
        self.assert_ends_well(agent, signal.SIGTERM, GRACE_SECONDS + 2)
        self.assert_nothing_lost(agent)


class Reload(StopCase):
    def agent_of_a_file(self, **settings):
        self.settings = {"interval": "200ms", "log-level": "debug", **settings}
        path = self.file("settings.toml")
        self.write_settings()
        agent = self.start_agent("--config", path)
        self.wait_for_ticks(agent, 3)
        return agent

    def write_settings(self, **changes):
        self.settings.update(changes)
        text = "".join(f"{key} = {json.dumps(str(value))}\n" for key, value in self.settings.items())
        self.file("settings.toml", text)

    def reload(self, agent, words="in force"):
        already = len(self.lines_with(agent, words))
        agent.send_signal(signal.SIGHUP)
        agent.wait_for(lambda: len(self.lines_with(agent, words)) > already, what=f"{words!r} in the log")

    def test_another_server(self):
        first, second = self.recorder(), self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": first.url})
        self.write_settings(**{"influx-url": second.url})
        self.reload(agent)
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        self.assert_delivered_once([*first.delivered(), *second.delivered()], agent.stderr)
        self.assertTrue(first.delivered() and second.delivered())

    def test_the_spool_goes_to_the_new_server(self):
        second = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": f"http://127.0.0.1:{free_port()}"})
        agent.wait_for(lambda: len(self.spool(agent).times()) >= 3, what="three ticks in the spool")
        self.write_settings(**{"influx-url": second.url})
        self.reload(agent)
        self.assert_spool_empty(agent)
        self.stopped(agent)
        self.assert_delivered_once(second.delivered(), agent.stderr)

    def test_another_interval(self):
        server = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        self.write_settings(interval="100ms")
        self.reload(agent)
        begin = time.time_ns()
        self.wait_for_ticks(agent, 10)
        self.stopped(agent)
        times = [moment for moment in ticks_taken(agent.stderr) if moment > begin]
        self.assert_on_time(times[1:], 100_000_000)
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_a_new_token_in_the_same_file(self):
        server, token = self.fault_server(), self.file("token", "old-token\n")
        server.answer = lambda request: GOOD if "new-token" in request.headers["authorization"] else error_answer(401, "who are you?")
        agent = self.agent_of_a_file(**{"influx-url": server.url, "influx-org": "o", "influx-bucket": "b", "influx-token-file": token})
        agent.wait_for(lambda: self.lines_with(agent, "HTTP 401"), what="401 in the log")
        token.write_text("new-token\n")
        self.reload(agent)
        agent.wait_for(server.delivered, 10, "a delivery, long before the minute is over")
        self.assert_spool_empty(agent)
        self.stopped(agent)
        self.assert_delivered_once(server.delivered(), agent.stderr)
        self.assertNotRegex(agent.stderr, "(old|new)-token")

    def test_bad_settings_keep_the_old_ones(self):
        server = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        for bad, words in (({"interval": "soon"}, "'soon'"), ({"influx-url": "nonsense"}, "influx-url"),
                           ({"no-such-key": "1"}, "no-such-key")):
            with self.subTest(bad):
                good = dict(self.settings)
                self.write_settings(**bad)
                self.reload(agent, words)
                self.settings = good
        self.file("settings.toml", "interval = \n= =")
        self.reload(agent, "settings.toml")
        self.wait_for_ticks(agent, 3)
        self.stopped(agent)
        times = ticks_taken(agent.stderr)
        self.assert_on_time(times, 200_000_000)
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_nothing_has_changed(self):
        server = self.recorder()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        for _ in range(5):
            self.reload(agent, "have not changed")
        self.drained_and_stopped(agent)
        times = ticks_taken(agent.stderr)
        self.assert_on_time(times, 200_000_000)
        self.assert_delivered_once(server.delivered(), agent.stderr)

    def test_with_the_server_hanging(self):
        server, other = self.fault_server(), self.recorder()
        server.answer = faults.Silence()
        agent = self.agent_of_a_file(**{"influx-url": server.url})
        self.write_settings(**{"influx-url": other.url})
        self.reload(agent)
        wait_until(other.delivered, 10, "a delivery to the other server")
        self.assert_spool_empty(agent)
        self.drained_and_stopped(agent)
        self.assert_delivered_once(other.delivered(), agent.stderr)


if __name__ == "__main__":
    unittest.main()
