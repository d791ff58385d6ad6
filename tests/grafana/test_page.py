#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_page.py PAGE: what a person sees of the dashboards, drawn by Grafana's own components in Chromium, of a fixed scene in a real
InfluxDB. PAGE is the folder that run_page.sh has built. Judges no pixels."""

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
from support.dashboards import GRAFANA, all_panels, dashboards  # noqa: E402
from support.influx import Influxd  # noqa: E402
from support.workspace import Workspace  # noqa: E402

PAGE = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
WIDTHS = (1280, 1600)
CHOSEN = {"container": {"container": "web1"}}
# The scene's web1 has no memory.high; nothing else is missing.
MAY_BE_EMPTY = set()
COUNTS = {"Hosts": "2", "Containers": "13", "Running": "11", "OOM kills": "2"}


def look(url, jobs):
    asked = json.dumps({"influx": url, "jobs": jobs})
    made = subprocess.run(["node", "look.mjs", GRAFANA / "dashboards"], cwd=PAGE, input=asked, capture_output=True, text=True, timeout=280,
                          check=False)
    if made.returncode:
        raise RuntimeError(f"look.mjs ended with {made.returncode}: {made.stderr}")
    return json.loads(made.stdout)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        workspace = Workspace()
        cls.addClassCleanup(workspace.close)
        cls.influx = Influxd(workspace).start()
        cls.addClassCleanup(cls.influx.stop)
        cls.influx.execute('CREATE DATABASE "lxc"')
        lines = list(scene.lines())
        for begin in range(0, len(lines), 5000):
            body = "\n".join(f"{line}000000000" for line in lines[begin:begin + 5000])
            assert cls.influx.write("lxc", body.encode()) == (204, "")
        span = {"db": "lxc", "from": scene.BEGIN * 1000, "to": scene.END * 1000, "unfold": "yes"}
        jobs = [{"dashboard": f"influxql/{name}", "width": width, "chosen": CHOSEN.get(name, {}), **span}
                for name in ("fleet", "container", "agent") for width in WIDTHS]
        # There is no template, and nothing has the fields that Proxmox VE, LXD and Incus know.
        plain = {"dashboard": "influxql/fleet", "width": 1600, "chosen": {"host": "node2"}, **span}
        *cls.pages, cls.plain = look(cls.influx.url, [*jobs, plain])
        cls.panels = {each["title"]: {panel["id"]: panel for panel in all_panels(each)} for each in dashboards()}

    def seen(self, kind=None):
        """(where, panel of the file, what is seen of it) of each page."""
        titles = {"influxql/fleet": "LXC Fleet", "influxql/container": "LXC Container", "influxql/agent": "LXC Agent"}
        for page in self.pages:
            title = titles[page["job"]["dashboard"]]
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
        self.assertEqual(len(list(self.seen())), wanted * len(WIDTHS))

    def test_none_is_empty(self):
        empty = {where for where, panel, each in self.seen() if each["state"] != "drawn" and panel["title"] not in MAY_BE_EMPTY}
        self.assertEqual(empty, set())

    def test_tables_are_one_frame(self):
        self.check((where, each["frames"]) for where, _, each in self.seen("table") if each["frames"] != 1)

    def test_tables_fit(self):
        self.check((where, each["table"]["scrollWidth"], each["table"]["clientWidth"]) for where, _, each in self.seen("table")
                   if each["table"]["scrollWidth"] > each["table"]["clientWidth"])

    def test_tables_of_ten_show_all_rows(self):
        tables = [(where, each) for where, panel, each in self.seen("table") if panel["title"].startswith("Top 10")]
        self.assertEqual(len(tables), 4 * len(WIDTHS))
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

    def test_stats_say_what_the_database_says(self):
        wanted = {**COUNTS, "CPU": self.total("lxc_cpu", "usage_percent", "{:.1f}%"),
                  "Memory": self.total("lxc_memory", "used_bytes", "{:.1f}", 1 << 30)}
        of_one = {"Filesystem": self.total("lxc_fs", "used_percent", "{:.1f}%", of="web1"),
                  "Processes": self.total("lxc_pids", "processes", "{}", of="web1")}
        stats = [(where, panel["title"], each["text"].split()) for where, panel, each in self.seen("stat")]
        for where, title, words in stats:
            figure = (wanted if where.startswith("LXC Fleet") else of_one).get(title)
            if figure:
                self.assertIn(figure, words, where)
        self.assertEqual(len(stats), (6 + 4) * len(WIDTHS))

    def total(self, measurement, field, form, divisor=1, of=None):
        """Computed from the last point of each container, and not by the query of the panel."""
        chosen = f"AND container = '{of}'" if of else ""
        series = self.influx.execute(f'SELECT last("{field}") FROM "{measurement}" WHERE time > {scene.END - 300}s AND time <= '
                                     f'{scene.END}s {chosen} GROUP BY *', "lxc")["series"]
        total = sum(each["values"][0][1] for each in series)
        return form.format(total / divisor if divisor > 1 else total)

    def test_problems_name_the_right_containers(self):
        def rows(title):
            return {tuple(row[:2]) for where, _, each in self.seen("table") if f"/ {title} at" in where for row in each["table"]["cells"]}
        self.assertEqual(rows("Down"), {("old", "STOPPED")})
        plain = {each["text"].split("\n")[0]: each for each in self.plain["panels"]}
        self.assertEqual([row[:2] for row in plain["Down"]["table"]["cells"]], [["old", "STOPPED"]])
        self.assertEqual(rows("OOM-killed"), {("cache", "2")})
        self.assertEqual(max(rows("Throttled"), key=lambda row: float(row[1].rstrip("%")))[0], "ci")

    def test_links_are_filled_in(self):
        links = [link for _, _, each in self.seen() for link in each["links"]]
        self.assertGreater(len(links), 100)
        self.check(link for link in links if "$" in link)
        self.assertIn("/d/lxcmon-container?var-datasource=lxcmon&var-host=node1&var-container=web1&"
                      f"from={scene.BEGIN * 1000}&to={scene.END * 1000}", links)


if __name__ == "__main__":
    unittest.main()
