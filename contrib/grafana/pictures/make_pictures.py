#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sudo LXCMONTEST_PUSH_BINARY=... ./make_pictures.py FOLDER [--minutes N] [--more N]: screenshots of the three dashboards, dark and light,
1,600 and 400 pixels wide, in FOLDER. Two agents sample 12 real containers under load, and N idle ones more; tests/grafana/page draws.
Those that the documents show are copied to this folder by hand. Needs root, chromium, fonts-inter, npm, influxdb, pngquant."""

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
sys.path[:0] = [str(REPOSITORY / "tests/integration"), str(REPOSITORY / "tests/support"), str(HERE)]
sys.dont_write_bytecode = True

from scene import Scene  # noqa: E402
from support.agent import Agent  # noqa: E402
from support.containers import Lab  # noqa: E402
from support.influx import Influxd  # noqa: E402

HOSTS = ("node1", "node2")
CHOSEN = {"container": {"host": "node1", "container": "db"}}


def record(lab, minutes, more):
    """The server, and the time that it has points of, in milliseconds."""
    influx = Influxd(lab.workspace).start()
    scene = Scene(lab, more)
    begin = time.time_ns() // 10**6
    agents = [Agent(lab.workspace, "--lxcpath", lxcpath, "--host", host, "--interval", "5s", "--influx-url", influx.url, "--metrics",
                    "+lxc_process", "--metrics", "+lxc_socket", "--fs-exclude", "/mnt/*", "--fs-exclude", "/tmp/*", env={"LXCMON_FS_INTERVAL": "30s"})
              for host, lxcpath in zip(HOSTS, scene.lxcpaths)]
    for second in range(0, minutes * 60, 5):
        scene.play(second)
        # A fixed pace; there is no event to wait for.
        time.sleep(5)
    end = time.time_ns() // 10**6
    for agent in agents:
        agent.stop()
    return influx, begin, end


def take(folder, influx, begin, end):
    jobs = [{"server": influx.url, "dashboard": f"influxql/{name}", "theme": theme, "width": width, "db": "lxc", "from": begin,
             "to": end, "minInterval": "5s", "chosen": CHOSEN.get(name, {}), "picture": str(folder / f"{name}-{theme}-{width}.png")}
            for name in ("fleet", "container", "agent") for theme in ("dark", "light") for width in (1600, 400)]
    runner = REPOSITORY / "tests/grafana/run_page.sh"
    look = [runner, folder / "page", "node", "look.mjs", REPOSITORY / "contrib/grafana/dashboards"]
    done = subprocess.run(look, input=json.dumps(jobs), text=True, stdout=subprocess.PIPE, check=True)
    for page in json.loads(done.stdout):
        print(page["job"]["picture"], page["problem"], *page["problems"])
        # A palette makes it a third as large.
        subprocess.run(["pngquant", "--nofs", "--force", "--ext", ".png", "128", page["job"]["picture"]], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=int, default=15)
    parser.add_argument("--more", type=int, default=0)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    lab = Lab()
    try:
        take(arguments.folder.resolve(), *record(lab, arguments.minutes, arguments.more))
    finally:
        lab.close()


if __name__ == "__main__":
    main()
