# SPDX-License-Identifier: GPL-2.0-or-later
"""CSV files beside a server or the JSON file: what Python's reader and pandas read in them."""

import csv
import datetime
import gzip
import json
import shutil
import subprocess
import unittest
from pathlib import Path

from support import agent as program
from support.case import HOST, LabCase
from support.waiting import wait_until

# pandas is Debian's, for Debian's Python, which need not be the one that runs the tests.
READ_WITH_PANDAS = """
import json, pandas, sys
frames = {}
for path in sys.argv[1:]:
    frame = pandas.read_csv(path, parse_dates=["time"], keep_default_na=False, dtype=str)
    typed = pandas.read_csv(path)
    assert len(frame) == len(typed) and list(frame.columns) == list(typed.columns)
    times = [time.value for time in frame.pop("time")]
    frames[path] = [{"time": time, **row} for time, row in zip(times, frame.to_dict("records"))]
json.dump(frames, sys.stdout)
"""


def records(path):
    """The rows of a file, as {column: text}; each must have all cells."""
    opened = gzip.open(path, "rt", newline="") if str(path).endswith(".gz") else open(path, newline="", encoding="utf-8")
    with opened as file:
        rows = list(csv.DictReader(file, strict=True))
    for row in rows:
        assert None not in row and None not in row.values(), f"{path}: a torn row: {row}"
    return rows


def read_with_pandas(paths):
    """{path: rows}; the time in ns, all else as text."""
    done = subprocess.run(["/usr/bin/python3", "-c", READ_WITH_PANDAS, *map(str, paths)], stdout=subprocess.PIPE, check=True, timeout=300)
    return json.loads(done.stdout)


class Csv(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.container = cls.lab.add("it-csv")
        cls.container.start()

    def setUp(self):
        self.folder = Path(self.path("csv"))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.json = Path(self.path("points.jsonl"))
        self.json.unlink(missing_ok=True)

    def file(self, measurement, host=HOST):
        return self.folder / f"{measurement}.{host}.csv"

    def start(self, *arguments, interval="200ms"):
        agent = program.Agent(self.workspace, "--lxcpath", self.lab.lxcpath, "--interval", interval, "--host", HOST,
                              "--csv-dir", str(self.folder), "--json-file", str(self.json), *arguments)
        self.addCleanup(agent.kill)
        return agent

    def old(self, measurement):
        return sorted(self.folder.glob(f"{measurement}.{HOST}.2*"))

    def wait_for_rows(self, agent, count, measurement="lxc_pids"):
        agent.wait_for(lambda: self.file(measurement).exists() and len(self.file(measurement).read_text().splitlines()) > count, 30,
                       f"{count} rows of {measurement}")

    def test_pandas_reads_each_file_and_the_values_are_those_of_the_json_file(self):
        agent = self.start("--metrics", "*.*", "--tag", 'site=a, "b"')
        self.wait_for_rows(agent, 3)
        self.assertEqual(agent.stop().returncode, 0)
        points = [json.loads(line) for line in self.json.read_text().splitlines()]
        self.assertEqual({path.name for path in self.folder.iterdir()}, {f"{point['name']}.{HOST}.csv" for point in points})
        for path, rows in read_with_pandas(self.folder.iterdir()).items():
            measurement = Path(path).name.partition(".")[0]
            times = [row["time"] for row in rows]
            self.assertEqual(times, sorted(times), path)
            self.assertEqual({row["host"] for row in rows}, {HOST})
            self.assertEqual({row["site"] for row in rows}, {'a, "b"'})
            wanted = [point for point in points if point["name"] == measurement]
            self.assertEqual(len(rows), len(wanted), measurement)
            for row, point in zip(rows, wanted):
                self.assert_same(row, point)

    def assert_same(self, row, point):
        self.assertEqual(row["time"], point["timestamp"] // 1_000_000 * 1_000_000)
        values = {**point["tags"], **point["fields"]}
        for column, cell in row.items():
            if column == "time":
                continue
            wanted = values.pop(column, "")
            if isinstance(wanted, bool):
                self.assertEqual(cell, str(wanted).lower(), column)
            elif isinstance(wanted, float):
                self.assertEqual(float(cell), wanted, column)
            else:
                self.assertEqual(cell, str(wanted), column)
        self.assertEqual(values, {}, "without a column")

    def test_a_stop_leaves_whole_rows_and_a_start_appends(self):
        counts = []
        for _ in range(3):
            agent = self.start()
            self.wait_for_rows(agent, (counts or [0])[-1] + 2)
            self.assertEqual(agent.stop().returncode, 0)
            self.assertTrue(self.file("lxc_pids").read_bytes().endswith(b"\r\n"))
            counts.append(len(records(self.file("lxc_pids"))))
        self.assertEqual(counts, sorted(set(counts)))
        times = [row["time"] for row in records(self.file("lxc_pids"))]
        self.assertEqual(times, sorted(set(times)))
        self.assertEqual(self.old("lxc_pids"), [])

    def test_other_columns_begin_a_new_file_and_the_old_one_stays(self):
        # As NFS and ZFS before 2.2, bindfs refuses RENAME_NOREPLACE.
        below = self.path("below")
        below.mkdir(exist_ok=True)
        subprocess.run(["bindfs", below, self.folder], check=True, timeout=60)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.folder], check=True, timeout=60)
        agent = self.start("--metrics", "lxc_pids.threads")
        self.wait_for_rows(agent, 2)
        self.assertEqual(agent.stop().returncode, 0)
        before = self.file("lxc_pids").read_bytes()
        agent = self.start("--metrics", "lxc_pids.threads", "--metrics", "lxc_pids.peak")
        agent.wait_for(lambda: self.old("lxc_pids") and self.old("lxc_pids")[0].suffix == ".gz", 30, "the old file to be put aside")
        self.wait_for_rows(agent, 1)
        self.assertEqual(agent.stop().returncode, 0)
        (old,) = self.old("lxc_pids")
        self.assertEqual(gzip.decompress(old.read_bytes()), before)
        self.assertEqual(list(records(self.file("lxc_pids"))[0]), ["time", "host", "container", "name", "threads", "peak"])

    def test_rotation_is_bounded_and_loses_no_row(self):
        agent = self.start("--csv-max-size", "8KiB", "--csv-keep", "2", "--metrics=lxc_memory", "--metrics=lxc_pids", interval="100ms")
        agent.wait_for(lambda: len(self.old("lxc_memory")) == 2 and all(path.suffix == ".gz" for path in self.old("lxc_memory")), 120,
                       "two old files")
        first = self.old("lxc_memory")[0]
        agent.wait_for(lambda: not first.exists(), 120, "the oldest to be removed")
        self.assertEqual(agent.stop().returncode, 0)
        self.assertLessEqual(len(self.old("lxc_memory")), 2)
        self.assertLessEqual(self.file("lxc_memory").stat().st_size, 8 * 1024)
        rows = [row for path in [*self.old("lxc_memory"), self.file("lxc_memory")] for row in records(path)]
        for path, read in read_with_pandas(self.old("lxc_memory")).items():
            self.assertEqual(len(read), len(records(path)))
        wanted = [json.loads(line) for line in self.json.read_text().splitlines()]
        told = [point["timestamp"] for point in wanted if point["name"] == "lxc_memory"][-len(rows):]
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        times = [(datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00")) - epoch) // datetime.timedelta(milliseconds=1)
                 for row in rows]
        self.assertEqual(times, [time // 1_000_000 for time in told])

    def test_killed_again_and_again_no_row_is_torn(self):
        lines = 0
        for _ in range(5):
            agent = self.start(interval="100ms")
            self.wait_for_rows(agent, lines + 2, "lxc_cpu")
            agent.kill()
            # What a crash of the machine could leave.
            with open(self.file("lxc_cpu"), "ab") as file:
                file.write(b"2026-11-28T20:3")
            lines = len(self.file("lxc_cpu").read_text().splitlines())
            agent = self.start(interval="100ms")
            self.wait_for_rows(agent, lines + 2, "lxc_cpu")
            self.assertEqual(agent.stop().returncode, 0)
            times = [row["time"] for row in records(self.file("lxc_cpu")) if row["container"] == self.container.name]
            self.assertEqual(times, sorted(set(times)))
        self.assertEqual(self.old("lxc_cpu"), [])

    def test_a_container_created_later_has_rows_within_two_intervals(self):
        agent = self.start(interval="1s")
        self.wait_for_rows(agent, 1)
        (late,) = self.started(self.lab.add("it-late"))
        def own():
            return [row for row in records(self.file("lxc_state")) if row["container"] == late.name and row["running"] == "true"]
        agent.wait_for(own, 30, "a row of the new container")
        started = datetime.datetime.fromtimestamp(Path(f"/proc/{late.init_pid()}").stat().st_ctime, datetime.timezone.utc)
        first = datetime.datetime.fromisoformat(own()[0]["time"].replace("Z", "+00:00"))
        self.assertLessEqual((first - started).total_seconds(), 2)

    def test_csv_beside_a_server_that_is_down_and_a_server_beside_a_folder_that_is_missing(self):
        agent = self.start("--influx-url", "http://127.0.0.1:9", "--spool-dir", self.path("spool"))
        self.wait_for_rows(agent, 3)
        self.assertEqual(agent.stop().returncode, 0)
        influx = self.start_influxd()
        shutil.rmtree(self.folder)
        agent = self.start("--influx-url", influx.url, "--spool-dir", self.path("spool"))
        agent.wait_for(lambda: len(influx.rows("lxc_state")) > 3, 30, "points in the server")
        wait_until(lambda: "does not exist; correct --csv-dir, or make that folder" in agent.log_tail(), what="the log to name the folder")
        agent.kill()


if __name__ == "__main__":
    unittest.main()
