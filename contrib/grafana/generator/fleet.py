# SPDX-License-Identifier: GPL-2.0-or-later
"""Fleet: all containers of all hosts."""

from dataclasses import replace

from .dashboard import CONTAINER, HOST, Dashboard, Row, to_container, to_host
from .panels import ANY_IS_BAD, FULL, ORANGE, RED, Column, Graph, Stat, States, Table, equals, is_not, more_than_0, steps
from .queries import gauge, growth, latest, over_range, percent_of_time, rate, series, trend
from . import queries

CPU = gauge("lxc_cpu", "usage_percent")
CPU_OF_LIMIT = gauge("lxc_cpu", "usage_percent", per="limit_cores")
MEMORY = gauge("lxc_memory", "used_bytes")
MEMORY_PERCENT = gauge("lxc_memory", "used_percent")
RECEIVED, SENT = rate("lxc_net", "rx_bytes"), rate("lxc_net", "tx_bytes")
# For sums: the kernel counts I/O on LVM, LUKS, RAID and loop at the disks below them, too.
READ, WRITTEN = (rate("lxc_io", name, without=("stacked",)) for name in ("read_bytes", "write_bytes"))
DISK_PERCENT = gauge("lxc_fs", "used_percent")
THROTTLED = growth("lxc_cpu", "nr_throttled", per="nr_periods", scale=100)
KILLS = growth("lxc_memory", "oom_kill")
HOST_KILLS = growth("host_memory", "oom_kill")
STATE = gauge("lxc_state", "state", text=True)
STATE_OVER_TIME = replace(STATE, window="last")
# Only known to Proxmox VE, LXD and Incus.
LOCK, ONBOOT, TEMPLATE = (gauge("lxc_state", name, text=True) for name in ("lock", "onboot", "template"))
INTERFACES, MOUNTS, DEVICES = ("interface",), ("mountpoint",), ("device",)
NO_PSI = "No pressure figures: they need PSI in the kernel (psi=1) and cgroup v2"
NO_IO = "No block I/O counted: none done, a container on ZFS, or cgroup v1 without BFQ or a throttle rule"
PERCENT_OF_TIME = steps((10, ORANGE), (40, RED))
TOP = 10
QUARTER = steps((5, ORANGE), (25, RED))


def pressure(resource, prefix="lxc", kind="some"):
    return percent_of_time(f"{prefix}_pressure", f"{kind}_total_usec", where=(("resource", resource),))


def dashboard(language):
    top_cpu, top_memory, *counted, down = _top_and_problems(language)
    return Dashboard(
        "fleet", "All LXC containers of all hosts, from lxcmon-push.", [HOST, CONTAINER],
        [Row("Now", [*_counts(), _containers(language)]), Row("Top 10 and problems", [top_cpu, top_memory, down]),
         Row("Hosts", [_hosts(language), *_host_graphs()]),
         Row("Network, disk, throttled, OOM-killed: slow over a day of hundreds of containers, as each counter is read whole", counted,
             folded=True),
         Row("Over time, by host: slow over a day of hundreds of containers, as all their points are added up", _totals(), folded=True),
         Row("Over time, by container: slow with hundreds of containers; choose some at the top", _graphs(), folded=True)],
        links=("container", "agent"))


def _counts():
    every = {"by": (), "across": queries.ONE}
    return [
        Stat("Hosts", "Hosts whose agent has sent points in the last 5 minutes. If hosts are missing: see LXC Agent.", "none",
             [latest(gauge("lxcmon_push", "containers"), "hosts", by=(), across=("host",), combine="count")], decimals=0),
        Stat("Containers", "Containers that the agents know, including stopped ones, without templates.", "none",
             [latest(gauge("lxc_state", "restarts"), "containers", **every, combine="count", but_not=TEMPLATE)], decimals=0),
        Stat("Running", "Containers that run at the end of the time shown, including frozen ones. Fewer than Containers: see Down.", "none",
             [latest(gauge("lxc_state", "running"), "running", **every, combine="count", if_latest=True)], decimals=0, no_value="0"),
        Stat("CPU", "All containers together; 100 % is one core.", "percent", [latest(CPU, "CPU", **every)], decimals=1),
        Stat("Memory", "All containers together, without page cache.", "bytes", [latest(MEMORY, "memory", **every)], decimals=1),
        # Those of the containers would take seconds, and leave out a kill that ends its container.
        Stat("OOM kills", "Processes that the kernel killed for memory in the time shown, on the hosts and in their containers. Not 0: see "
             "Hosts and OOM-killed.", "none", [over_range(HOST_KILLS, "kills", by=(), across=("host",), reduce="sum")],
             thresholds=ANY_IS_BAD, decimals=0),
    ]


def _containers(language):
    def bar(title, query, width=None, thresholds=FULL):
        return Column(title, query, "percent", "bar", thresholds=thresholds, decimals=0, width=width)
    # In order of importance: what is right of a narrow screen is scrolled to. All fit into a window of 1,280 pixels.
    columns = [
        Column("container", links=to_container(language), width=100),
        Column("state", latest(STATE, "state", by=(*queries.ONE, "name")), cell="background", width=82),
        Column("CPU", latest(CPU, "CPU"), "percent", decimals=1, width=60),
        Column("CPU trend", trend(CPU), "percent", "spark"),
        bar("CPU of limit", latest(CPU_OF_LIMIT, "CPU of limit")),
        Column("memory", latest(MEMORY, "memory"), "bytes", decimals=1, width=72),
        Column("memory trend", trend(MEMORY), "bytes", "spark"),
        bar("memory of limit", latest(MEMORY_PERCENT, "memory of limit")),
        Column("net in", latest(RECEIVED, "net in", across=INTERFACES), "Bps", decimals=0, width=72),
        Column("net out", latest(SENT, "net out", across=INTERFACES), "Bps", decimals=0, width=72),
        bar("disk", latest(DISK_PERCENT, "disk", across=MOUNTS, combine="max")),
        *(bar(f"PSI {word}", latest(gauge("lxc_pressure", "some_avg10", where=(("resource", resource),)), f"PSI {word}"), 60, PERCENT_OF_TIME)
          for word, resource in (("cpu", "cpu"), ("mem", "memory"), ("io", "io"))),
        Column("restarts", latest(gauge("lxc_state", "restarts"), "restarts"), "none", width=66),
        Column("uptime", latest(gauge("lxc_state", "uptime_sec"), "uptime"), "s", decimals=0, width=60),
        Column("host", width=60), Column("name"), Column("lxcpath"),
    ]
    return Table("Containers", "Each container at the end of the time shown (within 5 minutes). CPU is of one core; disk is the fullest "
                 "filesystem; PSI is the share of time lost in waiting; name is Proxmox VE's. Click a container for its dashboard.", columns,
                 height=14, sort_by="CPU", frozen=True, wrapped=True)


def _top_and_problems(language):
    links = to_container(language)

    def top(title, description, column):
        column.query = replace(column.query, most=TOP)
        return Table(title, description, [Column("container", links=links), column, Column("host"), Column("lxcpath")], width=6, height=12,
                     sort_by=column.name, most=TOP)

    def found(title, description, columns, no_value, keep, without=None):
        return Table(title, description, [Column("container", links=links), *columns, Column("host"), Column("lxcpath")], width=8, height=7,
                     sort_by=columns[0].name, keep=keep, without=without, no_value=no_value)

    io = top("Top 10: disk writes", "Mean over the time shown, all disks. Look here when PSI io is high.",
             Column("written", over_range(WRITTEN, "written", across=DEVICES), "Bps", "bar", maximum=None, decimals=1))
    io.no_value = NO_IO
    return [
        top("Top 10: CPU", "Mean over the time shown; 100 % is one core. A limit (lxc.cgroup2.cpu.max) protects the other containers.",
            Column("CPU", over_range(CPU, "CPU"), "percent", "bar", maximum=None, decimals=1)),
        top("Top 10: memory", "Mean over the time shown, without page cache.",
            Column("memory", over_range(MEMORY, "memory"), "bytes", "bar", maximum=None, decimals=1)),
        top("Top 10: network", "Received, mean over the time shown, all interfaces.",
            Column("received", over_range(RECEIVED, "received", across=INTERFACES), "Bps", "bar", maximum=None, decimals=1)),
        io,
        found("Throttled", "Share of CPU periods in which the container had used up its quota, in the time shown. Raise its limit above "
              "25 %.",
              [Column("throttled", over_range(THROTTLED, "throttled", reduce="sum"), "percent", "bar", thresholds=QUARTER, decimals=1)],
              "No container was throttled", more_than_0("throttled")),
        found("OOM-killed", "Processes that the kernel killed for memory, in the time shown. Raise the memory limit, or find the leak.",
              [Column("kills", over_range(KILLS, "kills", reduce="sum"), "none", "background", thresholds=ANY_IS_BAD)],
              "No process was OOM-killed", more_than_0("kills")),
        found("Down", "Known to the agent, but not RUNNING at the end of the time shown, without templates. Proxmox VE, LXD and Incus say "
              "which may be down: locked (a backup, a migration), or without onboot.",
              [Column("state", latest(STATE, "state"), cell="background", width=95),
               Column("lock", latest(LOCK, "lock"), no_value="-"), Column("onboot", latest(ONBOOT, "onboot"), no_value="-"),
               Column("template", latest(TEMPLATE, "template"))],
              "All containers are running", is_not("state", "RUNNING"), without=equals("template", True)),
    ]


def _totals():
    """As many lines as hosts, whatever the number of containers."""
    def total(figure, combine="sum"):
        return [series(figure, queries.HOST, ("container", "lxcpath"), combine)]
    return [
        Graph("CPU, all containers", "By host, stacked; 100 % is one core.", "percent", total(CPU), stacked=True),
        Graph("Memory, all containers", "By host, stacked; without page cache.", "bytes", total(MEMORY), stacked=True),
        Graph("CPU, busiest container", "The highest of each host, of one core.", "percent", total(CPU, "max"), width=8),
        Graph("Memory of its limit, fullest container", "The highest of each host. Above 90 % an OOM kill is near.", "percent",
              total(MEMORY_PERCENT, "max"), width=8, maximum=100, thresholds=FULL, no_value="No memory limit is set"),
        Graph("Pressure: cpu, worst container", "The highest of each host (PSI). Above 10 %: noticeable.", "percent",
              total(pressure("cpu"), "max"), width=8, maximum=100, thresholds=PERCENT_OF_TIME, no_value=NO_PSI),
    ]


def _graphs():
    """A line for each container."""
    return [
        States("State", "When each container was in which state.", [series(STATE_OVER_TIME)], height=10),
        Graph("CPU", "Of one core, from cpu.stat. A flat top is a limit: see Throttled.", "percent", [series(CPU)], filled=False),
        Graph("Memory", "Without page cache. Continuous growth is a leak.", "bytes", [series(MEMORY)], filled=False),
        Graph("Network", "Received, and below zero sent; all interfaces of a container.", "Bps",
              [series(RECEIVED, across=INTERFACES), series(SENT, queries.CONTAINER + " sent", INTERFACES)],
              mirrored=("B",), filled=False),
        Graph("Disk", "Read, and below zero written; all disks of a container, without LVM, LUKS, RAID and loop above them.", "Bps",
              [series(READ, across=DEVICES), series(WRITTEN, queries.CONTAINER + " written", DEVICES)],
              mirrored=("B",), filled=False, no_value=NO_IO),
        *(Graph(f"Pressure: {resource}", f"Time in which a task of the container waited for {resource} (PSI). Above 10 %: noticeable.",
                "percent", [series(pressure(resource))], width=8, maximum=100, thresholds=PERCENT_OF_TIME, no_value=NO_PSI, filled=False)
          for resource in ("cpu", "memory", "io")),
    ]


def _hosts(language):
    by = ("host",)
    columns = [
        Column("host", links=to_host(language)),
        Column("containers", latest(gauge("lxcmon_push", "containers"), "containers", by), "none"),
        Column("CPU", latest(gauge("host_cpu", "usage_percent", per="cpus"), "CPU", by), "percent", "bar", thresholds=FULL, decimals=0),
        Column("cores", latest(gauge("host_cpu", "cpus"), "cores", by), "none"),
        Column("load", latest(gauge("host_load", "load1"), "load", by), "short", decimals=1),
        Column("memory", latest(gauge("host_memory", "used_percent"), "memory", by), "percent", "bar", thresholds=FULL, decimals=0),
        Column("total", latest(gauge("host_memory", "limit_bytes"), "total", by), "bytes", decimals=1),
        Column("OOM kills", over_range(HOST_KILLS, "OOM kills", by, reduce="sum"), "none", "background", thresholds=ANY_IS_BAD),
        Column("disk", latest(gauge("host_fs", "used_percent"), "disk", by, MOUNTS, "max"), "percent", "bar", thresholds=FULL, decimals=0),
        *(Column(f"PSI {word}", latest(gauge("host_pressure", "some_avg10", where=(("resource", resource),)), f"PSI {word}", by),
                 "percent", "bar", thresholds=PERCENT_OF_TIME, decimals=0)
          for word, resource in (("cpu", "cpu"), ("mem", "memory"), ("io", "io"))),
    ]
    return Table("Hosts", "Each host at the end of the time shown. CPU is of all its cores; OOM kills are all of the host, containers "
                 "included, in the time shown; disk is the fullest filesystem.", columns, height=9, sort_by="CPU", frozen=True)


def _host_graphs():
    of_host = queries.HOST
    return [
        Graph("Host CPU", "Of all cores. Near 100 % containers wait: see Pressure.", "percent",
              [series(gauge("host_cpu", "usage_percent", per="cpus"), of_host)], width=8, maximum=100, thresholds=FULL),
        Graph("Host memory", "Used, without page cache, of the memory of the host.", "percent",
              [series(gauge("host_memory", "used_percent"), of_host)], width=8, maximum=100, thresholds=FULL),
        Graph("Host load", "Tasks that run or wait, over a minute. Compare with the cores.", "short",
              [series(gauge("host_load", "load1"), of_host)], width=8),
        Graph("Host pressure", "Time in which some task waited (PSI), by resource.", "percent",
              [series(pressure(resource, "host"), f"{of_host} {resource}") for resource in ("cpu", "memory", "io")], width=8,
              maximum=100, thresholds=PERCENT_OF_TIME, no_value=NO_PSI),
        Graph("Host filesystems", "Used, of the space that is available to users. Above 90 %: free space.", "percent",
              [series(gauge("host_fs", "used_percent"), "{host} {mountpoint}")], width=8, maximum=100, thresholds=FULL),
        Graph("Host network", "Received, and below zero sent, without the interfaces of containers.", "Bps",
              [series(rate("host_net", "rx_bytes"), "{host} {interface} in"),
               series(rate("host_net", "tx_bytes"), "{host} {interface} out")], width=8, mirrored=("B",)),
    ]
