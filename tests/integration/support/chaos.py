# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that has bad days: stopped, killed, answering with faults, at random from a seed."""

import threading
import time

from . import fault_server as faults
from .recording_server import error_answer

SHORT = (0.3, 3.0)


class Chaos:
    """A real influxd behind a FaultServer. Use as a context manager; afterwards both are well. `done` counts what happened."""

    def __init__(self, influx, server, random):
        self._influx, self._server, self._random = influx, server, random
        self.done = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        self._make_well()
        if self.failure is not None:
            raise self.failure

    def _run(self):
        actions = [self._stop_influxd, self._kill_influxd, self._refuse_connections, self._script_faults, self._answer_badly,
                   self._take_small_bodies_alone]
        try:
            while not self._pause(0.5, 5.0):
                action = self._random.choice(actions)
                self.done[action.__name__.strip("_")] = self.done.get(action.__name__.strip("_"), 0) + 1
                action()
        except Exception as error:  # told by __exit__, in the test's own thread
            self.failure = error

    def _pause(self, low, high):
        """True when it is over."""
        return self._ended.wait(self._random.uniform(low, high))

    def _make_well(self):
        if not self._influx.running():
            self._influx.start()
        self._server.answer = None
        self._server.listen()

    def _stop_influxd(self):
        self._influx.stop()
        self._pause(*SHORT)
        self._influx.start()

    def _kill_influxd(self):
        self._influx.kill()
        self._pause(*SHORT)
        self._influx.start()

    def _refuse_connections(self):
        self._server.close()
        self._pause(*SHORT)
        self._server.listen()

    def _fault(self):
        """One that asks for no wait of many seconds, but for now and then."""
        kinds = [faults.ResetWhileReading, faults.NoAnswer, faults.ResetInAnswer, lambda: faults.LostAnswer(self._server),
                 lambda: faults.LostAnswer(self._server), faults.too_long_content_length, faults.endless_headers, faults.Silence,
                 lambda: faults.too_short_content_length(503), faults.endless_body, faults.SlowDrip,
                 lambda: faults.RawAnswer(b"\x00" * 99), lambda: error_answer(429, "slow down", {"Retry-After": "2"}),
                 lambda: error_answer(408, "too slow"), lambda: error_answer(500, "it broke")]
        kinds += [lambda status=status: error_answer(status, "not now") for status in (502, 503, 504)] * 2
        return self._random.choice(kinds)()

    def _script_faults(self):
        self._server.script(*(self._fault() for _ in range(self._random.randint(1, 4))))

    def _take_small_bodies_alone(self):
        most = self._random.randint(1, 20)
        self._server.answer = lambda request: error_answer(413, "too large") if request.body.count("\n") > most else None
        self._pause(*SHORT)
        self._server.answer = None

    def _answer_badly(self):
        self._server.answer = self._fault()
        begin = time.monotonic()
        self._pause(*SHORT)
        self._server.answer = None
        self.done["seconds of bad answers"] = round(self.done.get("seconds of bad answers", 0) + time.monotonic() - begin, 1)
