#!/usr/bin/env python3
"""clang-tidy on each file of src, but for those that it has found clean before.

usage: tidy.py BUILD-FOLDER
A file is the same as before when its preprocessed text, its flags, .clang-tidy and clang-tidy itself are. Exit code 1 when there are
warnings, which it prints.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "lxcmon-push-tidy"
TIDY = "clang-tidy-14"


def run(command, folder):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def arguments_of(entry):
    """The compiler's, without what only names its output."""
    words = shlex.split(entry["command"])
    if words[0].endswith("ccache"):
        del words[0]
    for option in ("-o", "-MF", "-MQ"):
        at = words.index(option)
        del words[at : at + 2]
    words.remove("-MD")
    return words


def fingerprint(entry, common):
    # With comments, where NOLINT stands, and macros, which checks look at, too.
    preprocessed = run([*arguments_of(entry), "-E", "-CC", "-dD"], entry["directory"])
    return hashlib.sha256(common + entry["command"].encode() + preprocessed).hexdigest()


def check(entry, common, build):
    """The warnings; empty where there are none."""
    clean = CACHE / fingerprint(entry, common)
    if clean.exists():
        return ""
    result = subprocess.run(
        ["nice", TIDY, "-quiet", "-p", build, entry["file"]], cwd=entry["directory"], capture_output=True, text=True, check=False
    )
    if result.returncode == 0:
        clean.touch()
        return ""
    return result.stdout + result.stderr


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    entries = [
        entry
        for entry in json.loads((build / "compile_commands.json").read_text())
        if (ROOT / "src") in pathlib.Path(entry["directory"], entry["file"]).resolve().parents
    ]
    if not entries:
        sys.exit(f"tidy.py: {build} has no file of src")
    CACHE.mkdir(parents=True, exist_ok=True)
    common = (ROOT / ".clang-tidy").read_bytes() + run([TIDY, "--version"], ROOT)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [words for words in pool.map(lambda entry: check(entry, common, build), entries) if words]
    print(*found, sep="\n", end="")
    print(f"{len(entries) - len(found)} of {len(entries)} files are clean")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
