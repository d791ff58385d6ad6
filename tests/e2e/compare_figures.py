#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the agent said in a VM with what the kernel's files of that moment say.

usage: compare_figures.py FOLDER, with before.lp and after.lp of the agent and, taken between them, fixture/.
Counters must lie between the agent's two; gauges within 5 % of one of them. The figures that fixture_history.sh is there for must
not be 0. What was compared with a value that is not 0 is noted (seen_fields.py).
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import expect_fixture  # noqa: E402
import seen_fields  # noqa: E402

CONTAINERS = {"web1", "db-2", "limited", "sysd"}
# What comes from elsewhere than the captured files: rates, the container's own /proc.
NOT_CAPTURED = {("lxc_cpu", "usage_percent"), ("lxc_pids", "processes")}
COMPARED = {"lxc_cpu", "lxc_memory", "lxc_pids", "lxc_state", "lxc_io", "lxc_pressure", "lxc_hugetlb"}
ELSEWHERE = {"lxc_net": "rx_bytes", "lxc_fs": "used_bytes"}
# The agent's own reading and the capture's touch the page cache and the like: no gauge is quite still.
BYTES_SLACK, PERCENT_SLACK = 256 * 1024, 2

# What each folder's containers have been made to run into: (measurement, container, fields).
EVERYWHERE = [
    ("lxc_cpu", "limited", "nr_throttled throttled_usec"),
    ("lxc_memory", "limited", "events_max oom_kill refault_file"),
    ("lxc_memory", "sysd", "events_max oom_kill"),
    ("lxc_pids", "limited", "events_max"),
    ("lxc_hugetlb", "limited", "usage_bytes events_max"),
]
WITH_V2 = [
    ("lxc_pressure", "limited", "some_total_usec full_total_usec"),
    ("lxc_pressure", "db-2", "some_total_usec full_total_usec"),
]
ON_PURE_V2 = [
    ("lxc_cpu", "sysd", "nr_throttled throttled_usec nr_bursts burst_usec"),
    ("lxc_memory", "limited", "events_high oom pgscan pgsteal refault_anon swap_events_max swap_events_fail"),
    ("lxc_memory", "sysd", "events_low events_high oom swap_usage_bytes refault_anon refault_file sock_bytes"),
    ("lxc_memory", "db-2", "file_writeback_bytes"),
    ("lxc_memory", "web1", "file_dirty_bytes"),
    ("lxc_io", "db-2", "discard_bytes discard_ops"),
]
ON_PURPOSE = {"v1": EVERYWHERE, "hybrid": EVERYWHERE + WITH_V2, "v2": EVERYWHERE + WITH_V2 + ON_PURE_V2}


def parse(text):
    """{(measurement, container, its further tag): {field: text}} of containers: the captured containers' names need no escapes."""
    points = {}
    for line in text.splitlines():
        series, fields, _ = line.split(" ")
        measurement, *labels = series.split(",")
        if not measurement.startswith("lxc_"):
            continue  # the host's
        tags = dict(label.split("=", 1) for label in labels)
        own = next((tags[key] for key in ("device", "resource", "size") if key in tags), "")
        points[(measurement, tags["container"], own)] = dict(field.split("=", 1) for field in fields.split(","))
    return points


def number(text):
    try:
        return float(text.removesuffix("i"))
    except ValueError:
        return None


def slack_of(measurement, field, want):
    """0 for what only grows."""
    if measurement in ("lxc_memory", "lxc_hugetlb") and field.endswith("_bytes"):
        return 0.05 * want + BYTES_SLACK
    if "_avg" in field or field.endswith("_percent"):
        return 0.05 * want + PERCENT_SLACK
    return 0


def fits(measurement, field, wanted, before, after):
    want, low, high = number(wanted), number(before), number(after)
    if want is None or low is None or high is None:
        return wanted in (before, after)
    slack = slack_of(measurement, field, want)
    return min(low, high) - slack <= want <= max(low, high) + slack


def compare(expected, before, after):
    """The differences, in words, and how many figures were compared."""
    wrong, count = [], 0
    for key, fields in expected.items():
        said = [points.get(key, {}) for points in (before, after)]
        for field, wanted in fields.items():
            count += 1
            got = [each.get(field) for each in said]
            if None in got or not fits(key[0], field, wanted, *got):
                wrong.append(f"{' '.join(key)} {field}: the kernel says {wanted}, the agent {got[0]}, then {got[1]}")
            elif number(wanted) != 0 and wanted != "false":
                seen_fields.note(key[0], field)
        for field in set(said[1]) - set(fields):
            if (key[0], field) not in NOT_CAPTURED:
                wrong.append(f"{' '.join(key)} {field}: the agent says {said[1][field]}, the kernel's files do not")
    return wrong, count


def missing(expected, after, mode):
    """What is not there, or not so, that should be."""
    wrong = [f"{' '.join(key)}: the agent has it, the kernel's files do not" for key in after
             if key[0] in COMPARED and key not in expected]
    for name in sorted({key[1] for key in expected}):
        for measurement, field in ELSEWHERE.items():
            if not any(field in fields for key, fields in after.items() if key[:2] == (measurement, name)):
                wrong.append(f"{measurement} {name}: missing")
    for measurement, name, fields in ON_PURPOSE[mode]:
        points = [point for key, point in expected.items() if key[:2] == (measurement, name)]
        wrong += [f"{measurement} {name} {field} is 0: its history did not come about" for field in fields.split()
                  if not any(number(point.get(field, "0i")) for point in points)]
    return wrong


def main():
    folder = pathlib.Path(sys.argv[1])
    before, after = (parse((folder / name).read_text()) for name in ("before.lp", "after.lp"))
    expected = parse(expect_fixture.expected(folder / "fixture"))
    wrong, count = compare(expected, before, after)
    wrong += missing(expected, after, folder.name)
    if {key[1] for key in expected} != CONTAINERS or count < 100:
        wrong.append(f"only {count} figures of {sorted({key[1] for key in expected})} to compare")
    print(f"{folder.name}: {count} figures compared, {len(wrong)} wrong")
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
