# SPDX-License-Identifier: GPL-2.0-or-later
"""The real containers of the pictures, on two lxcpaths for two agents, and their load."""

import random

from support.containers import Limits, Spec

MIB = 1024 * 1024
# Name: hundredths of a core, MiB of memory, size of /tmp in MiB.
CONTAINERS = {"web1": (30, 256, 120), "web2": (25, 256, 150), "db": (50, 384, 300), "mail": (None, 128, 80), "cache": (None, 96, 64),
              "ci": (20, 256, 400), "git": (None, None, 100), "backup": (30, None, 500), "dns": (10, 64, 32), "proxy": (None, 64, 50),
              "wiki": (None, 192, 90), "old": (None, None, 50)}
BURN = "end=$(($(date +%s) + {})); while [ $(date +%s) -lt $end ]; do dd if=/dev/zero of=/dev/null bs=16k count={} 2>/dev/null; {}; done"
HOLD = "x=$(dd if=/dev/zero bs=1M count={} 2>/dev/null | tr '\\0' a); sleep {}; true"


def spec(hundredths, memory, tmp):
    limits = Limits(memory_bytes=memory and memory * MIB, cpu_quota_usec=hundredths and hundredths * 1000, pids=200)
    return Spec(limits, extra=(f"lxc.mount.entry = tmpfs tmp tmpfs rw,size={tmp}m 0 0",))


class Scene:
    """Gives each container a load that suits its name."""

    def __init__(self, lab, more):
        self.lxcpaths = [lab.lxcpath, lab.second_lxcpath()]
        figures = {**CONTAINERS, **{f"idle{number:03}": (20, 64, 16) for number in range(more)}}
        self.all = {name: lab.add(name, spec(*each), self.lxcpaths[at % 2]) for at, (name, each) in enumerate(figures.items())}
        lab.start_all(self.all.values())
        for name in ("web1", "db"):
            self.sh(name, "dd if=/dev/zero of=/tmp/page bs=1M count=3; httpd -p 80 -h /tmp")
        self.random = random.Random(16)

    def sh(self, name, command):
        self.all[name].spawn_inside("sh", "-c", command)

    def fetch(self, name, source, times):
        self.sh(name, f"for i in $(seq {times}); do wget -q -O /dev/null http://{self.all[source].address}/page; sleep 1; done")

    def play(self, second):
        """Called every 5 s."""
        between = self.random.randrange
        if second % 30 == 0:
            self.sh("web1", BURN.format(28, between(10_000, 60_000), "sleep 0.2"))
            self.sh("web1", HOLD.format(between(50, 120), 28))
            self.sh("web2", BURN.format(28, between(5_000, 30_000), "sleep 0.3"))
            self.sh("web2", HOLD.format(between(30, 60), 29))
            self.fetch("proxy", "web1", between(5, 20))
        if second % 20 == 0:
            self.sh("db", f"dd if=/dev/zero of=/data bs=1M count={between(4, 24)} oflag=direct; dd if=/data of=/dev/null bs=1M iflag=direct")
            self.sh("db", BURN.format(19, between(10_000, 30_000), "sleep 0.3"))
            self.fetch("web1", "db", between(6, 18))
        if second % 40 == 0:
            self.fetch("mail", "web1", between(10, 38))
            self.sh("mail", HOLD.format(between(10, 60), 30))
            self.sh("db", HOLD.format(between(60, 160), 45))
            self.sh("wiki", HOLD.format(between(20, 90), 50))
        if second % 120 == 60:
            self.sh("ci", BURN.format(70, 20_000, ":"))
            self.sh("ci", f"dd if=/dev/zero of=/tmp/out bs=1M count={between(20, 120)}")
        if second % 90 == 30:
            # Sometimes more than its memory limit of 96 MiB: the kernel kills it.
            self.sh("cache", HOLD.format(self.random.choice((30, 50, 70, 70, 140)), 60))
        if second % 60 == 15:
            self.sh("backup", f"dd if=/dev/zero of=/tmp/{second} bs=1M count=24; dd if=/dev/zero of=/tape bs=1M count=40 oflag=direct")
            self.fetch("backup", "db", 15)
        if second % 15 == 0 and second < 240:
            self.sh("git", BURN.format(14, between(500, 9000), "sleep 0.5"))
        if second == 240:
            self.all["git"].restart()
        if second == 360:
            self.all["old"].stop()
