# SPDX-License-Identifier: GPL-2.0-or-later
"""The test classes' base for the metrics of Prometheus."""

from . import agent as program
from .case import LabCase
from .containers import Limits, Spec
from .prometheus import samples_of

ALL = ("--metrics", "+lxc_process", "--metrics", "+lxc_socket", "--net-loopback")


class MetricsFileCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.web = cls.lab.add("it-prom-web", Spec(limits=Limits(memory_bytes=256 << 20, cpu_quota_usec=50_000)))
        cls.stopped = cls.lab.add("it-prom-stopped")
        cls.lab.start_all([cls.web])

    def setUp(self):
        self.metrics = self.path("lxcmon.prom")

    def points_path(self):
        return self.path("points.jsonl")

    def watch(self, *arguments, env=None):
        """An agent that writes the file at each tick, beside the JSON file."""
        agent = self.start_agent("--interval", "200ms", "--json-file", self.points_path(), "--openmetrics-file", self.metrics, *arguments,
                                 env=env)
        agent.wait_for(self.metrics.exists, what="the file of metrics")
        return agent

    def read(self):
        return samples_of(self.metrics.read_text())

    def run_once(self, *arguments):
        result = program.run(*self.arguments("--once", *arguments))
        self.assertEqual(result.returncode, 0, result.stderr)
        return result
