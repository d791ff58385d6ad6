#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs clang-tidy on each file of src, except files that were clean before and have not changed.

usage: tidy.py BUILD-FOLDER
The folder needs compile_commands.json only: nothing has to be compiled in it.
A file has changed if its preprocessed text, its flags, .clang-tidy or the version of clang-tidy has. Prints the warnings; exit code 1
if there are any.
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
    """The arguments of the compiler, without those that name its output."""
    words = shlex.split(entry["command"])
    if words[0].endswith("ccache"):
        del words[0]
    for option in ("-o", "-MF", "-MQ"):
        at = words.index(option)
        del words[at : at + 2]
    words.remove("-MD")
    return words


def fingerprint(entry, common):
    # Keep comments, because of NOLINT, and macros, because some checks use them.
    preprocessed = run([*arguments_of(entry), "-E", "-CC", "-dD"], entry["directory"])
    return hashlib.sha256(common + entry["command"].encode() + preprocessed).hexdigest()


def check(entry, common, build):
    """The warnings; empty if there are none."""
    try:
        clean = CACHE / fingerprint(entry, common)
    except subprocess.CalledProcessError as error:
        return error.stderr.decode(errors="replace")
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
        sys.exit(f"tidy.py: {build} contains no file of src")
    CACHE.mkdir(parents=True, exist_ok=True)
    common = (ROOT / ".clang-tidy").read_bytes() + run([TIDY, "--version"], ROOT)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [text for text in pool.map(lambda entry: check(entry, common, build), entries) if text]
    print(*found, sep="\n", end="")
    print(f"{len(entries) - len(found)} of {len(entries)} files are clean")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
