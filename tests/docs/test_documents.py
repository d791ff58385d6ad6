# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents: every link leads to something, every file that documents and comments name exists, README stays short, and the
messages in docs/troubleshooting.md are the program's."""

import os.path
import re
import unittest
from fnmatch import fnmatch
from pathlib import PurePosixPath

from repository import anchors, documents, exists, files, folders, prose, text_of

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

# A path from the root, a document of the root, or a file of the source by its name alone.
PATH = re.compile(r"(?<![\w./$}@*~-])((?:src|tests|contrib|docs|debian)/[\w./*+-]*[\w*])")
DOCUMENT = re.compile(r"(?<![\w./-])([A-Z]+\.md)\b")
SOURCE = re.compile(r"(?<![\w./*-])([a-z][\w-]*\.(?:cpp|hpp|py|mjs))\b")

COMMENT = {
    ".cpp": re.compile(r"//(.*)$", re.MULTILINE),
    ".hpp": re.compile(r"//(.*)$", re.MULTILINE),
    ".mjs": re.compile(r"//(.*)$", re.MULTILINE),
    ".ts": re.compile(r"//(.*)$", re.MULTILINE),
    ".py": re.compile(r'"""(.*?)"""|(?:^|\s)#(.*?)$', re.MULTILINE | re.DOTALL),
    ".sh": re.compile(r"(?:^|\s)#(.*)$", re.MULTILINE),
    ".build": re.compile(r"(?:^|\s)#(.*)$", re.MULTILINE),
}


def comments(name):
    pattern = COMMENT.get(PurePosixPath(name).suffix)
    if pattern is None:
        return ""
    return "\n".join("".join(groups) for groups in (match.groups("") for match in pattern.finditer(text_of(name))))


def named_files(text):
    for pattern in (PATH, DOCUMENT, SOURCE):
        yield from pattern.findall(text)


def is_there(name, origin):
    """From the root, beside the file that names it, or for a name alone anywhere."""
    if exists(name):
        return True
    beside = os.path.normpath(os.path.join(os.path.dirname(origin), name))
    if exists(beside):
        return True
    if "/" not in name:
        return any(PurePosixPath(each).name == name for each in files())
    pattern = re.sub(r"[A-Z]{4,}", "*", name)  # CASE, NNNN: stand-ins
    return "*" in pattern and any(fnmatch(each, pattern) for each in files() | folders())


def quoted_messages(document):
    """The code in the first column of the tables that begin with `message`."""
    messages = []
    is_table = False
    for line in document.splitlines():
        is_table = line.startswith("| message |") or (is_table and line.startswith("|"))
        if is_table and line.startswith("| `"):
            messages += re.findall(r"`([^`]+)`", line.split(" | ")[0])
    return messages


class Documents(unittest.TestCase):
    def assert_none(self, wrong):
        if wrong:
            self.fail("\n" + "\n".join(wrong))

    def test_readme_is_a_front_door(self):
        self.assertLess(text_of("README.md").count("\n"), 120)

    def test_links(self):
        wrong = []
        for document in documents():
            for target in LINK.findall(prose(document)):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                name = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
                if not exists(name):
                    wrong.append(f"{document}: {target}: no such file")
                elif anchor and anchor not in anchors(name):
                    wrong.append(f"{document}: {target}: no such heading")
        self.assert_none(wrong)

    def test_named_files(self):
        wrong = []
        for name in sorted(files()):
            # NEWS.md is about the past, captured trees are of other hosts.
            if name == "NEWS.md" or name.startswith("tests/fixtures/v"):
                continue
            text = text_of(name) if name.endswith(".md") else comments(name)
            wrong += [f"{name}: {each}" for each in sorted(set(named_files(text))) if not is_there(each, name)]
        self.assert_none(wrong)

    def test_messages_in_troubleshooting(self):
        program = ""
        for name in sorted(files()):
            if name.startswith("src/") and name.endswith((".cpp", ".hpp")):
                program += re.sub(r'"\s*\n\s*"', "", text_of(name)).replace('\\"', '"')
        messages = quoted_messages(text_of("docs/troubleshooting.md"))
        self.assertGreater(len(messages), 80)
        unknown = []
        for message in messages:
            parts = [part.strip(" ();:,") for part in message.split("...")]
            unknown += [f"{message}: {part}" for part in parts if part and part not in program]
        self.assert_none(unknown)


if __name__ == "__main__":
    unittest.main()
