# SPDX-License-Identifier: GPL-2.0-or-later
"""The alert rules of contrib/grafana for two containers of the same name, of which one is in a user's lxcpath: whatever that user does,
the alerts of root's container are as without it, and the other way round."""

import unittest

from support.alert_case import AlertCase
from test_dashboards_alerts import CASES

BOB = "/home/bob/lxc"


def of_bob(history):
    return lambda ago: (history(ago) or "").replace("container={}", f"container={{}},lxcpath={BOB}")


def shared_with_host(history):
    """All is well, and is the host's."""
    def made(ago):
        lines = (line.replace("readonly=True", "readonly=false") for line in history(ago).splitlines())
        return "\n".join(f"{line},shared=true" for line in lines)
    return made


class SameName(AlertCase):
    def check(self, uid, db, root, bob, wanted):
        self.influx.execute(f'CREATE DATABASE "{db}"')
        self.write(db, "same", root)
        self.write(db, "same", of_bob(bob))
        self.assertEqual({dict(labels)["lxcpath"] for labels in self.alarms(self.rule(uid), db)}, wanted, uid)

    def test_each_rule(self):
        rules = {uid.removeprefix("lxcmon-"): case for uid, case in CASES.items() if "container={}" in case[0](20)}
        self.assertEqual(len(rules), 9)
        for uid, (sick, well) in rules.items():
            with self.subTest(uid):
                self.check(uid, f"root-{uid}", sick, well, {""})
                self.check(uid, f"bob-{uid}", well, sick, {BOB})
                self.check(uid, f"both-{uid}", sick, sick, {"", BOB})
                if "lxc_fs" in sick(0):
                    self.check(uid, f"shared-{uid}", sick, shared_with_host(well), {""})

    def test_the_summary_names_it(self):
        for uid in ("container-down", "restart-loop", "memory-full", "filesystem-full"):
            self.assertIn("{{ with .Labels.lxcpath }} in {{ . }}{{ end }}", self.rule(uid)["annotations"]["summary"])


if __name__ == "__main__":
    unittest.main()
