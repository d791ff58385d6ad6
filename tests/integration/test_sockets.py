# SPDX-License-Identifier: GPL-2.0-or-later
"""lxc_socket, against what `ss` and TCP_INFO say; and that it and lxc_process are off unless asked for."""

import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

from support.case import WatchCase, row_after
from support.waiting import wait_until

# Run by the host's python in the container's network namespace. Of TCP: a listener on v4 and v6, and one side of a connection that
# the other has closed (which is in TIME_WAIT or FIN_WAIT2 then, and no socket of a process any more); of UDP one on v4 and two on v6;
# and one TCP socket whose SYN nobody answers. Each line it is given it answers with how often that one was sent again.
NOBODY = "10.213.255.250"
SOCKETS = """
import socket, struct, sys
keep = []
def open_socket(family, kind, address):
    keep.append(socket.socket(family, kind))
    keep[-1].bind((address, 0))
    return keep[-1]
listener = open_socket(socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1")
listener.listen()
open_socket(socket.AF_INET6, socket.SOCK_STREAM, "::1").listen()
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
client.close()
server.recv(1)
server.close()
open_socket(socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1")
open_socket(socket.AF_INET6, socket.SOCK_DGRAM, "::1")
open_socket(socket.AF_INET6, socket.SOCK_DGRAM, "::1")
lost = socket.socket()
lost.setblocking(False)
lost.connect_ex(("10.213.255.250", 9))
print("ready", flush=True)
for _ in sys.stdin:
    info = lost.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    print(struct.unpack_from("=I", info, 100)[0], flush=True)  # tcpi_total_retrans
"""


def in_network(container, *command):
    return ["nsenter", "--target", str(container.init_pid()), "--net", *command]


class Sockets(WatchCase):
    def open_sockets(self, container):
        subprocess.run(in_network(container, "ip", "link", "set", "lo", "up"), check=True)
        # Known to everyone but to nobody's: a SYN that waits for ARP would not be sent again.
        subprocess.run(in_network(container, "ip", "neighbour", "add", NOBODY, "lladdr", "02:00:00:00:00:01", "dev", "eth0"), check=True)
        process = subprocess.Popen(in_network(container, sys.executable, "-c", SOCKETS), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.workspace.note_process(process.pid)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    @staticmethod
    def sent_again(process):
        process.stdin.write("\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    @staticmethod
    def told_by_ss(container):
        """ss asks the kernel by netlink for each socket; the agent reads counters."""
        done = subprocess.run(in_network(container, "ss", "-H", "-n", "-a", "-t", "-u"), capture_output=True, text=True, check=True)
        lines = [line.split()[:2] for line in done.stdout.splitlines()]
        states = Counter("time-wait" if state == "TIME-WAIT" else kind for kind, state in lines)
        return {"tcp_inuse": states["tcp"], "udp_inuse": states["udp"], "tcp_tw": states["time-wait"]}

    def test_sockets_of_a_container(self):
        container, quiet = self.started(self.lab.add("it-sockets"), self.lab.add("it-quiet"))
        sharing = self.lab.add("it-shared-net")
        config = sharing.folder / "config"
        others = [line for line in config.read_text().splitlines() if not line.startswith("lxc.net.")]
        config.write_text("\n".join([*others, "lxc.net.0.type = none", ""]))
        self.started(sharing)
        process = self.open_sockets(container)
        self.watch("--metrics", "+lxc_socket")
        wait_until(lambda: self.sent_again(process) >= 1, 20, "a SYN to be sent again")
        before = self.sent_again(process)
        row = row_after(self.influx, self.agent, "lxc_socket", container=container.name, db=self.db)
        wanted = self.told_by_ss(container)
        self.assertEqual((wanted["udp_inuse"], wanted["tcp_tw"]), (3, 1), "the sockets are there")
        self.assert_all_equal(row, wanted)
        self.assert_all_near(row, {"tcp_retrans_segs": (before, self.sent_again(process))})
        # Everything that a process holds: those that listen, wait for an answer, and are of UDP.
        self.assert_all_equal(row, {"sockets_used": wanted["tcp_inuse"] + wanted["udp_inuse"]})
        idle = self.rows("lxc_socket", quiet)[-1]
        self.assertEqual(set(idle.fields.values()), {0}, "another container's sockets were counted here")
        self.assertEqual(self.rows("lxc_socket", sharing), [], "the host's sockets are no container's")
        self.assertTrue(self.rows("lxc_cpu", sharing))


class OffByDefault(WatchCase):
    def test_nothing_is_sent_or_opened(self):
        (container,) = self.started(self.lab.add("it-off"))
        trace = self.path("trace")
        self.agent = self.start_agent("--interval", "500ms", "--influx-url", self.influx.url, "--influx-db", self.db,
                                      prefix=("strace", "-D", "-f", "-qq", "-e", "trace=openat,readlinkat", "-o", str(trace)))
        self.agent.wait_for(lambda: len(self.rows("lxc_cpu", container)) >= 2, 30, "two ticks")
        helpers = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in self.agent.process_tree()[1:]}
        self.assertEqual(helpers - {"lxcmon-lxc"}, {"lxcmon-ns"}, "none reads processes; the one for liblxc ends when idle")
        opened = trace.read_text()
        self.assertIn("cpuacct.usage" if "cpuacct" in Path("/proc/self/cgroup").read_text() else "cpu.stat", opened)
        for name in ("sockstat", "net/snmp", "cgroup.procs"):
            self.assertNotIn(name, opened)
        self.assertEqual(self.rows("lxc_socket") + self.rows("lxc_process"), [])


if __name__ == "__main__":
    unittest.main()
