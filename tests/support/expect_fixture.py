#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the agent must say of the captured containers: tests/fixtures/CASE/expected.lp.

A second source for the tests of src/sample: written from docs/measurements.md and the kernel's documents, not from that code,
which has to agree with it line by line. `--write` makes the files anew after a capture; `--check` (the default) fails
where one is missing, left over or says something else.
"""

import argparse
import pathlib
import sys
from fractions import Fraction

from captured_files import Files, Host, scaled

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
TIME_NS = 1700000000000000000
USER_HZ = 100  # of the captured hosts (x86)
V1_HUGETLB = ("usage_in_bytes", "limit_in_bytes", "failcnt")
V2_HUGETLB = ("current", "max", "events")
SIZE_UNITS = ("KB", "MB", "GB")


LISTS = ("active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable")


def cpus_in(lines):
    if not lines or not lines[0]:
        return None
    ends = [part.split("-") for part in lines[0].split(",")]
    return sum(int(end[-1]) - int(end[0]) + 1 for end in ends)


def cpu(files):
    if files.has("cpuacct"):
        acct, stat = files.keyed("cpuacct", "cpuacct.stat"), files.keyed("cpu", "cpu.stat")
        figures = {
            "usage_usec": scaled(files.number("cpuacct", "cpuacct.usage"), Fraction(1, 1000)),
            "user_usec": scaled(acct.get("user"), 1000000 // USER_HZ),
            "system_usec": scaled(acct.get("system"), 1000000 // USER_HZ),
        }
        quota, period = files.number("cpu", "cpu.cfs_quota_us"), files.number("cpu", "cpu.cfs_period_us")
        throttled, burst = (scaled(stat.get(key), Fraction(1, 1000)) for key in ("throttled_time", "burst_time"))
        cpuset = files.lines("cpuset", "cpuset.effective_cpus")
    else:
        stat = files.keyed("v2", "cpu.stat")
        figures = {key: stat.get(key) for key in ("usage_usec", "user_usec", "system_usec")}
        words = ((files.lines("v2", "cpu.max") or ["max 100000"])[0]).split(" ")
        quota, period = (int(word) if word.isdigit() else None for word in words)
        throttled, burst = stat.get("throttled_usec"), stat.get("burst_usec")
        cpuset = files.lines("v2", "cpuset.cpus.effective")
    # No cgroup above a captured container has a limit.
    figures["limit_cores"] = figures["own_limit_cores"] = quota / period if quota is not None and period is not None else None
    figures["cpus"] = cpus_in(cpuset)
    figures["nr_periods"], figures["nr_throttled"] = stat.get("nr_periods"), stat.get("nr_throttled")
    figures["throttled_usec"], figures["nr_bursts"], figures["burst_usec"] = throttled, stat.get("nr_bursts"), burst
    return figures


def memory_v1(files):
    """total_ is what the container's own cgroups below it have too."""
    stat = {key[6:]: value for key, value in files.keyed("memory", "memory.stat").items() if key[:6] == "total_"}
    plain = {
        "anon": "rss", "file": "cache", "shmem": "shmem", "file_mapped": "mapped_file", "file_dirty": "dirty",
        "file_writeback": "writeback",
    }  # fmt: skip
    figures = {f"{name}_bytes": stat.get(key) for name, key in plain.items()}
    figures.update({key: stat.get(key) for key in ("pgfault", "pgmajfault", "pgpgin", "pgpgout")})
    figures.update({f"{name}_bytes": stat.get(name) for name in LISTS})
    figures["refault_anon"] = stat.get("workingset_refault_anon")
    figures["refault_file"] = stat.get("workingset_refault_file")
    figures["swap_usage_bytes"], figures["inactive_file"] = stat.get("swap"), stat.get("inactive_file")
    figures["usage_bytes"] = files.number("memory", "memory.usage_in_bytes")
    limit = files.keyed("memory", "memory.stat").get("hierarchical_memory_limit")
    figures["limit_bytes"] = limit if (limit or 0) < 2**62 else None
    figures["own_limit_bytes"] = files.limit("memory", "memory.limit_in_bytes")
    figures["peak_bytes"] = files.number("memory", "memory.max_usage_in_bytes")
    figures["kernel_bytes"] = files.number("memory", "memory.kmem.usage_in_bytes")
    figures["events_max"] = files.number("memory", "memory.failcnt")
    figures["oom_kill"] = files.keyed("memory", "memory.oom_control").get("oom_kill")
    return figures


def memory_v2(files):
    stat, events = files.keyed("v2", "memory.stat"), files.keyed("v2", "memory.events")
    names = "anon file kernel slab sock shmem file_mapped file_dirty file_writeback".split()
    figures = {f"{name}_bytes": stat.get(name) for name in names}
    figures.update({key: stat.get(key) for key in ("pgfault", "pgmajfault", "pgscan", "pgsteal", "inactive_file", "slab_reclaimable")})
    figures.update({f"{name}_bytes": stat.get(name) for name in LISTS})
    figures.update({f"refault_{of}": stat.get(f"workingset_refault_{of}") for of in ("anon", "file")})
    figures.update({f"events_{key}": events.get(key) for key in ("low", "high", "max")})
    figures.update({key: events.get(key) for key in ("oom", "oom_kill")})
    figures["usage_bytes"] = files.number("v2", "memory.current")
    figures["peak_bytes"] = files.number("v2", "memory.peak")
    figures["limit_bytes"] = figures["own_limit_bytes"] = files.limit("v2", "memory.max")
    figures["high_bytes"] = files.limit("v2", "memory.high")
    figures["swap_usage_bytes"] = files.number("v2", "memory.swap.current")
    figures["swap_limit_bytes"] = figures["own_swap_limit_bytes"] = files.limit("v2", "memory.swap.max")
    figures["swap_peak_bytes"] = files.number("v2", "memory.swap.peak")
    swap = files.keyed("v2", "memory.swap.events")
    figures["swap_events_max"], figures["swap_events_fail"] = swap.get("max"), swap.get("fail")
    return figures


MEMORY_ORDER = (
    "usage_bytes used_bytes working_set_bytes limit_bytes own_limit_bytes high_bytes peak_bytes anon_bytes file_bytes kernel_bytes "
    "slab_bytes sock_bytes shmem_bytes file_mapped_bytes file_dirty_bytes file_writeback_bytes pgfault pgmajfault "
    "refault_anon refault_file pgscan pgsteal events_low events_high events_max oom oom_kill swap_usage_bytes "
    "swap_limit_bytes own_swap_limit_bytes swap_peak_bytes swap_events_max swap_events_fail used_percent "
    "active_anon_bytes inactive_anon_bytes active_file_bytes inactive_file_bytes unevictable_bytes pgpgin pgpgout"
).split()


def memory(files):
    found = memory_v1(files) if files.has("memory") else memory_v2(files)
    usage, file, shmem, inactive, limit = (
        found.get(key) for key in ("usage_bytes", "file_bytes", "shmem_bytes", "inactive_file", "limit_bytes")
    )
    cache = file - shmem + (found.get("slab_reclaimable") or 0) if None not in (file, shmem) and file >= shmem else None
    if None not in (usage, inactive) and usage >= inactive:
        found["working_set_bytes"] = usage - inactive
    if None not in (usage, cache) and usage >= cache:
        found["used_bytes"] = usage - cache
        if limit:
            found["used_percent"] = (usage - cache) * 100.0 / limit
    return {key: found.get(key) for key in MEMORY_ORDER}


def pids(files):
    at = "pids" if files.has("pids") else "v2"
    return {
        "threads": files.number(at, "pids.current"),
        "limit": files.limit(at, "pids.max"),
        "own_limit": files.limit(at, "pids.max"),
        "peak": files.number(at, "pids.peak"),
        "events_max": files.keyed(at, "pids.events").get("max"),
    }


def state(host, files, pid):
    frozen = files.lines("freezer", "freezer.state") == ["FROZEN"]
    frozen = frozen or files.keyed("v2", "cgroup.events").get("frozen") == 1
    uptime = Fraction((host.root / "proc/uptime").read_text().split(" ")[0])
    after_name = (host.root / f"proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    started = Fraction(int(after_name[22 - 3]), USER_HZ)  # field 22, counted from 1; the state is field 3
    return {
        "state": "FROZEN" if frozen else "RUNNING",
        "running": True,
        "frozen": frozen,
        "uptime_sec": int(uptime - started),
        "restarts": 0,
        "init_pid": int(pid),
    }


IO_ORDER = ("read_bytes", "write_bytes", "read_ops", "write_ops", "discard_bytes", "discard_ops")
IO_KEYS = dict(zip(("rbytes", "wbytes", "rios", "wios", "dbytes", "dios"), IO_ORDER))


def io_v2(files):
    devices = {}
    for line in files.lines("v2", "io.stat"):
        number = None
        for word in line.split():
            key, equals, value = word.partition("=")
            if not equals:
                number = word
            elif number != "(unknown)" and key in IO_KEYS:
                devices.setdefault(number, {})[IO_KEYS[key]] = int(value)
    return devices


def io_v1(files, layer):
    devices = {}
    for name, unit in (("io_service_bytes", "bytes"), ("io_serviced", "ops")):
        for line in files.lines("blkio", f"blkio.{layer}.{name}_recursive"):
            words = line.split(" ")
            if len(words) == 3 and words[1] in ("Read", "Write", "Discard"):
                devices.setdefault(words[0], {})[f"{words[1].lower()}_{unit}"] = int(words[2])
    return {number: figures for number, figures in devices.items() if any(figures.values())}


def block_io(files):
    if not files.has("blkio"):
        return io_v2(files)
    return io_v1(files, "throttle") or io_v1(files, "bfq")


def pressure(files, resource):
    """PSI is counted in cgroup v2 alone, so on a hybrid host there too."""
    figures = {}
    for line in files.lines("v2", f"{resource}.pressure"):
        kind, *pairs = line.split()
        for key, value in (pair.split("=") for pair in pairs):
            figures[f"{kind}_{key}" + ("_usec" if key == "total" else "")] = int(value) if key == "total" else float(value)
    return figures


def hugetlb(files):
    """By size. A container without limit, hits and use has no point: most have not."""
    at, names = ("hugetlb", V1_HUGETLB) if files.has("hugetlb") else ("v2", V2_HUGETLB)
    found = {}
    for size in files.matches(at, f"hugetlb.*.{names[0]}"):
        usage, limit, hits = (f"hugetlb.{size}.{name}" for name in names)
        events = files.number(at, hits) if at == "hugetlb" else files.keyed(at, hits).get("max")
        limit = files.number(at, limit)
        figures = {"usage_bytes": files.number(at, usage), "limit_bytes": limit if (limit or 0) < 2**60 else None, "events_max": events}
        if figures["limit_bytes"] is not None or events or figures["usage_bytes"]:
            found[size] = figures
    return sorted(found.items(), key=lambda pair: SIZE_UNITS.index(pair[0].lstrip("0123456789")))


def device_name(host, number):
    link = host.root / "sys/dev/block" / number
    return link.readlink().name if link.is_symlink() else number


def shown(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return f'"{value}"'


def line(measurement, tags, figures):
    fields = ",".join(f"{key}={shown(value)}" for key, value in figures.items() if value is not None)
    labels = "".join(f",{key}={value}" for key, value in sorted(tags.items()))
    return f"{measurement}{labels} {fields} {TIME_NS}\n" if fields else ""


def expected(case):
    host, text = Host(case / "root"), ""
    for row in (case / "containers.tsv").read_text().splitlines():
        name, pid, _, _ = row.split("\t")
        files, tags = Files(host, pid, name), {"host": "captured", "container": name}
        text += line("lxc_cpu", tags, cpu(files)) + line("lxc_memory", tags, memory(files))
        text += line("lxc_pids", tags, pids(files)) + line("lxc_state", tags, state(host, files, pid))
        for number, found in block_io(files).items():
            figures = {key: found.get(key) for key in IO_ORDER}
            text += line("lxc_io", {**tags, "device": device_name(host, number)}, figures)
        for resource in ("cpu", "memory", "io"):
            text += line("lxc_pressure", {**tags, "resource": resource}, pressure(files, resource))
        for size, figures in hugetlb(files):
            text += line("lxc_hugetlb", {**tags, "size": size}, figures)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write expected.lp in place of comparing")
    arguments = parser.parse_args()
    cases = [table.parent for table in sorted(FIXTURES.rglob("containers.tsv"))]
    kinds = {case.relative_to(FIXTURES).parts[0] for case in cases}
    if kinds != {"v1", "v2", "hybrid", "broken"}:
        sys.exit(f"{FIXTURES}: fixtures are missing, found only {sorted(kinds)}")
    wrong = []
    for case in cases:
        path, text = case / "expected.lp", expected(case)
        if arguments.write:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            wrong.append(str(path))
    wrong += [str(path) for path in FIXTURES.rglob("expected*") if path.parent not in cases]
    if wrong:
        sys.exit("not what the fixture says (see expect_fixture.py --write):\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
