# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of interface that a container can have, and what of it is on the host."""

import os
import subprocess
import unittest

from support import agent as program
from support.case import LabCase
from support.containers import Spec
from support.line_protocol import parse_lines
from support.second_source import SecondSource
from support.waiting import wait_until

# Takes away what the lab gives every container.
NO_INTERFACE = ("lxc.net =",)


def ip(*words):
    subprocess.run(["ip", *words], check=True, timeout=20)


class Interfaces(LabCase):
    """One container for each kind; the figures of all of them come from one sample."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.number = os.getpid() % 1_000_000
        add = cls.lab.add
        ip("link", "add", cls.name("ph"), "type", "veth", "peer", "name", cls.name("pp"))
        cls.workspace.note_bridge(cls.name("pp"))  # any interface: deleted with the lab
        ip("link", "set", cls.name("pp"), "up")
        cls.macvlan = add("it-macvlan", Spec(extra=cls.second("macvlan", cls.lab.bridge, "lxc.net.1.macvlan.mode = bridge")))
        cls.phys = add("it-phys", Spec(extra=cls.second("phys", cls.name("ph"))))
        cls.two = add("it-two", Spec(extra=cls.second("veth", cls.lab.bridge)))
        cls.empty = add("it-empty", Spec(extra=(*NO_INTERFACE, "lxc.net.0.type = empty")))
        cls.host = add("it-host-net", Spec(extra=(*NO_INTERFACE, "lxc.net.0.type = none")))
        cls.sharing = add("it-sharing", Spec(extra=(*NO_INTERFACE, "lxc.namespace.share.net = it-two")))
        cls.pairs = add("it-pairs"), add("it-far")
        cls.nesting = add("it-nesting")
        cls.lab.start_all([cls.macvlan, cls.phys, cls.two, cls.empty, cls.host, cls.sharing, *cls.pairs, cls.nesting])
        cls.make_pairs()
        cls.make_nested_pair()
        result = program.run("--lxcpath", cls.lab.lxcpath, "--once", "--dry-run")
        cls.code, cls.log, cls.points = result.returncode, result.stderr, parse_lines(result.stdout)

    @classmethod
    def name(cls, word):
        return f"it{word}{cls.number}"

    @staticmethod
    def second(kind, link, *more):
        return (f"lxc.net.1.type = {kind}", f"lxc.net.1.link = {link}", "lxc.net.1.name = data0", "lxc.net.1.flags = up", *more)

    @classmethod
    def make_pairs(cls):
        """A veth with both ends in one container, and one with its ends in two of them."""
        near, far = (str(container.init_pid()) for container in cls.pairs)
        ip("link", "add", "both0", "netns", near, "type", "veth", "peer", "name", "both1", "netns", near)
        ip("link", "add", "other0", "netns", near, "type", "veth", "peer", "name", "other0", "netns", far)

    @classmethod
    def make_nested_pair(cls):
        """As Docker does in a container: one end in a network namespace of its own, the other one on a bridge."""
        inside = ["nsenter", "-t", str(cls.nesting.init_pid()), "-n"]
        nested = subprocess.Popen([*inside, "unshare", "-n", "sleep", "1000"])
        cls.workspace.note_process(nested.pid)
        cls.addClassCleanup(nested.wait)
        cls.addClassCleanup(nested.kill)
        own = os.readlink(f"/proc/{cls.nesting.init_pid()}/ns/net")
        host = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{nested.pid}/ns/net") not in (own, host), what="the nested namespace")
        for words in (("add", "docker0", "type", "bridge"), ("add", "veth1a2b3c", "type", "veth", "peer", "name", "nested0"),
                      ("set", "veth1a2b3c", "master", "docker0"), ("set", "nested0", "netns", str(nested.pid))):
            subprocess.run([*inside, "ip", "link", *words], check=True, timeout=20)

    def net(self, container, points=None):
        """interface to fields."""
        return {point.tags["interface"]: point.fields for point in (points or self.points)
                if point.measurement == "lxc_net" and point.tags["container"] == container.name}

    def assert_host_interface(self, container, interface, wanted):
        self.assertEqual(self.net(container)[interface].get("host_interface"), wanted, f"{interface} of {container.name}")

    def test_all_are_sampled(self):
        self.assertEqual(self.code, 0, self.log)
        states = {point.tags["container"] for point in self.points if point.measurement == "lxc_state"}
        self.assertEqual(len(states), 9)

    def test_two_veths(self):
        source = SecondSource(self.two)
        self.assertEqual(set(self.net(self.two)), {"eth0", "data0"})
        for interface in ("eth0", "data0"):
            self.assert_host_interface(self.two, interface, source.host_interface(interface))

    def test_macvlan_has_its_lower_device(self):
        self.assert_host_interface(self.macvlan, "data0", self.lab.bridge)
        self.assert_host_interface(self.macvlan, "eth0", SecondSource(self.macvlan).host_interface())

    def test_phys_has_what_its_other_end_is(self):
        """A moved interface is nowhere on the host; this one is a veth, whose other end is."""
        self.assert_host_interface(self.phys, "data0", self.name("pp"))

    def test_a_pair_within_a_container_has_no_host_side(self):
        """Indexes are each namespace's own: the other end's is also that of some interface of the host."""
        near, far = self.pairs
        self.assertEqual(set(self.net(near)), {"eth0", "both0", "both1", "other0"})
        for interface in ("both0", "both1", "other0"):
            self.assert_host_interface(near, interface, None)
        self.assert_host_interface(far, "other0", None)
        self.assert_host_interface(near, "eth0", SecondSource(near).host_interface())

    def test_inner_ends_of_veth_pairs_only_when_asked_for(self):
        self.assertEqual(set(self.net(self.nesting)), {"eth0", "docker0"})
        self.assert_host_interface(self.nesting, "eth0", SecondSource(self.nesting).host_interface())
        self.assertEqual(self.log.count("for example veth1a2b3c, are left out; --net-include adds them"), 1, self.log)
        more = self.once("--net-include", "veth*")
        self.assertEqual(set(self.net(self.nesting, more)), {"eth0", "docker0", "veth1a2b3c"})
        of_host = {point.tags["interface"] for point in more if point.measurement == "host_net"}
        self.assertIn(self.lab.bridge, of_host)
        self.assertEqual([name for name in of_host if name.startswith("veth")], [])

    def test_names_are_left_out(self):
        less = self.once("--net-exclude", "eth*", "--net-exclude", self.lab.bridge)
        self.assertEqual(set(self.net(self.two, less)), {"data0"})
        self.assertNotIn(self.lab.bridge, {point.tags["interface"] for point in less if point.measurement == "host_net"})
        self.assertIn(self.lab.bridge, {point.tags["interface"] for point in self.points if point.measurement == "host_net"})

    def test_names_that_are_equal_in_the_points(self):
        """The first by index is sent, and the log names the other."""
        def inside(*words):
            subprocess.run(["nsenter", "-t", str(self.two.init_pid()), "-n", "ip", "link", *words], check=True, timeout=20)
        one, other = (f"it\1{self.number}", f"it\2{self.number}")
        for name in (one, other):
            inside("add", name, "type", "bridge")
            self.addCleanup(inside, "del", name)
        result = program.run(*self.arguments("--once", "--dry-run", "--include", "it-two", "--metrics", "lxc_net"))
        points = [point for point in parse_lines(result.stdout) if point.tags["interface"] == f"it_{self.number}"]
        self.assertEqual(len(points), 1)
        self.assertEqual(result.stderr.count(f"its interface it\\x02{self.number} is left out: its name is sent as it_{self.number}, like that of its interface it\\x01{self.number}"), 1, result.stderr)

    def once(self, *arguments):
        return parse_lines(program.run("--lxcpath", self.lab.lxcpath, "--once", "--dry-run", *arguments).stdout)

    def test_no_network(self):
        self.assertEqual(self.net(self.empty), {})
        self.assertEqual(self.net(self.host), {})
        self.assertEqual(self.log.count("it-host-net: it shares the host's network"), 1, self.log)
        self.assertNotIn("warn", self.log)

    def test_a_namespace_of_two_containers(self):
        """Both have the same interfaces: the figures are the namespace's."""
        self.assertEqual(set(self.net(self.sharing)), {"eth0", "data0"})
        self.assert_host_interface(self.sharing, "eth0", SecondSource(self.two).host_interface())

    def test_counters(self):
        # Asks everybody on the bridge who has this address: macvlan alone counts such frames as multicast.
        self.two.run_inside("ping", "-c", "1", "-W", "1", "10.213.255.251", check=False)
        self.assertGreater(SecondSource(self.macvlan).net("data0")["multicast"], 0)
        for container, interface in ((self.macvlan, "data0"), (self.phys, "data0"), (self.sharing, "eth0")):
            source = SecondSource(container)
            before = source.net(interface)
            result = program.run(*self.arguments("--once", "--dry-run", "--include", container.name, "--metrics", "lxc_net"))
            point = next(each for each in parse_lines(result.stdout) if each.tags["interface"] == interface)
            after = source.net(interface)
            self.assert_all_near(point, {name: (value, after[name]) for name, value in before.items()}, slack=3)


class ContainerNames(LabCase):
    def test_a_user_can_not_take_the_name_of_roots_container(self):
        users = self.lab.second_lxcpath()
        os.chown(users, 65534, 65534)
        self.lab.add("my\1db", lxcpath=users)
        self.lab.add("my_db")
        result = program.run("--lxcpath", users, "--lxcpath", self.lab.lxcpath, "--once", "--dry-run", "--metrics", "lxc_state")
        self.assertEqual([(point.tags["container"], point.tags.get("lxcpath")) for point in parse_lines(result.stdout)],
                         [("my_db", str(users)), ("my_db", None)])
        self.assertEqual(result.stderr.count("its points have the tag lxcpath"), 1, result.stderr)


if __name__ == "__main__":
    unittest.main()
