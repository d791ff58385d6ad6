# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in a spool folder, read without the agent's code."""

import gzip
import json
import re

OPEN = re.compile(r"\d{12}\.jsonl")
CLOSED = re.compile(r"\d{12}-(\d+)\.jsonl\.gz")


class SpoolFolder:
    """Any file may vanish while it is looked at: a live agent works in the folder."""

    def __init__(self, path):
        self.path = path

    def _named(self, pattern):
        if not self.path.exists():
            return []
        return sorted(each for each in self.path.iterdir() if pattern.fullmatch(each.name))

    def open_segments(self):
        return self._named(OPEN)

    def closed_segments(self):
        return self._named(CLOSED)

    def segments(self):
        """Those with something in them: the open one may have been emptied again."""
        return sorted(path for path in [*self.open_segments(), *self.closed_segments()] if _size_of(path) > 0)

    def bad_files(self):
        return self._named(re.compile(r".*\.bad"))

    def newest_times(self):
        """Of the newest segment alone: quick, also when the spool is large."""
        return sorted({point["timestamp"] for point in self.points(self.segments()[-1:])})

    def points(self, segments=None):
        """All points that wait, oldest segment first. A last line that is just being written is left out."""
        while True:
            try:
                return [point for path in (self.segments() if segments is None else segments) for point in self._points_in(path)]
            except FileNotFoundError:
                # Gone, or closed and called otherwise now: then it must not seem to be gone.
                segments = None

    @staticmethod
    def _points_in(path):
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def times(self):
        return sorted({point["timestamp"] for point in self.points()})

    def rejected(self):
        """The objects in rejected.jsonl."""
        path = self.path / "rejected.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def rejected_lines(self):
        return [each["line"] for each in self.rejected() if "line" in each]

    def size(self):
        """Of all its files, in bytes."""
        return sum(_size_of(path) for path in self.path.iterdir()) if self.path.exists() else 0


def _size_of(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
