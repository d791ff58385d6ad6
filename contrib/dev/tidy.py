#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs clang-tidy on each file of src, except where nothing has changed since it found nothing.

usage: tidy.py [--deep] BUILD-FOLDER
The folder was configured with --unity=on for clang 14; nothing has to be compiled in it. Most checks see a dozen files at once, as the
build does, since most of the time goes into headers. The static analyzer looks only at functions of the file that it was given, so it gets
each file by itself, and goes less deep without --deep, which takes four times as long.
A file has changed if its preprocessed text, its flags, .clang-tidy or the version of clang-tidy has. Prints the warnings; exit code 1
if there are any.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "lxcmon-push-tidy"
TIDY = "clang-tidy-14"
# Those that look only at the file that they were given.
EACH_FILE = "clang-analyzer-*,misc-unused-*,bugprone-suspicious-include"
SHALLOW = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-config", "--extra-arg=-Xclang", "--extra-arg=mode=shallow"]


def run(command, folder):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def compiler_arguments(command, source, file):
    """The arguments that compile file as source is compiled, without those that name an output."""
    words = shlex.split(command)
    if words[0].endswith("ccache"):
        del words[0]
    for option in ("-o", "-MF", "-MQ"):
        at = words.index(option)
        del words[at : at + 2]
    words.remove("-MD")
    words[words.index(source)] = file
    return words


def files_of(unity, build):
    """The files of src that a unity file includes, from the build folder: the same text in each clone."""
    included = re.findall(r"^#include\s*<(.*)>$", unity.read_text(), re.MULTILINE)
    paths = [pathlib.Path(name).resolve() for name in included]
    return [os.path.relpath(path, build) for path in paths if ROOT / "src" in path.parents]


def commands(build):
    """[(file, arguments, whether it is a unity file)] of src, the longest first."""
    together, alone = [], []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        unity = entry["file"]
        if files := files_of(build / unity, build):
            together.append((unity, compiler_arguments(entry["command"], unity, unity), True))
            alone += [(file, compiler_arguments(entry["command"], entry["file"], file), False) for file in files]
    return together + alone


def options_of(unity, deep):
    if unity:
        return ["-checks=" + ",".join("-" + check for check in EACH_FILE.split(","))]
    return ["-checks=-*," + EACH_FILE, *([] if deep else SHALLOW)]


def check(database, build, common, command, deep):
    """The warnings; empty if there are none."""
    file, arguments, unity = command
    options = options_of(unity, deep)
    try:
        # Keep comments, because of NOLINT, and macros, because some checks use them.
        preprocessed = run([*arguments, "-E", "-CC", "-dD"], build)
    except subprocess.CalledProcessError as error:
        return error.stderr.decode(errors="replace")
    preprocessed = preprocessed.replace(str(ROOT).encode(), b"")
    clean = CACHE / hashlib.sha256(common + repr((options, arguments)).encode() + preprocessed).hexdigest()
    if clean.exists():
        return ""
    result = subprocess.run(["nice", "-n", "19", TIDY, "-quiet", "-p", database, *options, file], cwd=build, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        clean.touch()
        return ""
    return result.stdout + result.stderr


def main():
    deep = "--deep" in sys.argv
    build = pathlib.Path(sys.argv[-1]).resolve()
    found = commands(build)
    if not found:
        sys.exit(f"tidy.py: {build} contains no unity file of src")
    CACHE.mkdir(parents=True, exist_ok=True)
    common = (ROOT / ".clang-tidy").read_bytes() + run([TIDY, "--version"], ROOT)
    with tempfile.TemporaryDirectory() as database, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        entries = [{"directory": str(build), "file": file, "arguments": arguments} for file, arguments, _ in found]
        (pathlib.Path(database) / "compile_commands.json").write_text(json.dumps(entries))
        results = pool.map(lambda command: check(database, build, common, command, deep), found)
        warnings = [text for text in results if text]
    print(*warnings, sep="\n", end="")
    print(f"{len(found) - len(warnings)} of {len(found)} runs found nothing")
    sys.exit(bool(warnings))


if __name__ == "__main__":
    main()
