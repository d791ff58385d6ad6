# SPDX-License-Identifier: GPL-2.0-or-later
"""A day of many containers as line protocol, the same each time: what the agents of 20 hosts send each minute, in the fields that the
dashboards ask for. Each series has restarts, counters that begin anew and gaps."""

from functools import partial

MINUTE_NS = 60 * 10**9
# Of a Thursday: the whole day lies in one of InfluxDB's shards.
END_NS = 1_767_916_800 * 10**9
HOSTS, MIB = 20, 1 << 20
OPTIONAL_HOST = 3  # the only one whose agent sends lxc_process, lxc_socket and lxc_hugetlb, which are off by default


def uneven(minutes, minute):
    """Like minutes, but never by the same step: InfluxDB would pack a counter that is as good as a straight line."""
    return minutes + minute * 7919 % 101 / 128


class Container:
    """Its figures are functions of the minute of the day; `k` is since its init began."""

    def __init__(self, number):
        self.number, self.host = number, number % HOSTS
        # A prime spreads them: 0 to 996.
        self.load = number * 331 % 997
        self.tags = f"host=pve{self.host:02},container={1000 + number}"
        self.limited = number % 2 == 0
        self.restart_each = 400 + self.load if number % 5 == 0 else None
        # The agent of each host was silent for 7 minutes, at different times.
        self.silent = range(60 * self.host, 60 * self.host + 7)

    def since_start(self, minute):
        return minute % self.restart_each if self.restart_each else minute + 100

    def lines(self, minute):
        """(measurement and tags, fields) for each point of this minute."""
        if minute in self.silent:
            return
        tags, load, k = self.tags, self.load, uneven(self.since_start(minute) + 1, minute)
        busy = (load + minute * 7) % 97 + load / 10
        restarts = minute // self.restart_each if self.restart_each else 0
        yield (f"lxc_state,{tags}", f'state="RUNNING",running=true,restarts={restarts}i,uptime_sec={int(k * 60)}i,init_pid={5000 + load}i,'
               f"onboot=true,template=false")
        limit = ",limit_cores=2" if self.limited else ""
        yield (f"lxc_cpu,{tags}", f"usage_percent={busy:.2f},user_usec={int(k * (load + 9) * 41_000)}i,"
               f"system_usec={int(k * (load + 9) * 17_000)}i,nr_periods={int(k * 600)}i,"
               f"nr_throttled={int(k * (load % 300 if self.limited else 0))}i,cpus=8i{limit}")
        used = (100 + load + minute % 211) * MIB
        limit = f",limit_bytes={2048 * MIB}i,used_percent={used / 2048 / MIB * 100:.2f}" if self.limited else ""
        yield (f"lxc_memory,{tags}", f"used_bytes={used}i,anon_bytes={used // 2}i,file_bytes={used // 3}i,kernel_bytes={used // 20}i,"
               f"working_set_bytes={used}i,swap_usage_bytes=0i,oom_kill={int(k // 700)}i,events_max={int(k // 100)}i,events_high=0i,"
               f"pgfault={int(k * load * 90)}i,pgmajfault={int(k * load)}i,refault_file={int(k * load)}i{limit}")
        io = [(f"{name}={int(k * (load + 1) * much)}i") for name, much in
              (("read_bytes", 409_600), ("write_bytes", 819_200), ("read_ops", 100), ("write_ops", 170))]
        yield f"lxc_io,{tags},device=sda", ",".join(io)
        net = [f"{way}_{name}={int(k * (load + 1) * much)}i" for way in ("rx", "tx") for name, much in
               (("bytes", 70_000), ("packets", 90), ("errors", 0), ("dropped", 0))]
        yield f"lxc_net,{tags},interface=eth0", ",".join(net)
        total = (10_000 + load) * MIB
        full = load * total // 1000
        yield (f"lxc_fs,{tags},mountpoint=/,fstype=ext4", f"used_percent={load / 10:.1f},used_bytes={full}i,total_bytes={total}i,"
               f"available_bytes={total - full}i,inodes_used={load * 100}i,inodes_total=655360i,readonly=false,shared=false")
        for resource in ("cpu", "memory", "io"):
            yield (f"lxc_pressure,{tags},resource={resource}", f"some_avg10={load / 20:.2f},some_total_usec={int(k * load * 9000)}i,"
                   f"full_total_usec={int(k * load * 4000)}i")
        yield f"lxc_pids,{tags}", f"processes={20 + load % 50}i,threads={40 + load % 90 + minute % 9}i,limit=4096i,events_max=0i"
        if self.host == OPTIONAL_HOST:
            yield from self._optional(k)

    def _optional(self, k):
        for command in ("nginx", "postgres"):
            yield (f"lxc_process,{self.tags},command={command}", f"cpu_usec={int(k * self.load * 9000)}i,rss_bytes={self.load * MIB}i,"
                   f"read_bytes={int(k * self.load)}i,write_bytes={int(k * self.load)}i")
        yield f"lxc_socket,{self.tags}", f"tcp_inuse={self.load}i,udp_inuse=4i,tcp_tw=9i,tcp_retrans_segs={int(k * self.load)}i"
        yield f"lxc_hugetlb,{self.tags},size=2MB", f"usage_bytes={self.load * MIB}i"


def host_lines(host, minute):
    if minute in range(60 * host, 60 * host + 7):
        return
    tags, k = f"host=pve{host:02}", uneven(minute + 1, minute)
    yield (f"lxcmon_push,{tags}", f"containers=50i,points=520i,tick_usec=41000i,last_status=204i,queue_points=0i,spool_bytes=0i,"
           f"rss_bytes={20 * MIB}i,cpu_usec={int(k * 90_000)}i,delivered_points={int(k * 520)}i,missed_ticks=0i,sample_errors=0i,"
           "rejected_points=0i,dropped_points=0i,retries=0i")
    yield f"host_cpu,{tags}", f"usage_percent={(host * 37 + minute) % 800},cpus=8i"
    yield f"host_load,{tags}", f"load1={(host + minute) % 16 / 2}"
    yield f"host_memory,{tags}", f"used_percent={40 + host},limit_bytes={64 << 30}i,oom_kill={minute // 700}i"
    yield f"host_fs,{tags},mountpoint=/,fstype=ext4", f"used_percent={50 + host}"
    yield f"host_net,{tags},interface=eno1", f"rx_bytes={int(k * 9_000_000)}i,tx_bytes={int(k * 7_000_000)}i"
    for resource in ("cpu", "memory", "io"):
        yield f"host_pressure,{tags},resource={resource}", f"some_avg10=1.5,some_total_usec={int(k * 90_000)}i"


def batches(containers, minutes, most_lines=20_000):
    """Bodies for /write, several MB each. The last minute ends at END_NS."""
    sources = [partial(host_lines, host) for host in range(min(HOSTS, containers))]
    sources += [Container(number).lines for number in range(containers)]
    lines = []
    for source in sources:
        for minute in range(minutes):
            at = END_NS - (minutes - 1 - minute) * MINUTE_NS
            lines += [f"{series} {fields} {at}" for series, fields in source(minute)]
        if len(lines) >= most_lines:
            yield "\n".join(lines).encode()
            lines = []
    if lines:
        yield "\n".join(lines).encode()
