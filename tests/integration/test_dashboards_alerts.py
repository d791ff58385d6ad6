# SPDX-License-Identifier: GPL-2.0-or-later
"""Each alert rule of contrib/grafana, computed as Grafana does: it fires for whom it is meant, and for nobody else."""

import unittest

from support.alert_case import HISTORY, AlertCase
from support.dashboards import alert_rules


def cpu(ago, throttled):
    number = HISTORY - ago
    return f"lxc_cpu,host=h,container={{}} nr_periods={number * 600}i,nr_throttled={number * throttled}i"


def state(ago, runs, more="", restarts=0):
    return f"lxc_state,host=h,container={{}} restarts={restarts}i,running={runs}{more}" + (",uptime_sec=9i" if runs else "")


def pressure(series, ago, percent):
    """Of memory; the CPU is short for both."""
    usec = (HISTORY - ago) * 600_000
    return (f"{series},resource=memory full_total_usec={usec * percent}i,some_total_usec={usec * 90}i\n"
            f"{series},resource=cpu full_total_usec={usec * 90}i")


def inodes(series, used):
    return f"{series},mountpoint=/ used_percent=0,inodes_used={used}i,inodes_total=50i"


def spool(ago, size, dropped=0):
    return f"lxcmon_push,host={{}} points=9i,spool_bytes={size}i,dropped_points={dropped}i"


def rejected(count):
    return f"lxcmon_push,host={{}} points=9i,rejected_points={count}i"


# {rule: (line protocol for one that is sick, for one that is well)}; AGO is 0 now.
CASES = {
    "lxcmon-agent-silent": (lambda ago: spool(ago, 0) if ago >= 8 else None, lambda ago: spool(ago, 0)),
    "lxcmon-container-down": (lambda ago: state(ago, ago >= 8), lambda ago: state(ago, True)),
    # Well is also one that two restarts have mended, and whose agent has begun to count anew.
    "lxcmon-restart-loop": (lambda ago: state(ago, True, restarts=(HISTORY - ago) // 4),
                            lambda ago: state(ago, True, restarts=9 if ago > 12 else 2 - (ago > 4) - (ago > 8))),
    "lxcmon-oom-kill": (lambda ago: f"lxc_memory,host=h,container={{}} oom_kill={int(ago < 3)}i",
                        lambda ago: "lxc_memory,host=h,container={} oom_kill=5i"),
    "lxcmon-host-oom-kill": (lambda ago: f"host_memory,host={{}} oom_kill={int(ago < 3)}i",
                             lambda ago: f"host_memory,host={{}} oom_kill={5 if ago < 35 else 4}i"),
    "lxcmon-memory-full": (lambda ago: "lxc_memory,host=h,container={} used_percent=95", lambda ago:
                           "lxc_memory,host=h,container={} used_percent=85"),
    "lxcmon-memory-pressure": (lambda ago: pressure("lxc_pressure,host=h,container={}", ago, 30),
                               lambda ago: pressure("lxc_pressure,host=h,container={}", ago, 10)),
    "lxcmon-host-memory-pressure": (lambda ago: pressure("host_pressure,host={}", ago, 30),
                                    lambda ago: pressure("host_pressure,host={}", ago, 10)),
    "lxcmon-filesystem-full": (lambda ago: "lxc_fs,host=h,container={},mountpoint=/ used_percent=91",
                               lambda ago: "lxc_fs,host=h,container={},mountpoint=/ used_percent=80"),
    "lxcmon-host-filesystem-full": (lambda ago: "host_fs,host={},mountpoint=/ used_percent=91",
                                    lambda ago: "host_fs,host={},mountpoint=/ used_percent=80"),
    "lxcmon-inodes-full": (lambda ago: inodes("lxc_fs,host=h,container={}", 46), lambda ago: inodes("lxc_fs,host=h,container={}", 44)),
    "lxcmon-host-inodes-full": (lambda ago: inodes("host_fs,host={}", 46), lambda ago: "host_fs,host={},mountpoint=/ used_percent=99"),
    # Well is also one that has always been read-only.
    "lxcmon-filesystem-readonly": (lambda ago: f"lxc_fs,host=h,container={{}},mountpoint=/,fstype=ext4 readonly={ago < 9}",
                                   lambda ago: "lxc_fs,host=h,container={},mountpoint=/,fstype=ext4 readonly=true"),
    "lxcmon-host-filesystem-readonly": (lambda ago: f"host_fs,host={{}},mountpoint=/,fstype=ext4 readonly={ago < 9}",
                                        lambda ago: "host_fs,host={},mountpoint=/,fstype=ext4 readonly=false"),
    "lxcmon-throttled": (lambda ago: cpu(ago, 200), lambda ago: cpu(ago, 100)),
    # Well is also one that has had a spool for a moment, and one that is getting rid of it.
    "lxcmon-spool-growing": (lambda ago: spool(ago, (HISTORY - ago) * 1000), lambda ago: spool(ago, 5000 if ago == 4 else 0)),
    # Well is also one whose agent has begun to count anew.
    "lxcmon-points-rejected": (lambda ago: rejected(70 if ago < 20 else 3), lambda ago: rejected(3 if ago > 9 else 0)),
}


class DashboardAlerts(AlertCase):
    def test_each_fires_for_the_sick_alone(self):
        rules = alert_rules()
        self.assertEqual({rule["uid"] for rule in rules}, set(CASES))
        for rule in rules:
            with self.subTest(rule["uid"]):
                db = rule["uid"]
                self.influx.execute(f'CREATE DATABASE "{db}"')
                sick, well = CASES[db]
                self.write(db, "well", well)
                self.assertEqual(self.alarms(rule, db), set())
                self.write(db, "sick", sick)
                alarms = self.alarms(rule, db)
                self.assertEqual(len(alarms), 1, alarms)
                self.assertIn("sick", dict(alarms.pop()).values())

    def test_spool(self):
        alarms = self.alarms_of("spool-growing", "spools", draining=lambda ago: spool(ago, ago * 1000 + ago % 2 * 3000),
                                full=lambda ago: spool(ago, 10**9 - ago % 2, dropped=(HISTORY - ago) * 500))
        self.assertEqual(alarms, {"full"}, "not one that is being emptied, with a batch now and then")

    def test_not_down(self):
        alarms = self.alarms_of(
            "container-down", "not_down", silent=lambda ago: state(ago, True) if ago >= 8 else None,
            just_ended=lambda ago: state(ago, ago != 0), never_ran=lambda ago: state(ago, False))
        self.assertEqual(alarms, set())

    def test_meant_to_be_down(self):
        def down(more):
            return lambda ago: state(ago, ago >= 8, more)
        alarms = self.alarms_of(
            "container-down", "meant", of_plain_lxc=down(""), starts_with_host=down(",onboot=true,template=false"),
            by_hand=down(",onboot=false,template=false"), template=down(",onboot=true,template=true"),
            in_backup=down(',onboot=true,template=false,lock="backup"'),
            was_in_backup=lambda ago: state(ago, ago >= 8, ',onboot=true,lock="backup"' if ago >= 6 else ",onboot=true"))
        self.assertEqual(alarms, {"of_plain_lxc", "starts_with_host", "was_in_backup"})

    def test_not_read_only(self):
        def filesystem(when):
            return lambda ago: f"lxc_fs,host=h,container={{}},mountpoint=/,fstype=ext4 readonly={when(ago)}"
        alarms = self.alarms_of(
            "filesystem-readonly", "readonly", again_writable=filesystem(lambda ago: 2 < ago < 9),
            a_moment=filesystem(lambda ago: ago == 3), just_now=filesystem(lambda ago: ago < 3),
            since_long=filesystem(lambda ago: ago < 30), at_first=filesystem(lambda ago: ago > 9))
        self.assertEqual(alarms, {"since_long"})

    def test_shared_filesystems(self):
        """What the host has, too, is the host's; older agents do not say so."""
        def filesystem(more):
            return lambda ago: ("lxc_fs,host=h,container={},mountpoint=/,fstype=ext4 used_percent=95,inodes_used=95i,inodes_total=100i,"
                                f"readonly={ago < 9}{more}")
        for rule in ("filesystem-full", "inodes-full", "filesystem-readonly"):
            alarms = self.alarms_of(rule, f"shared-{rule}", of_old_agent=filesystem(""), own=filesystem(",shared=false"),
                                    shared=filesystem(",shared=true"))
            self.assertEqual(alarms, {"of_old_agent", "own"}, rule)
            host = self.alarms_of(f"host-{rule}", f"host-{rule}", h=lambda ago: (
                f"host_fs,host={{}},mountpoint=/,fstype=ext4 used_percent=95,inodes_used=95i,inodes_total=100i,readonly={ago < 9}"))
            self.assertEqual(host, {"h"}, rule)

    def test_one_alert_for_a_container(self):
        """However many filesystems a tenant mounts, and whatever he does to those that have no disk."""
        def many(fstype):
            names = ["/", *(f"/tmp/{number}" for number in range(70))]
            return lambda ago: "\n".join(
                f"lxc_fs,host=h,container={{}},mountpoint={name},fstype={fstype} used_percent={91 + at / 10},inodes_used={91 + at // 10}i,"
                f"inodes_total=100i,readonly={ago < 9}" for at, name in enumerate(names))
        every = {"disks", "memory"}
        for rule, wanted in (("filesystem-full", every), ("inodes-full", every), ("filesystem-readonly", {"disks"})):
            db = f"many-{rule}"
            self.assertEqual(self.alarms_of(rule, db, disks=many("ext4"), memory=many("tmpfs"), layers=lambda ago: (
                many("overlay")(ago) if rule == "filesystem-readonly" else None)), wanted, rule)
            self.assertEqual(len(self.alarms(self.rule(rule), db)), len(wanted))

    def test_removed(self):
        """Also one that moves: it is down for a moment before it has left, and its last points say so."""
        for minutes in range(2, 12):
            alarms = self.alarms_of(
                "container-down", f"removed{minutes}", running=lambda ago: state(ago, True) if ago >= minutes else None,
                down=lambda ago: state(ago, ago >= minutes + 2) if ago >= minutes else None)
            self.assertEqual(alarms, set(), f"containers that left {minutes} minutes ago")

    def test_no_data(self):
        self.assertEqual([rule["uid"] for rule in alert_rules() if rule["noDataState"] == "Alerting"], ["lxcmon-agent-silent"])


if __name__ == "__main__":
    unittest.main()
