# SPDX-License-Identifier: GPL-2.0-or-later
"""Container: all metrics of the selected containers."""

from . import queries
from .dashboard import CONTAINER, HOST, INTERFACE, Dashboard, Row
from .fleet import (CPU, CPU_OF_LIMIT, KILLS, LOCK, MEMORY, MEMORY_PERCENT, NO_IO, NO_PSI, ONBOOT, PERCENT_OF_TIME, QUARTER, STATE,
                    STATE_OVER_TIME, TEMPLATE, THROTTLED, pressure)
from .panels import ANY_IS_BAD, FULL, Column, Graph, Stat, States, Table
from .queries import gauge, growth, latest, over_range, percent_of_time, rate, series

CHOSEN = ("host", "container", "interface")
RESTARTS = growth("lxc_state", "restarts")


def of(label):
    return f"{queries.CONTAINER} {label}"


def each(measurement, names, make=gauge, **more):
    """A line for each field, labelled with its name."""
    return [series(make(measurement, name, **more), of(word)) for name, word in names]


def dashboard(language):
    return Dashboard(
        "container", "All metrics of one or several LXC containers, from lxcmon-push.", [HOST, CONTAINER, INTERFACE],
        [Row("Now", _now()), Row("CPU", _cpu()), Row("Memory", _memory()), Row("Block I/O", _io()), Row("Network", _network()),
         Row("Filesystems", _filesystems()), Row("Pressure (PSI)", _pressure()), Row("Processes", _processes()),
         Row("Off by default: agent options --metrics +lxc_process --metrics +lxc_socket; huge pages if used", _optional(), folded=True)],
        annotation=RESTARTS, links=("fleet", "agent"), first=("container",))


def _now():
    return [
        Table("Container", "State and limits at the end of the time shown.",
              [Column("container"), Column("state", latest(STATE, "state", by=(*queries.ONE, "name")), cell="background", width=95),
               Column("uptime", latest(gauge("lxc_state", "uptime_sec"), "uptime"), "s", decimals=0),
               Column("restarts", latest(gauge("lxc_state", "restarts"), "restarts"), "none"),
               Column("init", latest(gauge("lxc_state", "init_pid"), "init"), "none"),
               Column("cores", latest(gauge("lxc_cpu", "cpus"), "cores"), "short"),
               Column("CPU limit", latest(gauge("lxc_cpu", "limit_cores"), "CPU limit"), "short"),
               Column("memory limit", latest(gauge("lxc_memory", "limit_bytes"), "memory limit"), "bytes"),
               Column("OOM kills", over_range(KILLS, "OOM kills", reduce="sum"), "none", "background", thresholds=ANY_IS_BAD),
               Column("lock", latest(LOCK, "lock")), Column("onboot", latest(ONBOOT, "onboot")),
               Column("template", latest(TEMPLATE, "template")), Column("host"), Column("name"), Column("lxcpath")],
              height=5, frozen=True),
        Stat("CPU", "Of one core.", "percent", [series(CPU)], width=6, decimals=1),
        Stat("Memory", "Without page cache.", "bytes", [series(MEMORY)], width=6, decimals=1),
        Stat("Filesystem", "The fullest filesystem.", "percent",
             [series(gauge("lxc_fs", "used_percent"), across=("mountpoint",), combine="max")], width=6, thresholds=FULL, decimals=1),
        Stat("Processes", "In the /proc of the container; counted when threads start or end, and once a minute.", "none",
             [series(gauge("lxc_pids", "processes"))], width=6, decimals=0),
        States("State", "When it was in which state.", [series(STATE_OVER_TIME)], height=4),
    ]


def _cpu():
    return [
        Graph("CPU", "Of one core, user and system; dashed: the limit. At the limit the container is throttled.", "percent",
              [*each("lxc_cpu", (("user_usec", "user"), ("system_usec", "system")), percent_of_time),
               series(gauge("lxc_cpu", "limit_cores", scale=100), of("limit"))], stacked=True, limits=("C",)),
        Graph("CPU of its limit", "Only of containers that have one.", "percent", [series(CPU_OF_LIMIT)], thresholds=FULL, width=6,
              no_value="No CPU limit is set"),
        Graph("Throttled", "Share of CPU periods in which the quota was used up. Above 25 %: raise the limit.", "percent",
              [series(THROTTLED)], width=6, thresholds=QUARTER),
    ]


def _memory():
    return [
        # On cgroup v1 kernel memory is sampled once a minute.
        Graph("Memory by kind", "Anonymous memory and page cache (with shared memory), stacked; kernel memory as a line; dashed: "
              "the limit, and memory.high, above which the kernel slows the container down.", "bytes",
              each("lxc_memory", (("anon_bytes", "anon"), ("file_bytes", "cache"), ("kernel_bytes", "kernel"),
                                  ("limit_bytes", "limit"), ("high_bytes", "high"))), stacked=True, limits=("D", "E"), beside=("C",)),
        Graph("Memory of its limit", "Without page cache. Above 90 % an OOM kill is near.", "percent", [series(MEMORY_PERCENT)], width=6,
              thresholds=FULL, maximum=100, no_value="No memory limit is set"),
        Graph("Used, working set, swap", "Used: without page cache. Working set: without the inactive page cache.", "bytes",
              each("lxc_memory", (("used_bytes", "used"), ("working_set_bytes", "working set"), ("swap_usage_bytes", "swap"))), width=6),
        Graph("Memory events", "OOM kills, and how often the limit and memory.high were hit, in each interval. Not 0: raise it.", "short",
              each("lxc_memory", (("oom_kill", "OOM kills"), ("events_max", "limit hit"), ("events_high", "high hit")), growth)),
        Graph("Page faults", "A second. Major faults read from disk: many mean that memory is short.", "ops",
              each("lxc_memory", (("pgfault", "faults"), ("pgmajfault", "major"), ("refault_file", "refaults")), rate)),
    ]


def _mirrored(title, description, unit, measurement, legend, pair, chosen=None, **more):
    lines = [series(rate(measurement, name), f"{legend} {word}") for name, word in pair]
    if chosen:
        lines = [line.with_variables(*chosen) for line in lines]
    return Graph(title, description, unit, lines, mirrored=("B",), **more)


def _io():
    legend = of("{device}")
    return [
        _mirrored("Bytes", "Read, and below zero written, by device. Do not add up: I/O on LVM, LUKS, RAID and loop counts at the disks "
                  "below them, too.", "Bps", "lxc_io", legend,
                  (("read_bytes", "read"), ("write_bytes", "written")), no_value=NO_IO),
        _mirrored("Operations", "Reads, and below zero writes, by device.", "iops", "lxc_io", legend,
                  (("read_ops", "reads"), ("write_ops", "writes")), no_value=NO_IO),
    ]


def _network():
    legend = of("{interface}")
    return [
        _mirrored("Traffic", "Received, and below zero sent, by interface, as the container sees it.", "Bps", "lxc_net", legend,
                  (("rx_bytes", "in"), ("tx_bytes", "out")), CHOSEN),
        _mirrored("Packets", "Received, and below zero sent.", "pps", "lxc_net", legend, (("rx_packets", "in"), ("tx_packets", "out")),
                  CHOSEN, width=6),
        Graph("Errors and drops", "A second. Not 0: a queue is full, or packets of an unknown protocol arrive.", "pps",
              [series(rate("lxc_net", name), f"{legend} {word}").with_variables(*CHOSEN)
               for name, word in (("rx_errors", "rx errors"), ("tx_errors", "tx errors"), ("rx_dropped", "rx dropped"),
                                  ("tx_dropped", "tx dropped"))], width=6),
    ]


def _filesystems():
    by = (*queries.ONE, "mountpoint")
    return [
        Table("Filesystems", "Each real filesystem once, sampled every 60 s. Above 90 %: free space.",
              [Column("mountpoint"),
               Column("used", latest(gauge("lxc_fs", "used_percent"), "used", by), "percent", "bar", thresholds=FULL, decimals=1),
               Column("bytes", latest(gauge("lxc_fs", "used_bytes"), "bytes", by), "bytes", decimals=1),
               Column("total", latest(gauge("lxc_fs", "total_bytes"), "total", by), "bytes", decimals=1),
               Column("available", latest(gauge("lxc_fs", "available_bytes"), "available", by), "bytes", decimals=1),
               Column("inodes", latest(gauge("lxc_fs", "inodes_used", per="inodes_total", scale=100), "inodes", by), "percent", "bar",
                      thresholds=FULL, decimals=1),
               Column("read-only", latest(gauge("lxc_fs", "readonly", text=True), "read-only", by)),
               Column("container"), Column("host"), Column("lxcpath")],
              width=15, height=8, sort_by="used", frozen=True),
        Graph("Used", "Of the space that is available to users.", "percent", [series(gauge("lxc_fs", "used_percent"), of("{mountpoint}"))],
              width=9, maximum=100, thresholds=FULL),
    ]


def _pressure():
    def graph(title, description, kind):
        return Graph(title, description, "percent", [series(pressure(resource, kind=kind), of(resource))
                                                     for resource in ("cpu", "memory", "io")],
                     maximum=100, thresholds=PERCENT_OF_TIME, no_value=NO_PSI)
    return [graph("Some task waited", "Share of time, by resource. Above 10 % it is noticeable.", "some"),
            graph("All tasks waited", "Share of time in which no task made progress.", "full")]


def _processes():
    return [
        Graph("Processes and threads", "Dashed: the limit of threads (pids.max). At the limit nothing new starts. "
              "Processes are counted when threads start or end, and once a minute.", "short",
              [*each("lxc_pids", (("processes", "processes"), ("threads", "threads"))), series(gauge("lxc_pids", "limit"), of("limit"))],
              limits=("C",)),
        Graph("Refused", "Processes or threads that the limit refused, in each interval. Not 0: raise the limit.", "short",
              [series(growth("lxc_pids", "events_max"))]),
    ]


def _optional():
    command = of("{command}")
    off = "Off by default: start the agent with --metrics +lxc_process --metrics +lxc_socket"
    return [
        Graph("CPU of commands", "Of one core; the busiest commands of each container (lxc_process).", "percent",
              [series(percent_of_time("lxc_process", "cpu_usec"), command)], no_value=off, width=8),
        Graph("Memory of commands", "Resident (lxc_process).", "bytes", [series(gauge("lxc_process", "rss_bytes"), command)],
              no_value=off, width=8),
        Graph("Disk of commands", "Read and written by the busiest commands (lxc_process).", "Bps",
              [series(rate("lxc_process", "read_bytes"), f"{command} read"),
               series(rate("lxc_process", "write_bytes"), f"{command} written")], mirrored=("B",), no_value=off, width=8),
        Graph("Sockets", "In use (lxc_socket).", "short",
              each("lxc_socket", (("tcp_inuse", "TCP"), ("udp_inuse", "UDP"), ("tcp_tw", "TIME_WAIT"))), no_value=off, width=8),
        Graph("TCP retransmissions", "A second (lxc_socket). Many mean that the network loses packets.", "pps",
              [series(rate("lxc_socket", "tcp_retrans_segs"))], no_value=off, width=8),
        Graph("Huge pages", "Used, by size; only for containers that use them or have a limit.", "bytes",
              [series(gauge("lxc_hugetlb", "usage_bytes"), of("{size}"))], no_value="No container uses huge pages", width=8),
    ]
