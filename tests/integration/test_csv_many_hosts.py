# SPDX-License-Identifier: GPL-2.0-or-later
"""One InfluxDB for many hosts, as kubemon's collector was for its monitors: ten network namespaces on a bridge, with an agent and a
container in each. liblxc's sockets belong to a network namespace: an agent does not find another host's container."""

import csv
import datetime
import os
import random
import signal
import subprocess
import unittest
from collections import defaultdict

from support.agent import Agent, run
from support.case import LabCase

HOSTS = [f"it-mon-{number}" for number in range(10)]
NSEC_PER_MSEC = 1_000_000


def ip(*words):
    return subprocess.run(["ip", *words], stdout=subprocess.PIPE, check=True, text=True).stdout


def msec_of(text):
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - epoch) // datetime.timedelta(milliseconds=1)


class Host:
    """A network namespace with an address on the outer bridge, an lxcpath and a container."""

    def __init__(self, lab, number, name, outer_bridge, subnet):
        self.name, self.address, self.namespace = name, f"{subnet}.{number + 10}", f"{outer_bridge}-{number}"
        self.csv, self.lxcpath = lab.workspace.folder(f"csv-{name}"), lab.workspace.folder(f"lxc-{name}")
        outer = f"{outer_bridge}v{number}"
        lab.workspace.note_namespace(self.namespace)
        ip("netns", "add", self.namespace)
        ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        ip("link", "set", outer, "master", outer_bridge, "up")
        ip("-n", self.namespace, "address", "add", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.namespace, "link", "set", "eth0", "up")
        ip("-n", self.namespace, "link", "add", lab.bridge, "type", "bridge")
        self.container = lab.add(f"of-{name}", lxcpath=self.lxcpath)

    def lxc(self, tool, *arguments):
        # Not ip-netns-exec(8), which hides /sys/fs/cgroup.
        command = [f"lxc-{tool}", "-P", self.lxcpath, "-n", self.container.name, *arguments]
        return subprocess.run(["nsenter", f"--net=/run/netns/{self.namespace}", *command], stdout=subprocess.PIPE, check=True, text=True,
                              timeout=300).stdout

    def start(self, workspace):
        self.lxc("start", "-d", "-o", self.lxcpath / "log")
        workspace.note_process(int(self.lxc("info", "-p", "-H")))

    def prefix(self):
        """The host's name is that of a UTS namespace."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", "unshare", "--uts", "sh", "-c",
                'echo "$0" >/proc/sys/kernel/hostname && exec "$@"', self.name]

    def written(self):
        """{measurement: {(time in ms, tags): names of the fields}} of its CSV files."""
        measurements = {}
        for path in self.csv.glob(f"*.{self.name}.csv"):
            with open(path, newline="", encoding="utf-8") as file:
                measurements[path.name.partition(".")[0]] = [
                    (msec_of(row.pop("time")), {column: cell for column, cell in row.items() if cell}) for row in csv.DictReader(file)]
        return measurements


class ManyHosts(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        while ip("route", "show", "root", f"{(subnet := f'10.214.{random.randrange(256)}')}.0/24"):
            pass
        cls.bridge = f"it{os.getpid()}"
        cls.workspace.note_bridge(cls.bridge)
        ip("link", "add", cls.bridge, "type", "bridge")
        ip("address", "add", f"{subnet}.1/24", "dev", cls.bridge)
        ip("link", "set", cls.bridge, "up")
        cls.address = f"{subnet}.1"
        cls.hosts = [Host(cls.lab, number, name, cls.bridge, subnet) for number, name in enumerate(HOSTS)]
        for host in cls.hosts:
            host.start(cls.workspace)
            cls.addClassCleanup(host.lxc, "stop", "--kill")

    def test_ten_agents_in_ten_network_namespaces_and_one_server(self):
        server = self.own_influxd(address=self.address)
        agents = {}
        for host in self.hosts:
            agents[host] = Agent(self.workspace, "--config", "/dev/null", "--lxcpath", host.lxcpath, "--interval", "1s",
                                 "--influx-url", server.url, "--csv-dir", host.csv, prefix=host.prefix())
            self.addCleanup(agents[host].kill)
        for host, agent in agents.items():
            agent.wait_for(lambda name=host.name: len(server.rows("lxc_cpu", host=name)) >= 3, 60, f"points of {host.name}")
        namespaces = {os.readlink(f"/proc/{agent.pid}/ns/net") for agent in agents.values()}
        self.assertEqual(len(namespaces - {os.readlink("/proc/self/ns/net")}), len(HOSTS))
        for agent in agents.values():
            agent.send_signal(signal.SIGTERM)
        for host, agent in agents.items():
            self.assertEqual(agent.stop(30).returncode, 0, agent.log_tail())
            # A busy machine may leave the last tick in the spool.
            if left := list(agent.spool_dir.glob("*.jsonl*")):
                replayed = run("replay", "--config", "/dev/null", "--influx-url", server.url, *left, prefix=host.prefix())
                self.assertEqual(replayed.returncode, 0, replayed.stderr)
        self.assertEqual(server.tag_values("host"), set(HOSTS))
        self.assertEqual({(row.tags["host"], row.tags["container"]) for row in server.rows("lxc_cpu")},
                         {(host.name, host.container.name) for host in self.hosts})
        for host in self.hosts:
            self.assertIn(f"{host.address} - ", server.log(), "the server has not seen its address")
        self.assert_all_points(server)

    def assert_all_points(self, server):
        """The server has what the agents have written into their CSV files, and nothing else."""
        told = defaultdict(lambda: defaultdict(list))
        for measurement in server.measurements():
            for row in server.rows(measurement):
                self.assertEqual(row.time % NSEC_PER_MSEC, 0)
                told[row.tags["host"]][measurement].append((row.time // NSEC_PER_MSEC, {**row.tags, **row.fields}))
        for host in self.hosts:
            written = host.written()
            self.assertEqual(set(written), set(told[host.name]))
            for measurement, rows in written.items():
                self.assertEqual(self.ordered(rows), self.ordered(told[host.name][measurement]), (host.name, measurement))

    @staticmethod
    def ordered(rows):
        """Time, tags and the names of the fields."""
        return sorted((time, sorted(values), str(values.get("container")), str(values.get("device")), str(values.get("interface")),
                       str(values.get("mountpoint"))) for time, values in rows)


if __name__ == "__main__":
    unittest.main()
