#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one fuzz target: first the inputs that once failed, then new ones for LXCMONTEST_FUZZ_SECONDS (12).

    run.py BUILD/tests/fuzz/fuzz-cgroup

An input that fails is kept in tests/fuzz/regressions/TARGET, and each later run begins with it. To see one failure again:
BUILD/tests/fuzz/fuzz-rtnetlink tests/fuzz/regressions/rtnetlink/least-error"""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FIXTURES = FOLDER.parent / "fixtures"
SECONDS = int(os.environ.get("LXCMONTEST_FUZZ_SECONDS", "12"))
LONGEST_INPUT = 8192

# Files of the captured hosts to begin with, besides tests/fuzz/corpus/TARGET.
SEEDS = {
    "cgroup": ["v[12]/root/sys/fs/cgroup/**/*", "hybrid/root/sys/fs/cgroup/**/*"],
    "json_lines": ["encode/*"],
    "line_protocol": ["encode/*"],
    "init_check": ["*/root/proc/*/cgroup"],
    "mounts": ["*/root/proc/*/mountinfo", "*/root/proc/*/cgroup"],
    "processes": ["*/root/proc/[0-9]*/stat", "*/root/sys/fs/cgroup/**/cgroup.procs"],
    "settings_file": ["settings/**/*"],
    "spool_files": ["encode/*"],
}


def seeds_of(name):
    files = [path for pattern in SEEDS.get(name, []) for path in sorted(FIXTURES.glob(pattern))]
    files += sorted((FOLDER / "corpus" / name).glob("*"))
    return [path for path in files if path.is_file() and 0 < path.stat().st_size <= LONGEST_INPUT]


def copy_seeds(name, folder):
    """One of each content, and bytes for the targets that make their input of them: libFuzzer tries longer inputs than
    the longest seed only after minutes."""
    for size in (64, 256, 1024):
        (folder / f"bytes-{size}").write_bytes(random.Random(size).randbytes(size))
    texts = sorted({path.read_bytes() for path in seeds_of(name)})
    for number, text in enumerate(texts):
        (folder / f"seed-{number}").write_bytes(text)


def run(*command):
    print("+", *command, flush=True)
    return subprocess.run(list(map(str, command)), check=False).returncode


def main(target):
    name = Path(target).name.removeprefix("fuzz-")
    regressions = FOLDER / "regressions" / name
    bounds = ["-timeout=5", "-rss_limit_mb=1024"]
    # The schedule by entropy takes half of the CPU time in the first minutes.
    schedule = "-entropic=0"
    known = sorted(regressions.glob("*"))
    if known and (code := run(target, *bounds, *known)):
        return code
    corpus = Path(tempfile.mkdtemp(prefix=f"lxcmon-fuzz-{name}-"))
    try:
        copy_seeds(name, corpus)
        regressions.mkdir(parents=True, exist_ok=True)
        return run(target, *bounds, schedule, f"-max_total_time={SECONDS}", f"-max_len={LONGEST_INPUT}",
                   "-print_final_stats=1", "-print_funcs=0",
                   f"-artifact_prefix={regressions}/", corpus, *([regressions] if known else []))
    finally:
        shutil.rmtree(corpus)
        with contextlib.suppress(OSError):  # it has files, or another run has removed it
            regressions.rmdir()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
