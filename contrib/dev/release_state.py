#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What meson.build, debian/changelog and NEWS.md say about the version: they must agree.

    release_state.py          prints the version if it may be released: all three name it, with one date
    release_state.py --notes  prints what NEWS.md says about it"""

import re
import sys
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNRELEASED = "not released yet"
NEWS_HEADING = re.compile(r"^## (\S+), (.+)$", re.MULTILINE)
CHANGELOG_HEADING = re.compile(r"^\S+ \(([^)]+)\) (\S+);", re.MULTILINE)
CHANGELOG_DATE = re.compile(r"^ -- .*>  (.+)$", re.MULTILINE)


def news(root=ROOT):
    """Version to its date (YYYY-MM-DD, or None if it is not released yet) and its text, the newest first."""
    parts = NEWS_HEADING.split((root / "NEWS.md").read_text(encoding="utf-8"))[1:]
    return {version: (None if date == UNRELEASED else date, text.strip())
            for version, date, text in zip(parts[::3], parts[1::3], parts[2::3])}


def changelog(root=ROOT):
    """Version to its date as in news()."""
    text = (root / "debian/changelog").read_text(encoding="utf-8")
    headings = CHANGELOG_HEADING.findall(text)
    dates = [parsedate_to_datetime(date).strftime("%Y-%m-%d") for date in CHANGELOG_DATE.findall(text)]
    return {version: None if distribution == "UNRELEASED" else date for (version, distribution), date in zip(headings, dates, strict=True)}


def problems(root=ROOT):
    """Sentences, if the three disagree."""
    built = re.search(r"^  version: '([^']+)'", (root / "meson.build").read_text(encoding="utf-8"), re.MULTILINE)[1]
    in_news = {version: date for version, (date, _) in news(root).items()}
    in_changelog = changelog(root)
    found = []
    for name, versions in (("NEWS.md", in_news), ("debian/changelog", in_changelog)):
        if next(iter(versions), None) != built:
            found.append(f"meson.build has version {built}, and {name} begins with {next(iter(versions), 'none')}")
    if list(in_news) != list(in_changelog):
        found.append(f"NEWS.md has the versions {', '.join(in_news)}, and debian/changelog {', '.join(in_changelog)}")
    for version in in_news.keys() & in_changelog.keys():
        dates = in_news[version], in_changelog[version]
        if dates[0] != dates[1]:
            found.append(f"{version}: NEWS.md says {dates[0] or UNRELEASED}, and debian/changelog {dates[1] or 'UNRELEASED'}")
    for version, date in in_news.items():
        if date is None and version != built:
            found.append(f"NEWS.md: {version} is not released, and there is a newer version")
        elif date is not None and not is_date(date):
            found.append(f"NEWS.md: {version}: '{date}' is neither a date (YYYY-MM-DD) nor '{UNRELEASED}'")
    return found


def is_date(text):
    try:
        return datetime.strptime(text, "%Y-%m-%d").strftime("%Y-%m-%d") == text
    except ValueError:
        return False


def main(arguments):
    found = problems()
    version, (date, text) = next(iter(news().items()))
    if date is None:
        found.append(f"{version} is not released: give it a date (YYYY-MM-DD) in NEWS.md, and a distribution and that date in debian/changelog")
    if found:
        sys.exit("\n".join(found))
    print(text if arguments == ["--notes"] else version)


if __name__ == "__main__":
    main(sys.argv[1:])
