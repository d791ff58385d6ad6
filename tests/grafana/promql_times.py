#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long each query of the dashboards in PromQL takes on a day of 1,000 containers. Needs prometheus or victoria-metrics, and minutes.

    promql_times.py FOLDER prometheus|victoriametrics [--containers 1000] [--range 24h] [--folded] [--show 15] [WORD ...]

As query_times.py, whose points it takes: those of a few containers stand for all, under other names, as to print a thousand takes long.
All but the first have only what LXC Fleet asks for. The answers are not from a cache."""

import argparse
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "integration")]
sys.dont_write_bytecode = True

from generated_points import END_NS, HOSTS, Container, host_lines  # noqa: E402
from metrics_text import END, samples  # noqa: E402
from query_times import (LIMIT_SEC, MIN_INTERVAL_MS, TRIES, Asked, Place, Took, chosen, cpu_seconds, duration_ms, interval_ms,  # noqa: E402
                         panels, report)
from support.dashboards import dashboards  # noqa: E402
from support.influx import free_port  # noqa: E402
from support.promql import filled_in  # noqa: E402
from support.waiting import wait_until  # noqa: E402
from support.workspace import end_process, process_start_time  # noqa: E402

MINUTES, WINDOW_SEC, MODELS = 24 * 60, 7200, 20
OF_FLEET = {"running", "frozen", "restarts", "uptime_sec", "onboot", "template", "usage_percent", "limit_cores", "nr_periods", "nr_throttled",
            "used_bytes", "used_percent", "oom_kill", "rx_bytes", "tx_bytes", "read_bytes", "write_bytes", "some_total_usec", "some_avg10"}


def lines_of_fleet(container, minute):
    for series, fields in container.lines(minute):
        kept = [each for each in fields.split(",") if each.split("=")[0] in OF_FLEET]
        if kept:
            yield series, ",".join(kept)


def minutes_in_blocks():
    """[(seconds, minute)] of each of the 2 hours that are a block of Prometheus."""
    blocks = {}
    for minute in range(MINUTES):
        at = END_NS // 10**9 - (MINUTES - 1 - minute) * 60
        blocks.setdefault(at // WINDOW_SEC, []).append((at, minute))
    return blocks.values()


def texts(containers, block, written, quote):
    """The samples of a block, as `written` writes a line at a time. The containers 1000 to 1019 are the models."""
    def text(source):
        return "".join(sample for at, minute in block for series, fields in source(minute) for sample in written(f"{series} {fields} 0", at))
    yield "".join(text(lambda minute, host=host: host_lines(host, minute)) for host in range(HOSTS))
    yield text(Container(0).lines)
    for number in range(MODELS):
        model = text(lambda minute, of=Container(number): lines_of_fleet(of, minute))
        mark = f"container={quote}{1000 + number}{quote}"
        for copy in range(number, containers, MODELS):
            if copy:
                yield model.replace(mark, f"container={quote}{1000 + copy}{quote}")


def in_line_protocol(line, at):
    yield f"{line[:-1]}{at * 10**9}\n"


class Server:
    def __init__(self, folder, *command):
        self.port, self.place = free_port(), Place(folder)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self.data = folder / "data"
        self.command = [each.format(port=self.port, folder=folder) for each in command]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, 300, self.command[0], lambda: self.log.read_text()[-1000:])

    def _answers(self):
        try:
            return self.ask("query", query="1") is not None
        except OSError:
            return False

    def ask(self, path, **parameters):
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode({**parameters, 'nocache': 1})}", timeout=300) as answer:
            return answer.read()

    def stop(self):
        end_process(self.process.pid, process_start_time(self.process.pid))
        self.process.wait()


class Prometheus(Server):
    def __init__(self, folder):
        super().__init__(folder, "prometheus", "--web.listen-address=127.0.0.1:{port}", "--config.file={folder}/prometheus.yml",
                         "--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=100y")
        (folder / "prometheus.yml").write_text("{}")

    def fill(self, containers):
        for number, block in enumerate(minutes_in_blocks(), 1):
            path = self.place.path / "samples"
            with open(path, "w", encoding="utf-8") as out:
                out.writelines(texts(containers, block, samples, '"'))
                out.write(END)
            subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", path, self.data], check=True, stdout=subprocess.DEVNULL)
            path.unlink()
            print(f"block {number} made", file=sys.stderr, flush=True)
        self.start()


class VictoriaMetrics(Server):
    def __init__(self, folder):
        super().__init__(folder, "victoria-metrics", "-httpListenAddr=127.0.0.1:{port}", "-storageDataPath={folder}/data",
                         "-retentionPeriod=100y")

    def fill(self, containers):
        self.start()
        for number, block in enumerate(minutes_in_blocks(), 1):
            for text in texts(containers, block, in_line_protocol, ""):
                urllib.request.urlopen(f"{self.url}/write?db=lxc", text.encode(), timeout=300).close()
            print(f"block {number} written", file=sys.stderr, flush=True)
        urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=300).close()


SERVERS = {"prometheus": Prometheus, "victoriametrics": VictoriaMetrics}


def queries(language, range_ms):
    """(query, step in milliseconds, or None: at the end)"""
    for dashboard in dashboards(language):
        values = chosen(dashboard, False)
        for panel, folded in panels(dashboard):
            step = interval_ms(panel, range_ms) if panel.get("targets") else 0
            rate_seconds = max(step + MIN_INTERVAL_MS, 4 * MIN_INTERVAL_MS) // 1000
            for target in panel.get("targets", []):
                text = filled_in(target["expr"], range_ms // 1000, rate_seconds, **values)
                yield Asked(f"{dashboard['title']} / {panel['title']} {target['refId']}", text, folded), None if target["instant"] else step
        for annotation in dashboard["annotations"]["list"]:
            yield Asked(f"{dashboard['title']} / {annotation['name']}", filled_in(annotation["target"]["expr"], 0, **values), None), 60_000


def timed(server, asked, step, range_ms):
    end, best = END_NS // 10**9, None
    for _ in range(TRIES):
        cpu, begin = cpu_seconds(server.process.pid), time.monotonic()
        if step:
            answer = server.ask("query_range", query=asked.text, start=end - range_ms // 1000, end=end, step=step // 1000)
        else:
            answer = server.ask("query", query=asked.text, time=end)
        took = Took(asked, time.monotonic() - begin, cpu_seconds(server.process.pid) - cpu, len(answer))
        if best is None or took.seconds < best.seconds:
            best = took
        if best.seconds < LIMIT_SEC / 5 or took.seconds > 10 * LIMIT_SEC:
            break
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("--range", default="24h")
    parser.add_argument("--folded", action="store_true")
    parser.add_argument("--show", type=int, default=15)
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server, range_ms, done = SERVERS[options.server](folder), duration_ms(options.range), folder / "written"
    if done.exists() and done.read_text() == str(options.containers):
        server.start()
    else:
        server.fill(options.containers)
        done.write_text(str(options.containers))
    try:
        asked = [(each, step) for each, step in queries(options.server, range_ms)
                 if all(word.lower() in each.where.lower() for word in options.words) and (options.folded or not each.folded)]
        took = sorted((timed(server, each, step, range_ms) for each, step in asked), key=lambda each: -each.seconds)
    finally:
        server.stop()
    report(took[:options.show])
    late = [each for each in took if each.seconds > LIMIT_SEC]
    print(f"{len(took)} queries, {sum(each.seconds for each in took):.1f} s together; {len(late)} above {LIMIT_SEC:.0f} s")
    return 1 if late and not options.folded else 0


if __name__ == "__main__":
    sys.exit(main())
