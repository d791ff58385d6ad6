# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers that start and stop all the time, and a server that is stopped and killed, at random from a seed."""

import threading
import time
from dataclasses import dataclass


@dataclass
class Life:
    """A container did not run at `begin_ns`, ran once, and did not run at `end_ns`."""
    begin_ns: int
    end_ns: int | None = None


class Repeated:
    """A thread that calls step() until the end of the `with`, where its failure is raised."""

    def __init__(self):
        self.ended = threading.Event()
        self.failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self._thread.join()
        self.finish()
        if self.failure is not None:
            raise self.failure

    def _run(self):
        try:
            while not self.ended.is_set():
                self.step()
        except Exception as error:  # raised by __exit__, in the test's own thread
            self.failure = error

    def step(self):
        raise NotImplementedError

    def finish(self):
        raise NotImplementedError


class Churn(Repeated):
    """Starts and stops these containers; at the end none of them runs. `lives`: by container's name."""

    def __init__(self, containers, random, pause_seconds):
        super().__init__()
        self._containers, self._random, self._pause_seconds = containers, random, pause_seconds
        self.lives = {container.name: [] for container in containers}

    def _running(self, container):
        lives = self.lives[container.name]
        return bool(lives) and lives[-1].end_ns is None

    def _toggle(self, container):
        lives = self.lives[container.name]
        if self._running(container):
            container.stop(kill=self._random.random() < 0.7)
            lives[-1].end_ns = time.time_ns()
        else:
            lives.append(Life(time.time_ns()))
            container.start()

    def step(self):
        self._toggle(self._random.choice(self._containers))
        self.ended.wait(self._random.uniform(0, 2 * self._pause_seconds))

    def start_all(self):
        for container in self._containers:
            self._toggle(container)

    def finish(self):
        for container in self._containers:
            if self._running(container):
                self._toggle(container)


class RestartingServer(Repeated):
    """Stops or kills an influxd and starts it again; at the end it runs. `outages`: how many there were."""

    def __init__(self, influx, random, up_seconds, down_seconds):
        super().__init__()
        self._influx, self._random, self._up_seconds, self._down_seconds = influx, random, up_seconds, down_seconds
        self.outages = 0

    def step(self):
        if self.ended.wait(self._random.uniform(*self._up_seconds)):
            return
        self.outages += 1
        if self._random.random() < 0.5:
            self._influx.stop()
        else:
            self._influx.kill()
        self.ended.wait(self._random.uniform(*self._down_seconds))
        self._influx.start()

    def finish(self):
        if not self._influx.running():
            self._influx.start()
