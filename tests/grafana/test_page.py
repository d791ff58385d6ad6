#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_page.py PAGE: what a person sees of the dashboards, drawn by Grafana's own components in Chromium, of a fixed scene in a real
InfluxDB, Prometheus and VictoriaMetrics. PAGE is the folder that run_page.sh has built. Judges no pixels."""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
sys.dont_write_bytecode = True

import scene  # noqa: E402
from metrics_text import END, samples  # noqa: E402
from generator import promql  # noqa: E402
from support.dashboards import GRAFANA, all_panels, dashboards  # noqa: E402
from support.influx import Influxd  # noqa: E402
from support.prometheus import Prometheus  # noqa: E402
from support.promql import PromqlApi  # noqa: E402
from support.victoria_metrics import VictoriaMetrics  # noqa: E402
from support.workspace import Workspace  # noqa: E402

PAGE = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
WIDTHS = (1280, 1600)
CHOSEN = {"container": {"container": "web1"}}
TITLES = {"fleet": "LXC Fleet", "container": "LXC Container", "agent": "LXC Agent"}
COUNTS = {"Hosts": "2", "Containers": "12", "Running": "11", "OOM kills": "2"}


def look(jobs):
    made = subprocess.run(["node", "look.mjs", GRAFANA / "dashboards"], cwd=PAGE, input=json.dumps(jobs), capture_output=True, text=True,
                          timeout=800, check=False)
    if made.returncode:
        raise RuntimeError(f"look.mjs ended with {made.returncode}: {made.stderr}")
    return json.loads(made.stdout)


class Judged:
    """The pages of one language."""

    language = suffix = title = ""
    widths, has_plain = WIDTHS, True

    @classmethod
    def setUpClass(cls):
        workspace = Workspace()
        cls.addClassCleanup(workspace.close)
        span = {"server": cls.serve(workspace), "db": "lxc", "from": scene.BEGIN * 1000, "to": scene.END * 1000, "minInterval": f"{scene.STEP}s",
                "unfold": "yes"}
        jobs = [{"dashboard": f"{cls.language}/{name}", "width": width, "chosen": CHOSEN.get(name, {}), **span}
                for name in TITLES for width in cls.widths]
        if cls.has_plain:
            # There is no template, and nothing has the fields that Proxmox VE, LXD and Incus know.
            jobs.append({"dashboard": f"{cls.language}/fleet", "width": 1600, "chosen": {"host": "node2"}, **span})
        seen = look(jobs)
        cls.pages, cls.plain = seen[:len(TITLES) * len(cls.widths)], seen[len(TITLES) * len(cls.widths):]
        cls.panels = {each["title"]: {panel["id"]: panel for panel in all_panels(each)} for each in dashboards(cls.language)}

    @classmethod
    def serve(cls, workspace):
        """The URL of a server that has the scene."""
        raise NotImplementedError

    def total(self, measurement, field, of=None):
        """Computed from the last value of each series, and not by the query of the panel."""
        raise NotImplementedError

    def seen(self, kind=None):
        """(where, panel of the file, what is seen of it) of each page."""
        for page in self.pages:
            title = TITLES[page["job"]["dashboard"].removeprefix(f"{self.language}/")] + self.title
            for each in page["panels"]:
                panel = self.panels[title][each["id"]]
                if kind in (None, panel["type"]):
                    yield f"{title} / {panel['title']} at {page['job']['width']}", panel, each

    def check(self, wrong):
        self.assertEqual([], list(wrong))

    def test_no_error(self):
        self.check((page["job"]["dashboard"], page["problem"], page["problems"]) for page in self.pages
                   if page["problem"] or page["problems"])
        self.check((where, each["error"]) for where, _, each in self.seen() if each.get("error"))

    def test_every_panel_is_there(self):
        wanted = sum(panel["type"] != "row" for panels in self.panels.values() for panel in panels.values())
        self.assertEqual(len(list(self.seen())), wanted * len(self.widths))

    def test_none_is_empty(self):
        self.check(where for where, _, each in self.seen() if each["state"] != "drawn")

    def test_tables_are_one_frame(self):
        self.check((where, each["frames"]) for where, _, each in self.seen("table") if each["frames"] != 1)

    def test_tables_fit(self):
        self.check((where, each["table"]["scrollWidth"], each["table"]["clientWidth"]) for where, _, each in self.seen("table")
                   if each["table"]["scrollWidth"] > each["table"]["clientWidth"])

    def test_tables_of_ten_show_all_rows(self):
        tables = [(where, each) for where, panel, each in self.seen("table") if panel["title"].startswith("Top 10")]
        self.assertEqual(len(tables), 4 * len(self.widths))
        for where, each in tables:
            self.assertEqual(len(each["table"]["cells"]), 10, where)
            self.assertLessEqual(each["table"]["scrollHeight"], each["table"]["clientHeight"], where)

    def test_tables_show_the_figures(self):
        for where, _, each in self.seen("table"):
            if "Top 10" in where:
                self.check((where, row) for row in each["table"]["cells"] if not re.search(r"\d", row[1]))

    def test_legends_begin_with_the_largest(self):
        for where, panel, each in self.seen("timeseries"):
            self.assertTrue(each["legend"], where)
            shown = " ".join(each["legend"][0][0].split())
            self.assertIn(shown, {" ".join(name.split()) for name in each["largest"]}, where)

    def test_a_container_has_one_color(self):
        colors = {}
        for where, panel, each in self.seen("timeseries"):
            for (name, *_), color in zip(each["legend"], each["colors"]):
                if re.fullmatch(r"\S+ +@ \S+", name):
                    colors.setdefault(name, {}).setdefault(color, []).append(where)
        self.assertEqual(len(colors), len(scene.CONTAINERS))
        self.check((name, found) for name, found in colors.items() if len(found) != 1)
        self.assertGreater(len({color for found in colors.values() for color in found}), len(colors) / 2)

    def test_stats_say_what_the_database_says(self):
        wanted = {**COUNTS, "CPU": f"{self.total('lxc_cpu', 'usage_percent'):.1f}%",
                  "Memory": f"{self.total('lxc_memory', 'used_bytes') / (1 << 30):.1f}"}
        of_one = {"Filesystem": f"{self.total('lxc_fs', 'used_percent', 'web1'):.1f}%",
                  "Processes": f"{self.total('lxc_pids', 'processes', 'web1'):.0f}"}
        stats = [(where, panel["title"], each["text"].split()) for where, panel, each in self.seen("stat")]
        for where, title, words in stats:
            figure = (wanted if where.startswith("LXC Fleet") else of_one).get(title)
            if figure:
                self.assertIn(figure, words, where)
        self.assertEqual(len(stats), (6 + 4) * len(self.widths))

    def test_problems_name_the_right_containers(self):
        def rows(title):
            return {tuple(row[:2]) for where, _, each in self.seen("table") if f"/ {title} at" in where for row in each["table"]["cells"]}
        self.assertEqual(rows("Down"), {("old", "STOPPED")})
        for page in self.plain:
            down = next(each for each in page["panels"] if each["text"].startswith("Down"))
            self.assertEqual([row[:2] for row in down["table"]["cells"]], [["old", "STOPPED"]])
        self.assertEqual(rows("OOM-killed"), {("cache", "2")})
        self.assertEqual(max(rows("Throttled"), key=lambda row: float(row[1].rstrip("%")))[0], "ci")

    def test_links_are_filled_in(self):
        links = [link for _, _, each in self.seen() for link in each["links"]]
        self.assertGreater(len(links), 60)
        self.check(link for link in links if "$" in link)
        self.assertIn(f"/d/lxcmon-container{self.suffix}?var-datasource=lxcmon{self.suffix}&var-host=node1&var-container=web1&"
                      f"from={scene.BEGIN * 1000}&to={scene.END * 1000}", links)


class Influxql(Judged, unittest.TestCase):
    language = "influxql"

    @classmethod
    def serve(cls, workspace):
        cls.influx = Influxd(workspace).start()
        cls.addClassCleanup(cls.influx.stop)
        cls.influx.execute('CREATE DATABASE "lxc"')
        lines = list(scene.lines())
        for begin in range(0, len(lines), 5000):
            body = "\n".join(f"{line}000000000" for line in lines[begin:begin + 5000])
            assert cls.influx.write("lxc", body.encode()) == (204, "")
        return cls.influx.url

    def total(self, measurement, field, of=None):
        chosen = f"AND container = '{of}'" if of else ""
        series = self.influx.execute(f'SELECT last("{field}") FROM "{measurement}" WHERE time > {scene.END - 300}s AND time <= '
                                     f'{scene.END}s {chosen} GROUP BY *', "lxc")["series"]
        return sum(each["values"][0][1] for each in series)


class JudgedPromql(Judged):
    # The tables have the columns and transformations of Influxql.
    widths, has_plain = (1600,), False

    def total(self, measurement, field, of=None):
        chosen = f'{{container="{of}"}}' if of else ""
        found = PromqlApi(self.url).instant(f"{self.names.name(measurement, field)}{chosen}", scene.END)
        return sum(value for _, value in found) * self.names.unit(measurement, field)


class OfPrometheus(JudgedPromql, unittest.TestCase):
    language, suffix, title, names = "prometheus", "-prometheus", " (Prometheus)", promql.SCRAPED

    @classmethod
    def serve(cls, workspace):
        server = Prometheus(workspace, "prometheus")
        cls.addClassCleanup(server.stop)
        text = "".join(sample for line in scene.lines() for sample in samples(line, line.rsplit(" ", 1)[1]))
        cls.url = f"http://{server.add(text + END).start().address}"
        return cls.url


class OfVictoriaMetrics(JudgedPromql, unittest.TestCase):
    language, suffix, title, names = "victoriametrics", "-victoriametrics", " (VictoriaMetrics)", promql.LINES

    @classmethod
    def serve(cls, workspace):
        server = VictoriaMetrics(workspace).start()
        cls.addClassCleanup(server.stop)
        server.add("/write?db=lxc", "".join(f"{line}000000000\n" for line in scene.lines()))
        cls.url = server.url
        return cls.url


if __name__ == "__main__":
    unittest.main()
