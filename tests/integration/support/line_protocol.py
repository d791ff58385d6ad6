# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict parser of line protocol: what docs/protocol.md forbids is an error here, also where InfluxDB would let it pass."""

import re
from dataclasses import dataclass

NAME_ESCAPES = {"measurement": ", ", "tag": ",= ", "field": ",= "}
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)i")
FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[-+]?[0-9]+)?")
TIMESTAMP = re.compile(r"[1-9][0-9]{18}")


class BadLine(ValueError):
    pass


@dataclass
class Point:
    measurement: str
    tags: dict
    fields: dict
    time: int


def parse_lines(text):
    """All points of a body; it must end in one LF and have neither CR nor empty lines."""
    if not text.endswith("\n") or "\r" in text:
        raise BadLine("lines must end in LF and have no CR")
    return [parse_line(line) for line in text[:-1].split("\n")]


def parse_line(line):
    try:
        return _Cursor(line).point()
    except BadLine as error:
        raise BadLine(f"{error} in line: {line}") from None


class _Cursor:
    def __init__(self, line):
        if re.search(r"[\x00-\x1f\x7f]", line):
            raise BadLine("control byte")
        self._rest = line

    def _name(self, kind):
        """Up to the first special character that has no backslash before it."""
        specials, text = NAME_ESCAPES[kind], ""
        while self._rest and self._rest[0] not in specials:
            if self._rest[0] == "\\":
                self._rest = self._rest[1:]
                if not self._rest or self._rest[0] not in specials:
                    raise BadLine(f"backslash that escapes nothing in a {kind}")
            text, self._rest = text + self._rest[0], self._rest[1:]
        if not text:
            raise BadLine(f"empty {kind}")
        return text

    def _skip(self, character):
        if not self._rest.startswith(character):
            raise BadLine(f"expected {character!r} before {self._rest[:20]!r}")
        self._rest = self._rest[1:]

    def _tags(self):
        tags = {}
        while self._rest.startswith(","):
            self._skip(",")
            key = self._name("tag")
            self._skip("=")
            if key in tags or key == "time":
                raise BadLine(f"tag key {key!r} twice or reserved")
            tags[key] = self._name("tag")
        if list(tags) != sorted(tags, key=str.encode):
            raise BadLine("tags are not sorted")
        return tags

    def _fields(self):
        fields = {}
        while True:
            key = self._name("field")
            self._skip("=")
            if key in fields or key == "time" or '"' in key:
                raise BadLine(f"field key {key!r} twice or not allowed")
            fields[key] = self._string() if self._rest.startswith('"') else self._plain_value()
            if not self._rest.startswith(","):
                return fields
            self._skip(",")

    def _string(self):
        match = re.match(r'"((?:[^"\\]|\\["\\])*)"', self._rest)
        if not match:
            raise BadLine("string that does not end or escapes more than quote and backslash")
        self._rest = self._rest[match.end():]
        return re.sub(r"\\(.)", r"\1", match.group(1))

    def _plain_value(self):
        text = re.match(r"[^, ]*", self._rest).group()
        self._rest = self._rest[len(text):]
        if text in ("true", "false"):
            return text == "true"
        if INTEGER.fullmatch(text):
            number = int(text[:-1])
            if not -2**63 <= number < 2**63:
                raise BadLine(f"integer out of range: {text}")
            return number
        if FLOAT.fullmatch(text):
            return float(text)
        raise BadLine(f"not a value: {text!r}")

    def point(self):
        if self._rest.startswith("#"):
            raise BadLine("measurement begins with #")
        measurement = self._name("measurement")
        tags = self._tags()
        self._skip(" ")
        fields = self._fields()
        self._skip(" ")
        if not TIMESTAMP.fullmatch(self._rest):
            raise BadLine(f"not a time in nanoseconds: {self._rest!r}")
        return Point(measurement, tags, fields, int(self._rest))
