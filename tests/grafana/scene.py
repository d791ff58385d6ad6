# SPDX-License-Identifier: GPL-2.0-or-later
"""A fixed scene in line protocol, for the test of the page: an hour of two hosts, the same at each run. Of the 12 containers `ci` is
throttled, `cache` is OOM-killed, `git` is restarted and `old` is stopped; a template lies beside them."""

import math
from dataclasses import dataclass

BEGIN = 1_767_225_600  # 2026-01-01, in seconds
MINUTES = 60
STEP = 20
END = BEGIN + MINUTES * 60
MIB = 1 << 20
STOPPED_AT, RESTARTED_AT, KILLED_AT = BEGIN + 1800, BEGIN + 1200, (BEGIN + 600, BEGIN + 2400)
RESOURCES = (("cpu", 40_000), ("memory", 9_000), ("io", 20_000))  # microseconds of waiting a second


@dataclass
class Container:
    number: int
    name: str
    host: str
    cores: float | None = None
    memory: int | None = None  # MiB

    @property
    def tags(self):
        return f"host={self.host},container={self.name}"

    def state(self, at):
        return "STOPPED" if self.name == "old" and at >= STOPPED_AT else "RUNNING"

    def began(self, at):
        return RESTARTED_AT if self.name == "git" and at >= RESTARTED_AT else BEGIN - 86400


NAMES = ("web1", "web2", "db", "mail", "cache", "ci", "git", "backup", "dns", "proxy", "wiki", "old")
CORES, MEMORY = {"web1": 2, "db": 4, "ci": 0.5, "dns": 1}, {"web1": 512, "web2": 512, "db": 2048, "cache": 256, "ci": 1024}
CONTAINERS = [Container(number, name, ("node1", "node2")[number % 2], CORES.get(name), MEMORY.get(name))
              for number, name in enumerate(NAMES)]
HOSTS = ("node1", "node2")
TEMPLATE = "debian-template"


def line(measurement, tags, at, **fields):
    made = ",".join(f"{name}={_value(value)}" for name, value in fields.items() if value is not None)
    return f"{measurement},{tags} {made} {at}"


def _value(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value}i" if isinstance(value, int) else f"{value:.6g}"


def wave(number, at):
    """0.8 to 1.2, so that no container overtakes the next one, which has 1.6 times as much."""
    return 1 + 0.2 * math.sin((at - BEGIN) / (200 + 31 * number))


def percent(each, at):
    return middle(each) * wave(each.number, at)


def middle(each):
    return 0.6 * 1.6 ** ((each.number * 5 + 3) % 12)


def cpu_usec(each, at):
    """The sum of percent() since the container began."""
    period = 200 + 31 * each.number
    grown = [0.2 * period * math.cos((moment - BEGIN) / period) for moment in (each.began(at), at)]
    return middle(each) * 1e4 * (at - each.began(at) + grown[0] - grown[1])


def points_of(each, at):
    yield line("lxc_state", each.tags, at, state=each.state(at), running=each.state(at) == "RUNNING", restarts=int(each.began(at) >= BEGIN),
               **({"uptime_sec": at - each.began(at), "init_pid": 1000 + each.number} if each.state(at) == "RUNNING" else {}))
    if each.state(at) == "RUNNING":
        yield from _cgroup(each, at)
        yield from _network_and_disk(each, at)
        yield from _rest(each, at)


def _cgroup(each, at):
    seconds, cpu = at - each.began(at), cpu_usec(each, at)
    used = int(each.memory * MIB * (0.3 + 0.06 * each.number) * wave(each.number, at)) if each.memory else (20 + 9 * each.number) * MIB
    yield line("lxc_cpu", each.tags, at, usage_usec=int(cpu), user_usec=int(cpu * 0.7), system_usec=int(cpu * 0.3),
               usage_percent=percent(each, at), limit_cores=each.cores and float(each.cores), cpus=8, nr_periods=each.cores and seconds * 10,
               nr_throttled=each.cores and int(seconds * (4 if each.name == "ci" else 0.1)))
    kills = sum(at >= moment for moment in KILLED_AT) if each.name == "cache" else 0
    yield line("lxc_memory", each.tags, at, used_bytes=used, working_set_bytes=used + 5 * MIB, anon_bytes=used - 8 * MIB, file_bytes=30 * MIB,
               kernel_bytes=6 * MIB, swap_usage_bytes=0, limit_bytes=each.memory and each.memory * MIB, oom_kill=kills, events_max=3 * kills,
               events_high=0, pgfault=seconds * 300, pgmajfault=seconds // 4, refault_file=seconds // 7,
               used_percent=each.memory and used / each.memory / MIB * 100, high_bytes=1024 * MIB if each.name == "db" else None)


def _network_and_disk(each, at):
    seconds = at - each.began(at)
    for interface, share in (("eth0", 1), ("eth1", 0.1)) if each.name == "proxy" else (("eth0", 1),):
        rate = int(20_000 * 1.5 ** each.number * share)
        yield line("lxc_net", f"{each.tags},interface={interface}", at, rx_bytes=seconds * rate, tx_bytes=seconds * rate // 3,
                   rx_packets=seconds * rate // 900, tx_packets=seconds * rate // 1200, rx_errors=0, tx_errors=0, rx_dropped=seconds // 60,
                   tx_dropped=0)
    for device, more in (("vda", ""), ("dm-0", ",stacked=true")):
        rate = 9_000 * (14 - each.number)
        yield line("lxc_io", f"{each.tags},device={device}{more}", at, read_bytes=seconds * rate, write_bytes=seconds * rate * 2,
                   read_ops=seconds * 3, write_ops=seconds * 9)
    if at % 60 == 0:
        for mountpoint, share in (("/", 24 + each.number * 5), ("/srv", 60)) if each.name == "db" else (("/", 24 + each.number * 5),):
            yield line("lxc_fs", f"{each.tags},mountpoint={mountpoint},device=dm-{each.number},fstype=ext4", at, total_bytes=8192 * MIB,
                       used_bytes=share * 80 * MIB, available_bytes=(100 - share) * 80 * MIB, used_percent=float(share),
                       inodes_total=524288, inodes_used=3000 * share, readonly=False)


def _rest(each, at):
    seconds = at - each.began(at)
    for resource, each_second in RESOURCES:
        waited = each_second * (each.number + 1) // 4
        yield line("lxc_pressure", f"{each.tags},resource={resource}", at, some_total_usec=seconds * waited, some_avg10=waited / 1e4,
                   full_total_usec=seconds * waited // 3)
    yield line("lxc_pids", each.tags, at, threads=40 + each.number, limit=1000, events_max=0,
               processes=20 + each.number if at % 60 == 0 else None)
    if each.name == "web1":
        for command in ("nginx", "php-fpm"):
            yield line("lxc_process", f"{each.tags},command={command}", at, cpu_usec=seconds * 9000, rss_bytes=40 * MIB,
                       read_bytes=seconds * 100, write_bytes=seconds * 4000)
        yield line("lxc_socket", each.tags, at, tcp_inuse=40, udp_inuse=3, tcp_tw=7, tcp_retrans_segs=seconds // 9)
        yield line("lxc_hugetlb", f"{each.tags},size=2MB", at, usage_bytes=64 * MIB)


def points_of_host(host, at):
    tags, seconds, node2 = f"host={host}", at - BEGIN + 86400, host == "node2"
    yield line("host_cpu", tags, at, usage_percent=300.0 if node2 else 180.0, cpus=8)
    yield line("host_load", tags, at, load1=3.4 if node2 else 1.9)
    yield line("host_memory", tags, at, used_percent=71.0 if node2 else 54.0, limit_bytes=32768 * MIB,
               oom_kill=0 if node2 else sum(at >= moment for moment in KILLED_AT))
    for resource, each_second in RESOURCES:
        yield line("host_pressure", f"{tags},resource={resource}", at, some_avg10=each_second / 1e4, some_total_usec=seconds * each_second)
    yield line("host_net", f"{tags},interface=eno1", at, rx_bytes=seconds * 9_000_000, tx_bytes=seconds * 3_000_000)
    if at % 60 == 0:
        for mountpoint, share in (("/", 41.0), ("/var/lib/lxc", 82.0 if node2 else 63.0)):
            yield line("host_fs", f"{tags},mountpoint={mountpoint},fstype=ext4", at, used_percent=share)
    yield line("lxcmon_push", tags, at, containers=7 if host == "node1" else 6, points=90 if node2 else 100, tick_usec=2100,
               missed_ticks=int(seconds > 88000), sample_errors=0, queue_points=12, spool_bytes=0, delivered_points=seconds * 9, rejected_points=0,
               dropped_points=0, retries=2 * int(seconds > 87000), last_status=204, cpu_usec=seconds * 2000, rss_bytes=21 * MIB)


def lines():
    for at in range(BEGIN, END + 1, STEP):
        for each in CONTAINERS:
            yield from points_of(each, at)
        yield line("lxc_state", f"host=node1,container={TEMPLATE}", at, state="STOPPED", running=False, restarts=0, template=True, onboot=False)
        for host in HOSTS:
            yield from points_of_host(host, at)
