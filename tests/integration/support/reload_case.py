# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes one option in the settings file of a running agent, and waits until the effect is visible from outside."""

import itertools
import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .agent import Agent
from .case import HOST
from .containers import Spec
from .delivery_case import DeliveryCase, points_of
from .spool import SpoolFolder

# Variables of the environment override the settings file.
NOT_SET = dict.fromkeys(("LXCMON_SPOOL_DIR", "LXCMON_SEND_JITTER", "LXCMON_FS_INTERVAL"))


class Seen:
    """What the agent has sent, written and logged since its last reload."""

    def __init__(self, agent, servers, proxy, folder):
        self._agent, self._servers, self.proxy, self.folder = agent, servers, proxy, folder
        self._begin_ns, self._old_counts, self._old_lines, self._points = 0, {}, set(), {}

    def all_log_lines(self):
        """On standard error and in log files: an option may have moved the log."""
        return [*self._agent.stderr.splitlines(), *(line for path in self.folder.glob("*.log") for line in self.lines_of(path.name))]

    def begin_log(self):
        self._old_lines = set(self.all_log_lines())

    def begin(self):
        """From now on, earlier requests and points with an earlier time are ignored."""
        self._begin_ns = time.time_ns()
        self._old_counts = {name: len(server.requests()) for name, server in self._servers.items()}

    def log(self):
        """Of the reload itself, too."""
        return [line for line in self.all_log_lines() if line not in self._old_lines]

    def says(self, *words):
        return [line for line in self.log() if all(word in line for word in words)]

    def requests(self, server="first"):
        return self._servers[server].requests()[self._old_counts.get(server, 0):]

    def writes(self, server="first"):
        """Requests with points sampled since the reload, oldest first. Requests with points from the spool alone are left out."""
        return [request for request in self.requests(server) if self.points(request)]

    def points(self, request):
        if not request.path.endswith(("/write", "/write_lp")):
            return []
        if id(request) not in self._points:
            self._points[id(request)] = request, points_of([request])
        return [point for point in self._points[id(request)][1] if point.time > self._begin_ns]

    def ticks(self):
        """The points of each complete tick, oldest first. The agent's own point is the last of a tick."""
        by_time = {}
        for point in itertools.chain.from_iterable(map(self.points, self.requests())):
            by_time.setdefault(point.time, []).append(point)
        return [points for _, points in sorted(by_time.items()) if any(point.measurement == "lxcmon_push" for point in points)]

    def tick(self, measurement=None):
        """The points of the newest complete tick, or its points of one measurement."""
        ticks = self.ticks()
        return [point for point in (ticks[-1] if ticks else []) if measurement in (None, point.measurement)]

    def tags(self, name, measurement=None):
        return {point.tags[name] for point in self.tick(measurement) if name in point.tags}

    def spool(self, name="spool"):
        return SpoolFolder(self.folder / name)

    def lines_of(self, name):
        """Of a file that may be missing, or be rotated just now."""
        try:
            return (self.folder / name).read_text().splitlines()
        except FileNotFoundError:
            return []

    def seconds_after_tick(self):
        """For each request, the time from the tick to its arrival."""
        clocks = time.time() - time.monotonic()
        return [request.moment + clocks - self.points(request)[0].time / 1e9 for request in self.writes()]


@dataclass
class Change:
    """`value`: the option's new value. `sees`: whether Seen shows its effect. `given`: other settings of the case, in force before
    and after the change. `before`: whether Seen shows that the agent works with the old value. `fill`: settings that bring points into
    the spool first. {first}, {folder} and so on in values stand for the names of ReloadCase.start()."""

    value: object
    sees: Callable
    given: dict = field(default_factory=dict)
    before: Callable = Seen.tick
    fill: dict = field(default_factory=dict)


def csv_files(seen):
    return list(seen.folder.glob("lxc_cpu.*.csv"))


def old_csv_files(seen):
    return list(seen.folder.glob("lxc_cpu.*.csv.gz"))


CSV = {
    "csv-dir": Change("{folder}", csv_files),
    "csv-max-size": Change("4KiB", old_csv_files, {"csv-dir": "{folder}"}, before=csv_files),
    "csv-keep": Change(3, old_csv_files, {"csv-dir": "{folder}", "csv-max-size": "4KiB", "csv-keep": 0},
                       before=lambda seen: csv_files(seen) and not old_csv_files(seen)),
}


class ReloadCase(DeliveryCase):
    container_count = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.lab.second_lxcpath()
        mounts = Spec(extra=("lxc.mount.entry = scratch tmp tmpfs rw,size=4m 0 0",
                             "lxc.mount.entry = volatile run tmpfs rw,size=4m,create=dir 0 0"))
        add = cls.lab.add
        cls.lab.start_all([add("it-one", mounts), add("it-two"), add("it-far", lxcpath=cls.elsewhere)])

    def start(self, servers, proxy, **names):
        """An agent with the base settings. Values may name the servers' URLs and `names` in braces."""
        self.folder = self.path("")
        self.names = {"folder": self.folder, "lxcpath": self.lab.lxcpath, "elsewhere": self.elsewhere, "proxy": proxy.url,
                      **{name: server.url for name, server in servers.items()}, **names}
        self.base = {"influx-url": "{first}", "host": HOST, "lxcpath": "{lxcpath}", "interval": "100ms", "fs-interval": "100ms",
                     "send-jitter": "0s", "spool-dir": "{folder}/spool"}
        self.write_settings(self.base)
        self.agent = Agent(self.workspace, "--config", self.folder / "settings.toml", env=NOT_SET)
        self.addCleanup(self.agent.kill)
        self.seen = Seen(self.agent, servers, proxy, self.folder)
        self.wait_for(self.seen.tick, "the first tick")

    def wait_for(self, condition, what, timeout=20):
        return self.agent.wait_for(condition, timeout, what)

    def filled(self, value):
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        return value.format(**self.names) if isinstance(value, str) else value

    def write_settings(self, settings):
        self.settings = settings
        self.file("settings.toml", "".join(f"{key} = {json.dumps(self.filled(value))}\n" for key, value in settings.items()))

    def reload(self, settings):
        if settings == self.settings:
            return
        self.write_settings(settings)
        while True:
            self.seen.begin_log()
            self.agent.send_signal(signal.SIGHUP)
            self.wait_for(lambda: self.seen.says("in force") or self.seen.says("settings can't be used"), "the end of the reload")
            # The disk of a busy machine; the agent asks for another reload.
            if not self.seen.says("the disk of the spool does not answer"):
                break
        self.assertEqual(self.seen.says("settings can't be used"), [])
        self.seen.begin()

    def change(self, option, case):
        """The option changes alone: with a second one, the agent might rebuild its parts because of that one only."""
        settings = {**self.base, **case.given}
        if case.fill:
            self.reload({**settings, **case.fill})
            self.wait_for(lambda: self.seen.spool().segments(), "points in the spool")
        self.reload(settings)
        self.wait_for(lambda: case.before(self.seen) and not case.sees(self.seen), f"the old value of --{option}")
        self.reload({**settings, option: case.value})
        self.wait_for(lambda: case.sees(self.seen), f"the effect of --{option} {case.value}")
