# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of docs/protocol.md's table that take a minute: wrong settings are tried again every 60 s, a 500 several times. All agents run
at the same time, each with its own server; the tests look at one after the other."""

import time
import unittest

from support import fault_server as faults
from support.agent import Agent
from support.delivery_case import DeliveryCase, ticks_on_time
from support.fault_server import FaultServer
from support.recording_server import error_answer, json_answer
from support.spool import SpoolFolder
from support.waiting import wait_until

GOOD = (204, {}, b"")
SETTINGS_WAIT = 60
INTERVAL = "500ms"


class Trial:
    """An agent and its server: `script` are the answers to the first writes, `answer` is what it says afterwards."""

    def __init__(self, case, *arguments, script=(), answer=GOOD, url=None):
        self.begin = time.monotonic()
        self.server = FaultServer()
        case.addClassCleanup(self.server.close)
        self.server.answer = answer
        self.server.script(*script)
        self.agent = Agent(case.workspace, "--lxcpath", case.lab.lxcpath, "--host", "it-host", "--interval", INTERVAL, "--log-level",
                           "debug", "--influx-url", url or self.server.url, *arguments)
        case.addClassCleanup(self.agent.kill)
        self.spool = SpoolFolder(self.agent.spool_dir)


class PoisonedLine:
    """A server that breaks on one line and takes all others."""

    def __init__(self, word):
        self._word, self.line = word, None

    def __call__(self, request):
        lines = request.body.splitlines()
        self.line = self.line or next((line for line in lines if self._word in line), None)
        return error_answer(500, "it broke") if self.line in lines else GOOD


class Waits(DeliveryCase):
    SETTINGS = {
        "401": error_answer(401, "authorization failed"),
        "403": json_answer(403, {"code": "forbidden", "message": "insufficient permissions for write"}),
        "404": json_answer(404, {"code": "not found", "message": "bucket not found"}),
        "405": error_answer(405, "no such method"),
        "407": (407, {"Proxy-Authenticate": "Basic"}, b""),
        "500": error_answer(500, "retention policy not found: weekly"),
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = {status: Trial(cls, answer=answer) for status, answer in cls.SETTINGS.items()}
        cls.poison = PoisonedLine("lxc_state,container=it-delivery-1")
        cls.poisoned = Trial(cls, answer=cls.poison)
        # So many tries that the way to a bad line would have been gone once.
        cls.broken = Trial(cls, script=[error_answer(500, "engine: no space left on device")] * 8)
        cls.silent = {name: Trial(cls, script=[fault, fault]) for name, fault in
                      (("silence", faults.Silence()), ("slow drip", faults.SlowDrip()), ("no end", faults.endless_continues()))}
        cls.influx = cls.start_influxd(auth=True)
        password = cls.workspace.folder("secrets") / "password"
        password.write_text("later-secret\n")
        password.chmod(0o600)
        cls.stranger = Trial(cls, "--influx-user", "later", "--influx-password-file", password, url=cls.influx.url)
        cls.unknown_user_is_made()
        cls.second = FaultServer()
        cls.addClassCleanup(cls.second.close)
        cls.failover = Trial(cls, "--influx-url", cls.second.url, script=[error_answer(503, "not now")])

    @classmethod
    def unknown_user_is_made(cls):
        trial = cls.stranger
        trial.agent.wait_for(lambda: "HTTP 401" in trial.agent.stderr and len(trial.spool.times()) >= 5, 20, "401 and ticks in the spool")
        cls.influx.execute("CREATE USER later WITH PASSWORD 'later-secret' WITH ALL PRIVILEGES")

    def lines_about(self, trial, *words):
        return self.lines_with(trial.agent, *words)

    def assert_drained(self, trial):
        wait_until(lambda: trial.spool.segments() == [] and trial.server.delivered(), 40, "the spool to be empty",
                   lambda: f"{trial.spool.segments()} {trial.agent.stderr[-600:]}")
        self.stopped(trial.agent)

    def test_wrong_settings_keep_the_data(self):
        for status, trial in self.settings.items():
            with self.subTest(status):
                trial.agent.wait_for(lambda t=trial, s=status: self.lines_about(t, f"HTTP {s}"), what="the status in the log")
                wait_until(lambda t=trial: len(t.spool.times()) >= 5, what="five ticks in the spool")
        # The first try, and the one after a minute.
        for status, trial in self.settings.items():
            with self.subTest(status):
                wait_until(lambda t=trial: len(t.server.writes()) >= 2, SETTINGS_WAIT + 10, "the second try")
                first, second = trial.server.writes()[:2]
                self.assertGreaterEqual(second.moment - first.moment, SETTINGS_WAIT - 0.5)
                minutes = (time.monotonic() - trial.begin) / 60
                self.assertLessEqual(len(self.lines_about(trial, f"HTTP {status}")), 2 + minutes, "not a line for each tick")
        for status, trial in self.settings.items():
            with self.subTest(status):
                trial.agent.stop()
                ticks = set(ticks_on_time(trial.agent.stderr))
                self.assertGreaterEqual(len(ticks), 100)
                self.assertEqual(ticks - set(trial.spool.times()), set())
                self.assertEqual(trial.spool.rejected(), [])

    def test_influxdb_makes_the_user_later(self):
        trial = self.stranger
        trial.agent.wait_for(lambda: not trial.spool.segments(), SETTINGS_WAIT + 15, "the spool to be empty")
        self.stopped(trial.agent)
        self.assert_in_influx(self.influx, trial.agent.stderr)

    def test_a_line_that_breaks_the_server(self):
        trial = self.poisoned
        wait_until(trial.spool.rejected, 120, "a line in rejected.jsonl", lambda: trial.agent.stderr[-1000:])
        self.assert_drained(trial)
        self.assertEqual(trial.spool.rejected_lines(), [self.poison.line])
        missing = [("lxc_state", "it-delivery-1", int(self.poison.line.rsplit(" ", 1)[1]))]
        self.assert_delivered_once(trial.server.delivered(), trial.agent.stderr, missing)
        tries = [request for request in trial.server.writes() if request.status == 500]
        self.assertGreaterEqual(len(tries), 6, "five tries before it looks for the line")

    def test_a_server_that_breaks_on_everything(self):
        """Nothing goes to the quarantine when the server is to blame and not the lines."""
        trial = self.broken
        wait_until(trial.server.script_is_played, 120, "eight tries")
        self.assert_drained(trial)
        self.assertEqual(trial.spool.rejected(), [])
        self.assert_delivered_once(trial.server.delivered(), trial.agent.stderr)

    def test_servers_that_take_for_ever(self):
        for name, trial in self.silent.items():
            with self.subTest(name):
                wait_until(lambda t=trial: len(t.server.writes()) >= 2, 40, "a second try")
                first, second = trial.server.writes()[:2]
                self.assertLess(second.moment - first.moment, 15, "a time-out of 10 s, and a first wait of 1 s")
                self.assert_drained(trial)
                self.assert_delivered_once(trial.server.delivered(), trial.agent.stderr)

    def test_failover_comes_back_to_the_first(self):
        trial = self.failover
        first, = wait_until(lambda: self.second.delivered()[:1], 20, "a delivery to the second server")
        back, = wait_until(lambda: trial.server.delivered()[:1], SETTINGS_WAIT + 15, "a delivery to the first server")
        self.assertGreaterEqual(back.moment - first.moment, SETTINGS_WAIT - 5)
        already = len(self.second.writes())
        wait_until(lambda: len(trial.server.delivered()) >= 4, 10, "more deliveries to the first server")
        self.assertEqual(len(self.second.writes()), already, "it is the first's turn again")
        self.assert_drained(trial)
        self.assert_delivered_once([*trial.server.delivered(), *self.second.delivered()], trial.agent.stderr)
        self.assertEqual(len(self.lines_about(trial, f"sending to {self.second.url}")), 1, trial.agent.log_tail())
        self.assertEqual(len(self.lines_about(trial, f"{trial.server.url} works again")), 1, trial.agent.log_tail())


if __name__ == "__main__":
    unittest.main()
