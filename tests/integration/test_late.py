# SPDX-License-Identifier: GPL-2.0-or-later
"""What the host gets after the agent has started: LXD or Incus, another lxc.lxcpath, another name."""

import subprocess
import unittest

from support.agent import Agent
from support.case import LabCase
from support.line_protocol import parse_line

PERIOD = 30  # seconds between two looks


class Late(LabCase):
    def start(self, *arguments, prefix):
        metrics = [word for name in ("lxc_state", "host_cpu", "lxcmon_push") for word in ("--metrics", name)]
        agent = Agent(self.workspace, "--interval", "500ms", "--dry-run", *metrics, *arguments, prefix=prefix)
        self.addCleanup(agent.kill)
        return agent

    @staticmethod
    def last_points(agent):
        """Of the last whole tick, which ends with the agent's own point."""
        lines = agent.stdout.rpartition("\n")[0].splitlines()
        ends = [at for at, line in enumerate(lines) if line.startswith("lxcmon_push,")][-2:]
        return [parse_line(line) for line in lines[ends[0] + 1:ends[1] + 1]] if len(ends) == 2 else []

    def last_states(self, agent):
        """The containers of the last whole tick; None before it."""
        points = self.last_points(agent)
        return sorted(point.tags["container"] for point in points if point.measurement == "lxc_state") if points else None

    def wait_for_states(self, agent, names, what):
        agent.wait_for(lambda: self.last_states(agent) == names, 2 * PERIOD, what)


class DefaultLxcpaths(Late):
    """In a mount namespace with an empty /var and /etc/lxc."""

    def setUp(self):
        script = "mount -t tmpfs it /var && mount -t tmpfs it /etc/lxc && mkdir -p /var/lib/lxc && exec \"$@\""
        self.agent = self.start(prefix=("unshare", "--mount", "sh", "-c", script, "sh"))
        self.agent.wait_for(lambda: self.last_states(self.agent) == [], what="a tick without a container")

    def inside(self, script):
        subprocess.run(["nsenter", "-t", str(self.agent.pid), "-m", "sh", "-e", "-c", script], check=True)

    def test_they_come_move_and_go(self):
        self.inside("mkdir -p /var/lib/incus/database /var/lib/incus/containers/it-incus")
        self.wait_for_states(self.agent, ["it-incus"], "Incus's container")
        self.assertIn("/var/lib/incus/containers is an lxcpath of this host now", self.agent.stderr)
        self.inside("mkdir -p /var/lib/lxd/database /var/lib/lxd/containers/it-moved; rm -r /var/lib/incus")
        self.wait_for_states(self.agent, ["it-moved"], "LXD's container instead of Incus's")
        self.assertIn("/var/lib/incus/containers is no lxcpath of this host any more", self.agent.stderr)
        self.inside("mkdir -p /var/snap/lxd/common; mv /var/lib/lxd /var/snap/lxd/common/lxd; mkdir /var/snap/lxd/common/lxd/containers/it-more")
        self.wait_for_states(self.agent, ["it-more", "it-moved"], "the snap's containers")
        self.inside("mkdir -p /var/lib/incus/database /var/lib/incus/containers/it-again")
        self.wait_for_states(self.agent, ["it-again", "it-more", "it-moved"], "Incus's again")

    def test_lxc_conf(self):
        self.inside("mkdir -p /var/other/it-other; echo 'lxc.rootfs.path = dir:/nowhere' > /var/other/it-other/config\n"
                    "echo 'lxc.lxcpath = /var/other' > /etc/lxc/lxc.conf")
        self.wait_for_states(self.agent, ["it-other"], "the container of lxc.conf's lxcpath")
        self.assertIn("/var/lib/lxc is no lxcpath of this host any more", self.agent.stderr)


class HostName(Late):
    def test_the_tag_host_follows(self):
        script = "hostname it-before; exec \"$@\""
        agent = self.start("--lxcpath", self.lab.lxcpath, prefix=("unshare", "--uts", "sh", "-c", script, "sh"))

        def hosts():
            """Of the last whole tick."""
            return {point.tags["host"] for point in self.last_points(agent)}

        agent.wait_for(lambda: hosts() == {"it-before"}, what="a tick")
        subprocess.run(["nsenter", "-t", str(agent.pid), "-u", "hostname", "it-after"], check=True)
        agent.wait_for(lambda: hosts() == {"it-after"}, 2 * PERIOD, "the new name")
        self.assertEqual({point.measurement for point in self.last_points(agent)}, {"host_cpu", "lxcmon_push"})
        agent.wait_for(lambda: agent.stderr.count("the host's name was it-before and is it-after now") == 1, what="the line in the log")


if __name__ == "__main__":
    unittest.main()
