#!/usr/bin/env python3
"""Compares what the agent said in a VM with what the kernel's files of that moment say.

usage: compare_figures.py FOLDER, with before.lp and after.lp of the agent and, taken between them, fixture/.
Counters must lie between the agent's two; gauges within 5 % of one of them.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import expect_fixture  # noqa: E402

# What comes from elsewhere than the captured files: rates, the container's own /proc.
NOT_CAPTURED = {("lxc_cpu", "usage_percent"), ("lxc_pids", "processes")}
COMPARED = {"lxc_cpu", "lxc_memory", "lxc_pids", "lxc_state", "lxc_io", "lxc_pressure"}
ELSEWHERE = {"lxc_net": "rx_bytes", "lxc_fs": "used_bytes"}
# The agent's own reading and the capture's touch the page cache and the like: no figure in bytes is quite still.
SLACK = {"bytes": 256 * 1024, "other": 25}


def parse(text):
    """{(measurement, container, device or resource): {field: text}}: the captured containers' names need no escapes."""
    points = {}
    for line in text.splitlines():
        series, fields, _ = line.split(" ")
        measurement, *labels = series.split(",")
        tags = dict(label.split("=", 1) for label in labels)
        key = (measurement, tags["container"], tags.get("device", tags.get("resource", "")))
        points[key] = dict(field.split("=", 1) for field in fields.split(","))
    return points


def number(text):
    try:
        return float(text.removesuffix("i"))
    except ValueError:
        return None


def fits(field, wanted, before, after):
    want, low, high = number(wanted), number(before), number(after)
    if want is None or low is None or high is None:
        return wanted in (before, after)
    slack = 0.05 * want + (SLACK["bytes"] if field.endswith("_bytes") else SLACK["other"] if want else 0)
    return min(low, high) - slack <= want <= max(low, high) + slack


def compare(expected, before, after):
    """The differences, in words, and how many figures were compared."""
    wrong, count = [], 0
    for key, fields in expected.items():
        said = [points.get(key, {}) for points in (before, after)]
        for field, wanted in fields.items():
            count += 1
            got = [each.get(field) for each in said]
            if None in got or not fits(field, wanted, *got):
                wrong.append(f"{' '.join(key)} {field}: the kernel says {wanted}, the agent {got[0]}, then {got[1]}")
        for field in set(said[1]) - set(fields):
            if (key[0], field) not in NOT_CAPTURED:
                wrong.append(f"{' '.join(key)} {field}: the agent says {said[1][field]}, the kernel's files do not")
    return wrong, count


def main():
    folder = pathlib.Path(sys.argv[1])
    before, after = (parse((folder / name).read_text()) for name in ("before.lp", "after.lp"))
    expected = parse(expect_fixture.expected(folder / "fixture"))
    wrong, count = compare(expected, before, after)
    for key in after:
        if key[0] in COMPARED and key not in expected:
            wrong.append(f"{' '.join(key)}: the agent has it, the kernel's files do not")
    for name in sorted({key[1] for key in expected}):
        for measurement, field in ELSEWHERE.items():
            if not any(field in fields for key, fields in after.items() if key[:2] == (measurement, name)):
                wrong.append(f"{measurement} {name}: missing")
    if {key[1] for key in expected} != {"web1", "db-2", "limited", "sysd"} or count < 100:
        wrong.append(f"only {count} figures of {sorted({key[1] for key in expected})} to compare")
    print(f"{folder.name}: {count} figures compared, {len(wrong)} wrong")
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
