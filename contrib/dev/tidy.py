#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs clang-tidy on the files of src, except where nothing has changed since it found nothing.

usage: tidy.py [--deep] BUILD-FOLDER
The folder was configured with --unity=on for clang 14; nothing has to be compiled in it. clang-tidy sees dozens of files joined into one,
since nearly all of its time goes into headers; not as a file with includes, because the static analyzer looks only at functions of the file
that it was given. The analyzer goes less deep without --deep, which takes four times as long.
A text has changed if what the preprocessor makes of it, its flags, .clang-tidy or the version of clang-tidy has. Prints the warnings; exit
code 1 if there are any.
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
PARTS = 4  # fewer take less time, and more memory and another run for more files after a change
SHALLOW = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-config", "--extra-arg=-Xclang", "--extra-arg=mode=shallow"]


def run(command, folder):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def compiler_arguments(command, source):
    """The arguments that compile source, without it and those that name an output."""
    words = shlex.split(command)
    if words[0].endswith("ccache"):
        del words[0]
    for option in ("-o", "-MF", "-MQ"):
        at = words.index(option)
        del words[at : at + 2]
    words.remove("-MD")
    words.remove(source)
    return words


def files_of(unity):
    """The files of src that a unity file includes."""
    included = re.findall(r"^#include\s*<(.*)>$", unity.read_text(), re.MULTILINE)
    return [path for path in map(pathlib.Path, included) if ROOT / "src" in path.resolve().parents]


class Joined:
    """Files as one file in a folder."""

    def __init__(self, files, path):
        self.path = path
        self.begins = []  # (first line, file)
        lines = []
        for file in files:
            self.begins.append((len(lines) + 1, file.resolve().relative_to(ROOT)))
            lines += file.read_text().splitlines()
        path.write_text("\n".join(lines) + "\n")

    def place(self, line):
        begin, file = max(item for item in self.begins if item[0] <= line)
        return f"{file}:{line - begin + 1}"

    def in_files(self, output):
        """The output of clang-tidy with the names and lines of the files themselves."""
        return re.sub(re.escape(str(self.path)) + r":(\d+)", lambda found: self.place(int(found[1])), output)


def commands(build, folder):
    """[(joined files, arguments)]: all files of src in a few parts, each of neighbours, with the arguments of all targets."""
    arguments, files, mains = {}, [], []
    for entry in sorted(json.loads((build / "compile_commands.json").read_text()), key=lambda entry: entry["file"]):
        if found := files_of(build / entry["file"]):
            arguments |= dict.fromkeys(compiler_arguments(entry["command"], entry["file"]))
            for file in found:
                (mains if re.search(r"^int main\(", file.read_text(), re.MULTILINE) else files).append(file)
    parts = [files[len(files) * part // PARTS : len(files) * (part + 1) // PARTS] for part in range(PARTS)]
    for part, main_file in zip(parts, mains, strict=False):  # one has one of them
        part.append(main_file)
    joined = [Joined(part, folder / f"part-{number}.cpp") for number, part in enumerate(parts)] if files else []
    return [(each, [*arguments, str(each.path)]) for each in joined]


def check(build, folder, common, command, deep):
    """The warnings; empty if there are none."""
    joined, arguments = command
    options = [] if deep else SHALLOW
    try:
        # Keep comments, because of NOLINT, and macros, because some checks use them.
        preprocessed = run([*arguments, "-E", "-CC", "-dD"], build)
    except subprocess.CalledProcessError as error:
        return joined.in_files(error.stderr.decode(errors="replace"))
    text = (repr((options, arguments)).encode() + preprocessed).replace(str(folder).encode(), b"").replace(str(ROOT).encode(), b"")
    clean = CACHE / hashlib.sha256(common + text).hexdigest()
    if clean.exists():
        return ""
    result = subprocess.run(["nice", "-n", "19", TIDY, "-quiet", "-p", folder, *options, joined.path],
                            cwd=build, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        clean.touch()
        return ""
    return joined.in_files(result.stdout + result.stderr)


def main():
    deep = "--deep" in sys.argv
    build = pathlib.Path(sys.argv[-1]).resolve()
    CACHE.mkdir(parents=True, exist_ok=True)
    common = (ROOT / ".clang-tidy").read_bytes() + run([TIDY, "--version"], ROOT)
    # In ROOT, where .clang-tidy is looked for and its HeaderFilterRegex is about.
    with tempfile.TemporaryDirectory(dir=build) as name, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(name)
        found = commands(build, folder)
        if not found:
            sys.exit(f"tidy.py: {build} contains no unity file of src")
        entries = [{"directory": str(build), "file": str(joined.path), "arguments": arguments} for joined, arguments in found]
        (folder / "compile_commands.json").write_text(json.dumps(entries))
        results = pool.map(lambda command: check(build, folder, common, command, deep), found)
        warnings = [text for text in results if text]
    print(*warnings, sep="\n", end="")
    print(f"{len(found) - len(warnings)} of {len(found)} runs found nothing")
    sys.exit(bool(warnings))


if __name__ == "__main__":
    main()
