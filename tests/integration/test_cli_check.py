# SPDX-License-Identifier: GPL-2.0-or-later
"""The command check: it fails where a delivery fails, and after it says that all is well, a delivery succeeds."""

import tempfile
import time
import unittest
from pathlib import Path

from support import agent as program
from support.case import HOST, LabCase
from support.influx import ADMIN, Influxd
from support.recording_server import RecordingServer, error_answer
from support.victoria_metrics import VictoriaMetrics

NO_SPOOL = {"LXCMON_SPOOL_DIR": None, "LXCMON_SEND_JITTER": None}


class CheckCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.start_all([cls.lab.add("it-check")])

    def run_agent(self, *arguments, env=None, **more):
        # This variable has no effect where --metrics leaves filesystems out, and check says so.
        return program.run(*self.arguments(*arguments), env={"LXCMON_FS_INTERVAL": None, **(env or {})}, **more)

    def as_user(self, name, password="secret"):
        return ("--influx-user", name, "--influx-password-file", self.file(f"password-of-{name}", f"{password}\n"))

    def assert_agrees(self, url, *arguments, fails=""):
        """`fails`: a pattern of the line of check. A delivery must come to the same end."""
        checked = self.run_agent("check", "--influx-url", url, *arguments)
        delivered = self.run_agent("--once", "--influx-url", url, *arguments)
        wanted = 1 if fails else 0
        self.assertEqual((checked.returncode, delivered.returncode), (wanted, wanted), (checked, delivered))
        if fails:
            self.assertRegex(checked.stdout, f"(?m)^FAIL  {fails}")
            self.assertEqual(checked.stdout.count("FAIL"), 1, checked.stdout)
        return checked


class Rights(CheckCase):
    def test_users_of_influxdb_1(self):
        influx = self.own_influxd(auth=True)
        influx.execute("CREATE DATABASE lxc")
        for user in ("none", "reader", "writer"):
            influx.execute(f"CREATE USER {user} WITH PASSWORD 'secret'")
        influx.execute("GRANT READ ON lxc TO reader")
        influx.execute("GRANT WRITE ON lxc TO writer")
        no_right = r'credentials .*user "{0}": HTTP 403: "{0}" user is not authorized to write.*grant it'
        self.assert_agrees(influx.url, *self.as_user("none"), fails=no_right.format("none"))
        self.assert_agrees(influx.url, *self.as_user("reader"), fails=no_right.format("reader"))
        self.assert_agrees(influx.url, fails="credentials .*HTTP 401")
        self.assert_agrees(influx.url, *self.as_user("writer", "wrong"), fails="credentials .*HTTP 401")
        self.assertFalse(influx.rows("lxcmon_push"), "nothing is stored")
        self.assert_agrees(influx.url, *self.as_user("writer"))
        # Of databases that are not there.
        self.assert_agrees(influx.url, *self.as_user("writer"), "--influx-db", "other",
                           fails='database .*"other" does not exist, and user "writer" may not create it .*admin')
        self.assert_agrees(influx.url, *self.as_user(*ADMIN), "--influx-db", "other", "--influx-create-db", "off",
                           fails='database .*"other" does not exist: create it on the server')
        self.assertEqual(influx.databases() - {"_internal"}, {"lxc"})
        checked = self.assert_agrees(influx.url, *self.as_user(*ADMIN), "--influx-db", "other")
        self.assertIn('"other" does not exist yet; the first write creates it', checked.stdout)

    def test_without_authentication(self):
        influx = self.own_influxd()
        checked = self.run_agent("check", "--influx-url", influx.url)
        self.assertEqual(checked.returncode, 0, checked)
        self.assertNotIn("lxc", influx.databases(), "check makes no database")
        self.assert_agrees(influx.url)
        self.assert_agrees(influx.url, "--influx-rp", "nope", fails="database .*retention policy not found: nope")

    def test_it_writes_a_point_of_each_measurement(self):
        influx = self.own_influxd()
        influx.execute("CREATE DATABASE lxc")

        def check(*metrics):
            selection = [f"--metrics={each}" for each in metrics]
            checked = self.run_agent("check", "--influx-url", influx.url, "--tag", "site=a", *selection)
            self.assertEqual(checked.returncode, 0, checked)
            return checked
        begin = time.time_ns()
        self.assertIn(" has stored 1 point\n", check("lxc_cpu").stdout)
        end = time.time_ns()
        row, = influx.rows("lxc_cpu")
        self.assertTrue(begin <= row.time <= end, row)
        self.assertEqual((row.tags["host"], row.tags["site"], row.tags["container"]), (HOST, "a", "it-check"))
        self.assertGreater(row.fields["usage_usec"], 0)
        checked = check()
        counts = {each: len(influx.rows(each)) for each in influx.measurements()}
        self.assertEqual(counts.pop("lxc_cpu"), 2)
        self.assertEqual(set(counts.values()), {1})
        self.assertLessEqual({"host_cpu", "lxc_memory", "lxc_state"}, set(counts))
        self.assertIn(f" has stored {len(counts) + 1} points\n", checked.stdout)
        self.assertRegex(check("lxcmon_push").stdout, "(?m)^ok    delivery    not tested: ")
        self.assertFalse(influx.rows("lxcmon_push"), "only the agent knows its own figures")


class Stopped(LabCase):
    def test_it_writes_no_count_of_its_own(self):
        """In the agent's series a `restarts` of 0 would be followed by a growth: a false alert of a restart loop."""
        stopped = self.lab.add("it-check-stopped")
        server = RecordingServer()
        self.addCleanup(server.close)
        for selection in ((), ("--metrics", "lxc_state")):
            checked = program.run(*self.arguments("check", "--influx-url", server.url, "--no-host", *selection), env={"LXCMON_FS_INTERVAL": None})
            self.assertEqual(checked.returncode, 0, checked)
            body = server.writes()[-1].body
            self.assertIn(f"lxc_state,container={stopped.name}", body)
            self.assertNotIn("restarts", body)


class Limits(CheckCase):
    def test_limits_of_the_real_server(self):
        influx = Influxd(self.workspace, name="influxd-with-limits")
        influx.set_limits(max_series_per_database=1)
        influx.start()
        self.addCleanup(influx.stop)
        influx.execute("CREATE DATABASE lxc")
        self.assertEqual(influx.write("lxc", b"m v=1 1\n")[0], 204)
        self.assert_agrees(influx.url, fails="delivery .*max-series-per-database limit exceeded")
        # As docs/measurements.md says how to send less.
        self.assert_agrees(influx.url, "--metrics", "lxc_cpu", fails="delivery .*max-series-per-database limit exceeded")

    def test_fakes(self):
        for answer in (error_answer(400, "partial write: max-values-per-tag limit exceeded (1/1) dropped=1"),
                       error_answer(500, "partial write: points beyond retention policy dropped=1")):
            for is_late in (False, True):
                with self.subTest(answer, is_late=is_late):
                    # The empty write is answered as InfluxDB does, or as the others.
                    server = RecordingServer()
                    self.addCleanup(server.close)
                    server.answer = lambda request, answer=answer, is_late=is_late: (
                        answer if request.body or not is_late else (204, {}, b""))
                    for selection in ((), ("--metrics", "lxc_cpu")):
                        checked = self.run_agent("check", "--influx-url", server.url, *selection)
                        self.assertEqual(checked.returncode, 1, checked)
                        self.assertRegex(checked.stdout, "(?m)^FAIL  (delivery|server) .*partial write: ")

    def test_victoria_metrics(self):
        server = VictoriaMetrics(self.workspace, "vm-of-check").start()
        self.addCleanup(server.stop)
        self.assert_agrees(server.url)


class Cgroups(CheckCase):
    # As with cgroup_disable=memory: v1 has no hierarchy for it, v2 does not list it.
    WITHOUT_MEMORY = """
        if [ -d /sys/fs/cgroup/memory ]; then umount /sys/fs/cgroup/memory
        else sed "s/memory//" /sys/fs/cgroup/cgroup.controllers >"$0" && mount --bind "$0" /sys/fs/cgroup/cgroup.controllers
        fi && exec "$@"
    """

    def test_the_memory_controller_is_off(self):
        prefix = ("unshare", "--mount", "sh", "-c", self.WITHOUT_MEMORY, str(self.path("controllers")))
        arguments = ("--json-file", self.path("p.jsonl"))
        message = "the memory controller is off, and lxc_memory is left out: boot the kernel with cgroup_enable=memory"
        self.assertRegex(self.run_agent("check", *arguments, env=NO_SPOOL).stdout, r"(?m)^ok    cgroups     [a-z0-9]+$")
        result = self.run_agent("check", *arguments, prefix=prefix, env=NO_SPOOL)
        self.assertEqual(result.returncode, 1, result)
        self.assertRegex(result.stdout, f"(?m)^FAIL  cgroups     (v1|v2|hybrid); {message}")
        self.assertEqual(result.stdout.count("FAIL"), 1, result.stdout)
        result = self.run_agent("check", *arguments, "--metrics", "!lxc_memory", prefix=prefix, env=NO_SPOOL)
        self.assertEqual(result.returncode, 0, result)
        # The agent says it once; the other figures are there.
        agent = self.start_agent("--dry-run", "--interval", "500ms", prefix=prefix)
        agent.wait_for(lambda: agent.stdout.count("lxc_cpu,") >= 3, 20, "three samples")
        self.assertNotIn("lxc_memory,", agent.stdout)
        self.assertEqual(agent.stderr.count(message), 1, agent.stderr)


class Settings(CheckCase):
    def test_globs_that_leave_no_container(self):
        for arguments, expected in ((("--include", "it-chekc"), "--include matches no container"),
                                    (("--exclude", "*"), "--exclude leaves no container")):
            result = self.run_agent("check", "--json-file", self.path("p.jsonl"), *arguments, env=NO_SPOOL)
            self.assertEqual(result.returncode, 1, result)
            self.assertIn(f"FAIL  containers  {expected}; lxcmon-push list", result.stdout)
        result = self.run_agent("check", "--json-file", self.path("p.jsonl"), "--include", "it-ch*", env=NO_SPOOL)
        self.assertEqual(result.returncode, 0, result)

    def test_a_spool_that_can_not_be_made(self):
        influx = self.own_influxd()
        influx.execute("CREATE DATABASE lxc")
        for folder in ("/proc/spool", self.file("a-file") / "spool", self.path("missing") / "spool"):
            with self.subTest(folder):
                result = self.run_agent("check", "--influx-url", influx.url, "--spool-dir", folder)
                self.assertEqual(result.returncode, 1, result)
                self.assertRegex(result.stdout, "(?m)^FAIL  spool ")
        folder = self.path("will-be-made")
        self.assertEqual(self.run_agent("check", "--influx-url", influx.url, "--spool-dir", folder).returncode, 0)
        self.assertFalse(folder.exists(), "check leaves nothing")

    def test_options_without_effect(self):
        result = self.run_agent("check", "--influx-db", "d", "--json-file", self.path("p.jsonl"), "--log-keep", "3", "--once", env=NO_SPOOL)
        self.assertEqual(result.returncode, 1, result)
        self.assertEqual([line.split(None, 2)[2].split(":")[0] for line in result.stdout.splitlines() if line.startswith("FAIL")],
                         ["--influx-db has no effect", "--log-keep has no effect", "--once and --dry-run have no effect"])

    def test_text_of_others_does_not_reach_the_terminal(self):
        """The message about an lxcpath may be a user's liblxc's; a path shows it as well."""
        result = self.run_agent("check", "--json-file", "/no\033]0;x\a/p.jsonl", "--lxcpath", "/no\033[1m\r\x9b", env=NO_SPOOL)
        self.assertEqual(result.returncode, 1, result)
        self.assertRegex(result.stdout, r"(?m)^FAIL  liblxc .*/no_\[1m___: No such file")
        self.assertRegex(result.stdout, r"(?m)^FAIL  file .*/no_\]0;x_")
        self.assertEqual([each for each in result.stdout if not each.isprintable() and each != "\n"], [])

    def test_offline(self):
        """No network, no containers, no rights: for a settings file in CI."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name).chmod(0o755)
        settings = Path(folder.name) / "it.toml"
        settings.write_text('influx-url = "http://nowhere.invalid"\nspool-dir = "/no/such/folder/spool"\nlxcpath = "/no/such"\n')
        settings.chmod(0o644)
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "--user", "--net")
        result = program.run("check", "--offline", "--config", settings, prefix=nobody, env=NO_SPOOL)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result)
        self.assertEqual(result.stdout, f"ok    settings    valid, with {settings}, 0 files in conf.d\n")
        settings.write_text(settings.read_text() + 'json-keep = 3\n')
        result = program.run("check", "--offline", "--config", settings, env=NO_SPOOL)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("FAIL  settings    ", result.stdout)
        settings.write_text('json-keep = "many"\n')
        self.assertEqual(program.run("check", "--offline", "--config", settings).returncode, 2)


if __name__ == "__main__":
    unittest.main()
