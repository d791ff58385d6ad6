# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the doors between the rooms of src (docs/architecture.md): reads every #include and fails on one that is not allowed."""

import re
import unittest
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Whatever a preprocessor would take for one: a comment, a macro or include_next must not hide it from INCLUDE.
ANY_INCLUDE = re.compile(r"#\W*(?:include|import)\b|#\W*include_next\b")
BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
UNITS_MOST = 15

# A room and the rooms that it may include, beside itself.
DOORS = {
    "io": set(),
    "text": set(),
    "model": {"io"},
    "discover": {"io", "text", "model"},
    "sample": {"io", "text", "model"},
    "encode": {"io", "text", "model"},
    "http": {"io", "text"},
    "spool": {"io", "text", "model", "encode"},
    "deliver": {"io", "text", "model", "encode", "spool"},
    "expose": {"io", "text", "model"},
    "influx": {"io", "text", "model", "http", "deliver"},
    "app": {"io", "text", "model", "discover", "sample"},
    "push": {"io", "text", "model", "encode", "influx", "spool", "deliver", "expose", "app"},
    "scale": {"io", "text", "model", "http", "influx", "encode", "app"},
    "docgen": {"io", "text", "model", "app", "push", "scale"},
}

# Inside a room: a folder and the folders of the room that it may include. "" is the room's top level.
INNER_DOORS = {
    "sample": {
        "guard": set(),
        "helper": set(),
        "device": set(),
        "cgroup": {"guard", "device"},
        "network": {"guard"},
        "filesystem": {"guard", "helper", "device"},
        "process": {"guard", "helper", "cgroup"},
        "host": {"guard", "cgroup", "network", "device"},
        "": {"guard", "helper", "cgroup", "device", "network", "filesystem", "process", "host"},
    },
    "discover": {"names": set(), "managers": set(), "monitors": set(), "": {"names", "managers", "monitors"}},
    "app": {"settings": set(), "": {"settings"}},
    "push": {"view": set(), "top": {"view"}, "local": {""}, "import": {""}, "output": {"", "local"},
             "commands": {"", "view", "top", "import", "output"}, "": {"commands", "view", "local", "output"}},
    "deliver": {"array": {""}, "csv": {""}, "": set()},
}

# Plain data of a room's top level that its folders may include.
SHARED_DATA = {"discover/settings.hpp", "sample/settings.hpp", "sample/container_tags.hpp"}

# A library and the folders that may include it.
LIBRARIES = {
    r"curl/": {"http"},
    r"lxc/": {"discover"},
    r"CLI(11)?[/.]": {"app/settings"},
    r"toml(\+\+|plusplus)": {"app/settings"},
    r"microhttpd\.h": {"expose"},
    r"zlib\.h": {"http", "spool", "deliver/csv"},
    r"systemd/": {"app"},
    r"(ncursesw/)?curses\.h": {"push/top"},
    r"libsmartcols": {"text"},
    r"yaml-cpp/": {"push/import"},
}


def folder_of(name):
    """sample/cgroup for sample/cgroup/cpu.hpp."""
    return str(Path(name).parent)


def includes():
    """(file, kind, included): both names below src; kind is < or \"."""
    for path in sorted([*SRC.rglob("*.cpp"), *SRC.rglob("*.hpp")]):
        for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            # A name of ours in angle brackets is found by the compiler as well.
            yield str(path.relative_to(SRC)), '"' if name.split("/")[0] in DOORS else kind, name


def is_allowed(file, included):
    room, inner = (folder_of(file).split("/", 1) + [""])[:2]
    other_room, other_inner = (folder_of(included).split("/", 1) + [""])[:2]
    if room != other_room:
        return other_room in DOORS[room]
    if inner == other_inner or included in SHARED_DATA:
        return True
    return other_inner in INNER_DOORS.get(room, {}).get(inner, set())


class Doors(unittest.TestCase):
    def test_includes(self):
        wrong = [f"src/{file} includes {name}" for file, kind, name in includes() if kind == '"' and not is_allowed(file, name)]
        self.assertEqual(wrong, [], "see the table in this test, and docs/architecture.md")

    def test_no_include_hides(self):
        hidden = []
        for path in [*SRC.rglob("*.cpp"), *SRC.rglob("*.hpp")]:
            text = path.read_text(encoding="utf-8")
            if len(ANY_INCLUDE.findall(BLOCK_COMMENT.sub(" ", text))) != len(INCLUDE.findall(text)):
                hidden.append(str(path.relative_to(SRC)))
        self.assertEqual(hidden, [], "write #include \"ROOM/FILE.hpp\" on a line of its own")

    def test_included_files_exist(self):
        missing = [f"src/{file} includes {name}" for file, kind, name in includes() if kind == '"' and not (SRC / name).is_file()]
        self.assertEqual(missing, [], "an include names the file from src on")

    def test_libraries(self):
        wrong = []
        for file, _, name in includes():
            for library, folders in LIBRARIES.items():
                if re.match(library, name) and not any((folder_of(file) + "/").startswith(each + "/") for each in folders):
                    wrong.append(f"src/{file} includes {name}; only {', '.join(sorted(folders))} may")
        self.assertEqual(wrong, [])

    def test_there_is_no_circle(self):
        """Of the rooms: each comes after those that it includes."""
        done = set()
        while left := set(DOORS) - done:
            ready = {room for room in left if DOORS[room] <= done}
            self.assertTrue(ready, f"a circle among {sorted(left)}")
            done |= ready

    def test_programs_do_not_know_each_other(self):
        self.assertNotIn("scale", DOORS["push"])
        self.assertNotIn("push", DOORS["scale"])
        self.assertNotIn("influx", DOORS["deliver"])
        self.assertNotIn("deliver", DOORS["spool"])

    def test_folders(self):
        """No file lies flat in src, each folder is a room, and none has too many units."""
        strange = [str(path.relative_to(SRC)) for path in SRC.rglob("*")
                   if path.is_file() and path.suffix not in {".cpp", ".hpp"} and path.name != "meson.build"]
        self.assertEqual(strange, [], "C++ files are *.cpp and *.hpp: this test reads no others")
        units = {}
        for path in [*SRC.rglob("*.cpp"), *SRC.rglob("*.hpp")]:
            units.setdefault(folder_of(str(path.relative_to(SRC))), set()).add(path.stem)
        self.assertNotIn(".", units)
        self.assertEqual({folder.split("/")[0] for folder in units} - set(DOORS), set())
        self.assertEqual({folder: len(names) for folder, names in units.items() if len(names) > UNITS_MOST}, {})


if __name__ == "__main__":
    unittest.main()
