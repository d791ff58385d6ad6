# SPDX-License-Identifier: GPL-2.0-or-later
"""The man page as groff takes it. test_man_page.py PAGE"""

import os
import subprocess
import sys
import unittest

PAGE = sys.argv[1]


def man(*arguments, **environment):
    result = subprocess.run(
        ["man", *arguments, "-l", PAGE],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "80", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result


class ManPage(unittest.TestCase):
    def test_groff_warns_of_nothing(self):
        # As lintian asks it.
        self.assertEqual(man("--warnings", "-E", "UTF-8", "-Tutf8", "-Z", MANROFFSEQ="").stderr, "")

    def test_it_fits_a_terminal_and_has_every_section(self):
        lines = man("-P", "cat").stdout.splitlines()
        self.assertEqual([line for line in lines if len(line) > 80], [])
        headings = [line for line in lines if line[:1].isalpha() and line.isupper()]
        self.assertEqual(
            headings,
            ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "SETTINGS FILE", "FILES", "SIGNALS"]
            + ["EXIT STATUS", "ENVIRONMENT", "SECURITY", "EXAMPLES", "SEE ALSO"],
        )
        # Signs that scdoc would take for its own.
        for text in ("(host_*)", "LXCMON_INFLUX_TOKEN_FILE, INFLUX_TOKEN.", "lxc_memory.*_bytes", "--influx-bucket lxc \\"):
            self.assertTrue(any(text in line for line in lines), text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
