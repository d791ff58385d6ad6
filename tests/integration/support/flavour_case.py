# SPDX-License-Identifier: GPL-2.0-or-later
"""All figures of one running container against the second source, whatever kind of container it is."""

from .case import WatchCase, row_after
from .second_source import SecondSource

# Counters go on while they are read: one more packet, one more page.
SLACK = {"lxc_cpu": 20_000, "lxc_memory": 256 * 1024, "lxc_net": 3, "lxc_fs": 1024 * 1024}
# For each tick, and with what is off by default.
ALL_FIGURES = ("--fs-interval", "500ms", "--metrics", "+lxc_memory.*")


class FlavourCase(WatchCase):
    """`container` is anything with name, init_pid() and cgroup()."""

    def watch(self, *arguments):
        return super().watch(*ALL_FIGURES, *arguments)

    def next_tick(self, container, measurement="lxc_state", field=None, **tags):
        """The points of one tick that begins after now, by measurement; interfaces and mounts are the tags'. Of one that has the field."""
        moment = row_after(self.influx, self.agent, measurement, field=field, db=self.db, container=container.name, **tags).time
        wanted = ("lxc_state", "lxc_cpu", "lxc_memory", "lxc_pids", "lxc_net", "lxc_fs", "lxc_io")
        return {name: [row for row in self.rows(name, container, **tags) if row.time == moment] for name in wanted}

    def assert_figures(self, container, interface="eth0", has_cgroups=True):
        """Compares each measurement of one tick with what is read before and after it; gives the tick's points."""
        source = SecondSource(container)
        readers = {"lxc_fs": source.filesystem}
        if has_cgroups:
            readers |= {"lxc_cpu": source.cpu, "lxc_memory": source.memory, "lxc_pids": source.pids}
        if interface:
            readers["lxc_net"] = lambda: source.net(interface)
        before = {name: read() for name, read in readers.items()}
        # Of what comes in turn, and not at each tick: the point that has one of these has all.
        points = self.next_tick(container, *(("lxc_memory", "peak_bytes") if has_cgroups else ("lxc_pids", "processes")))
        after = {name: read() for name, read in readers.items()}
        for name, figures in before.items():
            wanted = {field: (value, after[name][field]) for field, value in figures.items()}
            self.assert_all_near(self._one(points[name], name, interface), wanted, SLACK.get(name, 0))
        self.assert_all_equal(points["lxc_state"][0], {"init_pid": container.init_pid(), "running": True, "frozen": False,
                                                       "state": "RUNNING"})
        if interface:
            link = source.links()[interface]
            self.assert_all_equal(self._one(points["lxc_net"], "lxc_net", interface),
                                  {"host_interface": source.host_interface(interface), "mtu": link["mtu"], "up": "LOWER_UP" in link["flags"]})
        return points

    def _one(self, rows, name, interface):
        chosen = [row for row in rows if row.tags.get("interface", interface) == interface and row.tags.get("mountpoint", "/") == "/"]
        self.assertEqual(len(chosen), 1, f"{name}: {rows}")
        return chosen[0]
