# SPDX-License-Identifier: GPL-2.0-or-later
"""The alert rules of contrib/grafana on what happens to hosts and containers: days of silence, restarts of agents and hosts, clocks
that are wrong, points that arrive late, figures around the line."""

import unittest

from support.alert_case import HISTORY, AlertCase, name_in
from support.dashboards import alert_rules, dashboards

DAY = 24 * 60


def state(runs):
    return f"lxc_state,host=h,container={{}} restarts=0i,running={runs}" + (",uptime_sec=9i" if runs else "")


def agent(points=9, **more):
    return f"lxcmon_push,host={{}} points={points}i" + "".join(f",{name}={value}i" for name, value in more.items())


class AlertHistories(AlertCase):
    def test_down_for_days(self):
        minutes = [*range(10), *range(10, 8 * DAY, 60)]
        alarms = self.alarms_of("container-down", "days_down", minutes, since_days=lambda ago: state(ago > 5 * DAY),
                                since_a_week=lambda ago: state(ago > 7.5 * DAY))
        self.assertEqual(alarms, {"since_days"})

    def test_silent_for_days(self):
        alarms = self.alarms_of("agent-silent", "days_silent", range(0, 8 * DAY, 2), healthy=lambda ago: agent(),
                                since_days=lambda ago: agent() if ago > 5 * DAY else None,
                                since_a_week=lambda ago: agent() if ago > 7.5 * DAY else None)
        self.assertEqual(alarms, {"since_days"})

    def test_healthy_at_any_interval_and_moment(self):
        db = "healthy"
        self.influx.execute(f'CREATE DATABASE "{db}"')
        for seconds in (10, 60, 120, 240):
            self.write(db, f"each{seconds}s", lambda _: agent(), [at / 60 for at in range(0, 3600, seconds)])
        for moment in range(20):
            self.assertEqual(self.alarms(self.rule("agent-silent"), db, ago=moment * 1.15), set(), moment)

    def test_a_clock_that_is_behind(self):
        behind = {f"by_{seconds}s": lambda ago, least=seconds / 60: agent() if ago >= least else None for seconds in (120, 240, 360)}
        alarms = self.alarms_of("agent-silent", "behind", [at / 4 for at in range(160)], **behind)
        self.assertEqual(alarms, {"by_360s"})
        self.assertIn("NTP", self.rule("agent-silent")["annotations"]["description"])

    def test_points_that_arrive_late(self):
        """The server was away for 20 minutes; the spool has delivered what happened then."""
        def kills(prefix):
            return lambda ago: f"{prefix} oom_kill={int(ago <= 20)}i"
        self.assertEqual(self.alarms_of("oom-kill", "late", c=kills("lxc_memory,host=h,container={}")), {"c"})
        self.assertEqual(self.alarms_of("host-oom-kill", "late", h=kills("host_memory,host={}")), {"h"})
        rejected = self.alarms_of("points-rejected", "late", h=lambda ago: agent(rejected_points=int(ago <= 20)))
        self.assertEqual(rejected, {"h"})

    def test_a_kill_that_ends_the_container(self):
        """Its counter begins anew, so the rule for containers can't see it, and says so."""
        db = "ends"
        ended = self.alarms_of("oom-kill", db, c=lambda ago: "lxc_memory,host=h,container={} oom_kill=0i")
        self.assertEqual(ended, set())
        host = self.alarms_of("host-oom-kill", db, h=lambda ago: f"host_memory,host={{}} oom_kill={int(ago < 3)}i")
        self.assertEqual(host, {"h"})
        self.assertIn("ends the whole container", self.rule("oom-kill")["annotations"]["description"])

    def test_an_agent_that_counts_anew(self):
        """Started again 4 minutes ago."""
        db = "anew"

        def points(ago):
            number = HISTORY - ago if ago > 4 else 4 - ago
            own = agent(spool_bytes=0, dropped_points=5 if ago > 4 else 0, rejected_points=5 if ago > 4 else 0)
            return f"{own}\nlxc_cpu,host={{}},container=c nr_periods={number * 600}i,nr_throttled={number * 60}i"
        self.influx.execute(f'CREATE DATABASE "{db}"')
        self.write(db, "h", points)
        for uid in ("agent-silent", "spool-growing", "points-rejected", "throttled"):
            for ago in range(6):
                self.assertEqual(self.alarms(self.rule(uid), db, ago), set(), (uid, ago))

    def test_throttled_through_restarts(self):
        """The container starts again each 2 minutes: its counters have the time of one start only."""
        def half(ago):
            number = 1 + (HISTORY - ago) % 2
            return f"lxc_cpu,host=h,container={{}} nr_periods={number * 600}i,nr_throttled={number * 300}i"
        self.assertEqual(self.alarms_of("throttled", "restarts", c=half), {"c"})

    def test_a_host_that_starts_again(self):
        """For 3 and for 8 minutes; `lost` does not come up again."""
        for minutes, silent in ((3, False), (8, True)):
            db = f"reboot{minutes}"
            self.influx.execute(f'CREATE DATABASE "{db}"')
            away = range(6, 6 + minutes)
            self.write(db, "h", lambda ago: None if ago in away else agent())
            for name in ("lost", "back"):
                self.write(db, name, lambda ago: None if ago in away else state(name == "back" or ago > 6))
            self.assertEqual(bool(self.alarms(self.rule("agent-silent"), db, ago=6.5)), silent, minutes)
            self.assertEqual(self.alarms(self.rule("agent-silent"), db), set(), minutes)
            down = self.alarms(self.rule("container-down"), db)
            self.assertEqual({name_in(labels) for labels in down}, {"lost"}, minutes)

    def test_around_the_line(self):
        """What fires goes on until it is well below the line; what does not needs to be above it."""
        def full(percent):
            return lambda ago: f"lxc_fs,host=h,container={{}},mountpoint=/ used_percent={percent}"

        def memory(percent):
            return lambda ago: f"lxc_memory,host=h,container={{}} used_percent={percent}"
        for uid, figure, between in (("filesystem-full", full, 89), ("memory-full", memory, 87)):
            db = f"line-{uid}"
            alarms = self.alarms_of(uid, db, above=figure(91), between=figure(between), below=figure(80))
            self.assertEqual(alarms, {"above"}, uid)
            fired = {labels for name in ("above", "between", "below") for labels in self.labels(name)}
            still = self.alarms(self.rule(uid), db, firing=fired)
            self.assertEqual({name_in(labels) for labels in still}, {"above", "between"}, uid)

    @staticmethod
    def labels(name):
        return {tuple(sorted([("container", name), ("host", "h"), ("lxcpath", "")]))}


class AlertFiles(unittest.TestCase):
    def test_one_alert_if_the_database_does_not_answer(self):
        states = {rule["uid"]: rule["execErrState"] for rule in alert_rules()}
        self.assertEqual({uid for uid, state in states.items() if state != "KeepLast"}, {"lxcmon-agent-silent"}, states)

    def test_links(self):
        """Each rule leads to a panel that is there, and not in a folded row, which Grafana does not show."""
        for language, name in (("influxql", "lxcmon"), ("flux", "lxcmon-flux")):
            shown = {each["uid"]: {panel["id"] for panel in each["panels"] if panel["type"] != "row"} for each in dashboards(language)}
            rules = alert_rules(name)
            self.assertGreater(len(rules), 15)
            for rule in rules:
                link = rule["annotations"]
                self.assertIn(int(link["__panelId__"]), shown[link["__dashboardUid__"]], rule["uid"])


if __name__ == "__main__":
    unittest.main()
