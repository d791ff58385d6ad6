# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's files of a captured container, for expect_fixture.py: where they are, and the forms that they have."""

NO_LIMIT = 2**63 - 65536  # v1 rounds LONG_MAX down to a page, at most 64 KiB


class Host:
    """The cgroup mounts of /proc/self/mountinfo: directory by v1 controller, and of v2."""

    def __init__(self, root):
        self.root, self.v1, self.v2 = root, {}, None
        for line in (root / "proc/self/mountinfo").read_text().splitlines():
            mount, special = line.split(" - ")
            place = root / mount.split(" ")[4].lstrip("/")
            kind, _, options = special.split(" ")
            if kind == "cgroup2":
                self.v2 = place
            elif kind == "cgroup":
                self.v1.update({option: place for option in options.split(",")})


class Files:
    """The control files of one container: text() is None where there is none."""

    def __init__(self, host, pid, name):
        self.places = {}
        for line in (host.root / f"proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            parts = path.split("/")
            if f"lxc.payload.{name}" not in parts:
                continue
            own = "/".join(parts[1 : parts.index(f"lxc.payload.{name}") + 1])
            for controller in controllers.split(","):
                top = host.v1.get(controller) if controller else host.v2
                if top is not None:
                    self.places[controller or "v2"] = top / own

    def has(self, controller):
        return controller in self.places

    def text(self, controller, name):
        if controller not in self.places:
            return None
        path = self.places[controller] / name
        return path.read_text() if path.is_file() else None

    def matches(self, controller, pattern):
        """What stands for the * in the names of the files that fit."""
        before, after = pattern.split("*")
        place = self.places.get(controller)
        names = sorted(path.name for path in place.glob(pattern)) if place else []
        return [name[len(before) : -len(after)] for name in names if "." not in name[len(before) : -len(after)]]

    def lines(self, controller, name):
        """Whole lines only: what follows the last LF has been cut."""
        return (self.text(controller, name) or "").split("\n")[:-1]

    def number(self, controller, name):
        lines = self.lines(controller, name)
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def limit(self, controller, name):
        number = self.number(controller, name)
        return None if number is None or number >= NO_LIMIT else number

    def keyed(self, controller, name):
        pairs = (line.split(" ") for line in self.lines(controller, name))
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def scaled(number, factor):
    return None if number is None else int(number * factor)
