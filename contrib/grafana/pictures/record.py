#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sudo LXCMONTEST_PUSH_BINARY=... ./record.py FOLDER [MINUTES]: runs the agent with real containers under load, then writes the answers to
each query of the dashboards Fleet and Container to FOLDER/answers.json, for draw.py. Not part of any test."""

import json
import random
import signal
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY / "tests/integration"), str(REPOSITORY / "tests/support")]

from support.agent import Agent  # noqa: E402
from support.containers import Lab, Limits, Spec  # noqa: E402
from support.dashboards import dashboards, filled_in, panel_queries  # noqa: E402
from support.influx import Influxd  # noqa: E402

MIB = 1024 * 1024
HOST = "node1"
# Name: hundredths of a core, MiB of memory, size of /tmp in MiB.
CONTAINERS = {"web1": (30, 256, 120), "web2": (25, 256, 150), "db": (50, 384, 300), "mail": (None, 128, 80), "cache": (None, 96, 64),
              "ci": (20, 256, 400), "git": (None, None, 100), "backup": (30, None, 500), "dns": (10, 64, 32)}
BURN = "end=$(($(date +%s) + {})); while [ $(date +%s) -lt $end ]; do dd if=/dev/zero of=/dev/null bs=16k count={} 2>/dev/null; {}; done"
HOLD = "x=$(dd if=/dev/zero bs=1M count={} 2>/dev/null | tr '\\0' a); sleep {}; true"


def spec(hundredths, memory, tmp):
    limits = Limits(memory_bytes=memory and memory * MIB, cpu_quota_usec=hundredths and hundredths * 1000, pids=200)
    return Spec(limits, extra=(f"lxc.mount.entry = tmpfs tmp tmpfs rw,size={tmp}m 0 0",))


class Scene:
    """Gives each container a load that suits its name."""

    def __init__(self, lab):
        self.all = {name: lab.add(name, spec(*figures)) for name, figures in CONTAINERS.items()}
        self._stopped = lab.add("old", Spec())
        lab.start_all(self.all.values())
        for name in ("web1", "db"):
            self.sh(name, "dd if=/dev/zero of=/tmp/page bs=1M count=3; httpd -p 80 -h /tmp")

    def sh(self, name, command):
        self.all[name].spawn_inside("sh", "-c", command)

    def fetch(self, name, source, times):
        self.sh(name, f"for i in $(seq {times}); do wget -q -O /dev/null http://{self.all[source].address}/page; sleep 1; done")

    def play(self, second):
        """Called every 5 s."""
        if second % 30 == 0:
            self.sh("web1", BURN.format(28, random.randrange(10_000, 60_000), "sleep 0.2"))
            self.sh("web1", HOLD.format(random.randrange(50, 120), 28))
            self.sh("web2", BURN.format(28, random.randrange(5_000, 30_000), "sleep 0.3"))
            self.sh("web2", HOLD.format(random.randrange(30, 60), 29))
            self.sh("git", BURN.format(25, random.randrange(500, 9000), "sleep 0.5"))
        if second % 20 == 0:
            self.sh("db", f"dd if=/dev/zero of=/data bs=1M count={random.randrange(4, 24)} oflag=direct; "
                          "dd if=/data of=/dev/null bs=1M iflag=direct")
            self.sh("db", BURN.format(19, random.randrange(10_000, 30_000), "sleep 0.3"))
            self.fetch("web1", "db", random.randrange(6, 18))
        if second % 40 == 0:
            self.fetch("mail", "web1", random.randrange(10, 38))
            self.sh("mail", HOLD.format(random.randrange(10, 60), 30))
            self.sh("db", HOLD.format(random.randrange(60, 160), 45))
        if second % 120 == 60:
            self.sh("ci", BURN.format(70, 20_000, ":"))
            self.sh("ci", f"dd if=/dev/zero of=/tmp/out bs=1M count={random.randrange(20, 120)}")
        if second % 90 == 30:
            # Sometimes more than its memory limit of 96 MiB: the kernel kills it.
            self.sh("cache", HOLD.format(random.choice((30, 50, 70, 70, 140)), 60))
        if second % 60 == 15:
            self.sh("backup", f"dd if=/dev/zero of=/tmp/{second} bs=1M count=24; dd if=/dev/zero of=/tape bs=1M count=40 oflag=direct")
            self.fetch("backup", "db", 15)
        self.sh("dns", f"ping -q -c {random.randrange(50, 400)} -i 0.01 {self.all['mail'].address}")
        if second == 240:
            self.all["git"].restart()


def answers(influx, begin_ms):
    end_ms = time.time_ns() // 10**6
    made = {"begin_ms": begin_ms, "end_ms": end_ms, "answers": {}}
    for dashboard in dashboards():
        chosen = ["db"] if dashboard["title"] == "LXC Container" else None
        kept = made["answers"][dashboard["uid"]] = {}
        for asked in panel_queries(dashboard):
            text = filled_in(asked.text, begin_ms, end_ms, "10s", host=None, container=chosen, interface=None)
            kept[asked.text] = influx.execute(text, "lxc").get("series", [])
    return made


def main(folder, minutes=12):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab = Lab()
    try:
        influx = Influxd(lab.workspace).start()
        scene = Scene(lab)
        begin_ms = time.time_ns() // 10**6
        agent = Agent(lab.workspace, "--lxcpath", lab.lxcpath, "--host", HOST, "--interval", "5s", "--influx-url", influx.url,
                      env={"LXCMON_FS_INTERVAL": "30s"})
        for second in range(0, int(minutes) * 60, 5):
            scene.play(second)
            # A fixed pace; there is no event to wait for.
            time.sleep(5)
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, "answers.json").write_text(json.dumps(answers(influx, begin_ms)))
        agent.stop()
        influx.stop()
    finally:
        lab.close()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
