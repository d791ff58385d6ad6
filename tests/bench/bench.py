#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What watching costs: real containers, a real InfluxDB, and the floor (floor.cpp) in turn with the agent. Needs root.

    bench.py [--sizes 10,100,1000] [--save]         nine minutes, and about 2 GB for 1,000 containers
    bench.py --sizes 100 --interval 500ms --check-ratio 3      what CI runs
    bench.py --sizes 10 --interval 100ms --ticks 10000         does it grow? (20 minutes)

The programs are those of the build folder (--build). Exit code: 0 when no goal was missed, with --check-ratio when the ratio to the
floor is no more than that; 1 else. A goal that the run does not measure is "open"."""

import argparse
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCE = FOLDER.parent.parent
sys.path[:0] = [str(FOLDER.parent / "integration"), str(FOLDER.parent / "support")]
sys.dont_write_bytecode = True

from measure import report  # noqa: E402
from measure.run import measure_size  # noqa: E402
from measure.watched import FS_TICKS, Setup  # noqa: E402

FIGURES = FOLDER / "figures.txt"


def nanoseconds(text):
    match = re.fullmatch(r"(\d+)(ms|s)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration like 2s or 500ms")
    return int(match[1]) * {"ms": 1_000_000, "s": 1_000_000_000}[match[2]]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=SOURCE / "build", help="build folder (default: build)")
    parser.add_argument("--sizes", type=lambda text: [int(word) for word in text.split(",")], default=[10, 100, 1000],
                        help="numbers of containers")
    parser.add_argument("--interval", type=nanoseconds, default=nanoseconds("2s"), help="the agent's (default: 2s)")
    parser.add_argument("--ticks", type=int, default=3 * FS_TICKS, help="measured ones, best a multiple of 6 (default: 18)")
    parser.add_argument("--check-ratio", type=float, metavar="MOST", help="let the exit code say whether the ratio is at most this")
    parser.add_argument("--save", action="store_true", help=f"write the figures to {FIGURES.name}")
    return parser.parse_args()


def setup_of(options):
    programs = options.build.resolve() / "tests/bench"
    setup = Setup(binary=options.build.resolve() / "src/lxcmon-push", floor=programs / "floor",
                  shim=programs / "libcount_allocations.so", micro=programs / "micro", interval_ns=options.interval,
                  ticks=options.ticks)
    for path in (setup.binary, setup.floor, setup.shim):
        if not path.exists():
            sys.exit(f"{path} is not there: meson setup {options.build} && meson compile -C {options.build}")
    known = json.loads((options.build / "meson-info/intro-buildoptions.json").read_text())
    if any(each["name"] == "buildtype" and each["value"] == "debug" for each in known):
        sys.exit(f"{options.build} is a debug build, whose figures say nothing: meson configure {options.build} --buildtype=debugoptimized")
    for tool in ("strace", "ss", "lxc-start", "influxd"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed: apt-get install strace iproute2 lxc influxdb")
    return setup


def main():
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("the bench needs root: it starts containers")
    # A run that is ended from outside still takes its containers away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    setup = setup_of(options)
    lines, by_count, troubles = [report.where_and_when(SOURCE)], {}, []
    print(lines[0], flush=True)
    for count in options.sizes:
        by_count[count] = measure_size(count, setup)
        lines.append(report.describe(by_count[count]))
        print(f"\n{lines[-1]}", flush=True)
        troubles += filter(None, [report.trouble(by_count[count])])
    return judge(options, lines, by_count, troubles)


def judge(options, lines, by_count, troubles):
    goals = report.goals(by_count)
    lines.append("\n".join(["goals", *(f"  {report.word(goal):6} {goal.text}" for goal in goals)]))
    print(f"\n{lines[-1]}", flush=True)
    if options.save:
        FIGURES.write_text("\n\n".join(lines) + "\n")
    for trouble in troubles:
        print(f"FAILED: {trouble}", file=sys.stderr)
    if options.check_ratio is None:
        return 0 if all(goal.met is not False for goal in goals) and not troubles else 1
    too_dear = [figures for figures in by_count.values() if figures.ratio > options.check_ratio]
    for figures in too_dear:
        print(f"FAILED: {figures.containers} containers cost {figures.ratio:.2f} times the floor, at most {options.check_ratio:g} are "
              f"allowed", file=sys.stderr)
    return 1 if too_dear or troubles else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("ended by a signal")
