# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's promtool, node_exporter with its textfile collector, and Prometheus, on free loopback ports; and their text read back."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from .influx import free_port
from .waiting import wait_until
from .workspace import end_process, process_start_time

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"')


def samples_of(text):
    """{(name, sorted labels): value}. A line that is none, or a second one of the same name and labels, fails."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        if match is None:
            raise AssertionError(f"no sample: {line!r}")
        labels = tuple(sorted((key, re.sub(r"\\(.)", r"\1", value)) for key, value in LABEL.findall(match[2] or "")))
        if (match[1], labels) in samples:
            raise AssertionError(f"twice: {line!r}")
        samples[match[1], labels] = float(match[3])
    return samples


def values_of(samples, name, **wanted):
    """The values of the samples of a name whose labels include the wanted ones."""
    return [value for (each, labels), value in samples.items() if each == name and wanted.items() <= dict(labels).items()]


def promtool_says(text):
    """What `promtool check metrics` finds wrong; empty: nothing."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr + ("" if done.returncode == 0 else f"exit code {done.returncode}")


class _Server:
    program = ""

    def __init__(self, workspace, name):
        self._workspace, self._folder = workspace, workspace.folder(name)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._process = None

    def _start(self, ready, *arguments):
        if shutil.which(self.program) is None:
            raise RuntimeError(f"{self.program} is not installed: apt-get install {self.program}")
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen([self.program, f"--web.listen-address={self.address}", *arguments],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._workspace.note_process(self._process.pid)
        wait_until(lambda: self._answers(ready), 30, f"{self.program} on port {self.port}", self.log)
        return self

    def log(self):
        return (self._folder / "log").read_text()[-2000:]

    def _answers(self, path):
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.program} ended with {self._process.returncode}: {self.log()}")
        try:
            return self.get(path) is not None
        except OSError:
            return False

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
            return answer.read().decode()

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            end_process(self._process.pid, process_start_time(self._process.pid))
            self._process.wait()
        self._process = None


class NodeExporter(_Server):
    """Only its textfile collector, in `folder`."""

    program = "prometheus-node-exporter"

    def start(self, folder):
        return self._start("/", "--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}",
                           "--web.disable-exporter-metrics")

    def metrics(self):
        return self.get("/metrics")


class Prometheus(_Server):
    """Scrapes each second. Its data are gone with the workspace."""

    program = "prometheus"

    def start(self, *targets):
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                  "scrape_configs": [{"job_name": "lxcmon", "static_configs": [{"targets": list(targets)}]}]}
        (self._folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        return self._start("/-/ready", f"--config.file={self._folder}/prometheus.yml", f"--storage.tsdb.path={self._folder}/data")

    def add(self, text):
        """Samples with times, in OpenMetrics, before its start."""
        path = self._folder / "samples"
        path.write_text(text)
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", path, self._folder / "data"], check=True,
                       capture_output=True, timeout=60)
        return self

    def query(self, expression):
        """[(labels, value)] now."""
        answer = json.loads(self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]

    def metadata(self, metric):
        """What the targets say of it: type, help, unit."""
        answer = json.loads(self.get("/api/v1/targets/metadata?" + urllib.parse.urlencode({"metric": metric})))
        return answer["data"]

    def troubles(self):
        """The errors of the last scrapes."""
        answer = json.loads(self.get("/api/v1/targets"))
        return [each["lastError"] for each in answer["data"]["activeTargets"] if each["lastError"]]
