# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of the repository, and what its documents say."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = {"meson-private", "__pycache__", ".git", ".debhelper", "node_modules"}


def _tracked():
    """None without git: a package build has no repository."""
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.split("\0")


def _walk(folder):
    children = sorted(folder.iterdir())
    if any(child.name == "meson-private" for child in children):
        return  # a build
    for child in children:
        if child.is_dir() and not child.is_symlink():
            if child.name not in BUILT:
                yield from _walk(child)
        else:
            yield str(child.relative_to(ROOT))


@cache
def files():
    """Paths from the root, of files that exist."""
    names = _tracked()
    names = list(_walk(ROOT)) if names is None else names
    return frozenset(name for name in names if name and (ROOT / name).is_file())


@cache
def folders():
    return frozenset(str(parent) for name in files() for parent in Path(name).parents)


def exists(name):
    return name in files() or name.rstrip("/") in folders()


@cache
def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def documents():
    return sorted(name for name in files() if name.endswith(".md"))


def prose(name):
    """A document without code blocks and code within lines, whose brackets are no links."""
    text = re.sub(r"^```.*?^```$", "", text_of(name), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^    .*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


@cache
def anchors(name):
    """The anchors of a document's headings, as GitHub names them."""
    found = set()
    text = re.sub(r"^```.*?^```$", "", text_of(name), flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#{1,6} +(.*?)(?: +#+)?$", text, re.MULTILINE):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        unique, count = slug, 0
        while unique in found:
            count += 1
            unique = f"{slug}-{count}"
        found.add(unique)
    return frozenset(found)
