# SPDX-License-Identifier: GPL-2.0-or-later
"""VictoriaMetrics, which speaks InfluxDB's write APIs: own data folder, a free loopback port."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

from .influx import free_port
from .waiting import wait_until
from .workspace import end_process, process_start_time


class VictoriaMetrics:
    """Its data are gone with the workspace."""

    def __init__(self, workspace, name="victoria-metrics"):
        self._workspace, self._folder = workspace, workspace.folder(name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None

    def start(self, *scraped):
        """Scrapes these targets each second, and answers queries of what has just come."""
        if shutil.which("victoria-metrics") is None:
            raise RuntimeError("victoria-metrics is not installed: apt-get install victoria-metrics")
        config = {"global": {"scrape_interval": "1s"},
                  "scrape_configs": [{"job_name": "lxcmon", "static_configs": [{"targets": list(scraped)}]}] if scraped else []}
        (self._folder / "scrape.yml").write_text(json.dumps(config))  # JSON is YAML
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                ["victoria-metrics", "-httpListenAddr", f"127.0.0.1:{self.port}", "-storageDataPath", str(self._folder / "data"),
                 "-retentionPeriod", "100y", "-memory.allowedBytes", "100MB", "-search.latencyOffset", "0s", "-promscrape.config",
                 str(self._folder / "scrape.yml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._workspace.note_process(self._process.pid)
        wait_until(self._answers, 30, f"victoria-metrics on port {self.port}", lambda: (self._folder / "log").read_text()[-1000:])
        return self

    def _answers(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"victoria-metrics ended with {self._process.returncode}")
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            end_process(self._process.pid, process_start_time(self._process.pid))
            self._process.wait()
        self._process = None

    def add(self, path, text):
        """Posts it to one of the paths that take samples."""
        with urllib.request.urlopen(f"{self.url}{path}", text.encode(), timeout=10) as answer:
            answer.read()
        urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=10).close()

    def series(self, name, **labels):
        """[(labels, times in milliseconds, values)] of a metric; InfluxDB's measurement and field are joined by "_"."""
        matches = ",".join(f'{key}="{value}"' for key, value in labels.items())
        query = urllib.parse.urlencode({"match[]": f"{name}{{{matches}}}"})
        # What was just written can be read only after this.
        urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=10).close()
        with urllib.request.urlopen(f"{self.url}/api/v1/export?{query}", timeout=10) as answer:
            found = [json.loads(line) for line in answer.read().decode().splitlines()]
        return [(each["metric"], each["timestamps"], each["values"]) for each in found]
