# SPDX-License-Identifier: GPL-2.0-or-later
"""Notes which fields a test has compared, with a real value (not 0 on both sides), with a second source on a real kernel: so that
it can be told which fields of the table no test has seen. The notes go to the file that LXCMONTEST_SEEN_FIELDS names, one "measurement field" a line."""

import os


def note(measurement, *fields):
    path = os.environ.get("LXCMONTEST_SEEN_FIELDS")
    if path:
        with open(path, "a", encoding="utf-8") as notes:
            notes.writelines(f"{measurement} {field}\n" for field in fields)
