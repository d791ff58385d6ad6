# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line as a contract: exit codes, messages, precedence."""

import os
import re
import unittest
from pathlib import Path

from support import agent as program
from support.case import LabCase
from support.line_protocol import parse_lines

OPTIONS = """influx-url influx-db influx-user influx-password-file influx-token-file influx-org influx-bucket batch-size flush-interval
    queue-max-size json-file json-max-size json-keep lxcpath include exclude tag host interval once dry-run config log-level
    log-format log-file version help""".split()
SECRET = "s3cret-never-shown"

# Arguments, what the line must name, and a word of what is expected.
BAD_ARGUMENTS = (
    (("--no-such-option",), "--no-such-option", "unknown"),
    (("--no-such-option=5",), "--no-such-option", "unknown"),
    (("no-such-command",), "no-such-command", "unknown"),
    (("list", "--yaml"), "--yaml", "unknown"),
    (("--interval",), "--interval", "value|required|argument"),
    (("replay",), "FILE", "required"),
    (("import-config",), "FILE", "required"),
    (("import-config", "/no/such/monitor.yaml"), "/no/such/monitor.yaml", "expected the settings file of LXC Monitor"),
    (("--json-layout", "array"), "'array'", "expected.*lxc-monitor"),
    (("--interval", "abc"), "'abc'", "expected.*10s"),
    (("--interval", "10"), "'10'", "expected.*10s"),
    (("--interval", "-5s"), "'-5s'", "expected"),
    (("--interval", "0s"), "'0s'", "expected"),
    (("--interval", "10 parsecs"), "'10 parsecs'", "expected"),
    (("--interval", "1e400s"), "'1e400s'", "expected"),
    (("--flush-interval", "soon"), "'soon'", "expected"),
    (("--influx-url", "ftp://127.0.0.1"), "--influx-url", "expected.*http"),
    (("--influx-url", "127.0.0.1:8086"), "--influx-url", "expected.*http"),
    (("--influx-url", "http://"), "--influx-url", "expected"),
    (("--influx-url", "http://127.0.0.1:99999"), "--influx-url", "expected"),
    (("--influx-password-file", "/no/such/file"), "'/no/such/file'", "expected|No such file|read"),
    (("--influx-password-file", "/"), "'/'", "expected|directory|read"),
    (("--tag", "novalue"), "'novalue'", "expected.*="),
    (("--tag", "=value"), "'=value'", "expected"),
    (("--tag", "key="), "'key='", "expected"),
    (("--tag", "container=me"), "'container=me'", "expected|itself"),
    (("--config", "/no/such/config"), "/no/such/config", "expected|No such file|read"),
    (("--batch-size", "0"), "'0'", "1 to 5000"),
    (("--batch-size", "many"), "'many'", "1 to 5000"),
    (("--json-max-size", "huge"), "'huge'", "expected.*MiB"),
    (("--json-keep", "-1"), "'-1'", "0 to 1000"),
    (("--queue-max-size", "9 lives"), "'9 lives'", "expected"),
    (("--log-level", "loud"), "'loud'", "expected.*trace"),
    (("--log-format", "xml"), "'xml'", "expected.*json"),
    (("check", "--interval", "abc"), "'abc'", "expected"),
    (("list", "--interval", "abc"), "'abc'", "expected"),
    (("replay", "--dry-run", "/no/such/points.jsonl"), "/no/such/points.jsonl", "expected|No such file|read"),
)
BAD_ENVIRONMENT = (
    ("LXCMON_INTERVAL", "abc", "'abc'.*expected"),
    ("LXCMON_TAG", "a=b,novalue", "'novalue'.*expected"),
    ("LXCMON_BATCH_SIZE", "none", "'none'.*1 to 5000"),
    ("LXCMON_INFLUX_URL", "nonsense", "expected"),
    ("INFLUX_URL", "nonsense", "expected"),
    ("LXCMON_ONCE", "perhaps", "'perhaps'.*true"),
)
BAD_FILES = (
    ('no-such-key = "x"\n', "no-such-key", "unknown|not known"),
    ('interval = "abc"\n', "interval", "'abc'.*expected|expected.*'abc'"),
    ("[section]\nhost = \"x\"\n", "section", "unknown|not known|section"),
    ("interval = \n= =\n", "it.toml", "TOML|line|read|expected"),
    ('influx-url = "nonsense"\n', "influx-url", "expected"),
)


class CommandLineCase(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.container = cls.lab.add("it-cli")
        cls.lab.start_all([cls.container])

    def run_agent(self, *arguments, env=None, **more):
        return program.run(*self.arguments(*arguments), env=env, **more)

    def assert_refused(self, result, *patterns):
        self.assertEqual(result.returncode, 2, result)
        self.assertEqual(result.stdout, "")
        lines = result.error_lines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertTrue(lines[0].startswith("lxcmon-push: "), lines[0])
        for pattern in patterns:
            self.assertRegex(lines[0], pattern)
        return lines[0]


class Usage(CommandLineCase):
    def test_help_lists_every_option(self):
        result = program.run("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        missing = [name for name in OPTIONS if not re.search(rf"--{name}\b", result.stdout)]
        self.assertEqual(missing, [])
        for command in ("list", "check", "replay"):
            self.assertRegex(result.stdout, rf"(?m)^\s*{command}\b")

    def test_help_of_subcommands(self):
        for command in ("list", "check", "replay"):
            with self.subTest(command):
                result = program.run(command, "--help")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn(command, result.stdout)

    def test_version(self):
        wanted = re.search(r"version: '([^']+)'", (Path(__file__).parents[2] / "meson.build").read_text()).group(1)
        result = program.run("--version")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, f"lxcmon-push {wanted}\n", ""))

    def test_a_result_that_can_not_be_had_is_exit_1(self):
        result = self.run_agent("--once", "--json-file", "/proc/no-such-folder/points.jsonl")
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("/proc/no-such-folder/points.jsonl", result.stderr)


class BadInput(CommandLineCase):
    def test_arguments(self):
        for arguments, named, expected in BAD_ARGUMENTS:
            with self.subTest(arguments):
                patterns = [re.escape(named), expected]
                options = [word.split("=")[0] for word in arguments if word.startswith("--") and word != "--dry-run"]
                self.assert_refused(program.run(*arguments), *patterns, *map(re.escape, options))

    def test_environment(self):
        for name, value, expected in BAD_ENVIRONMENT:
            with self.subTest(name):
                # A value that does not say which variable it came from can't be found by whoever set it.
                self.assert_refused(program.run(env={name: value}), name, expected)

    def test_settings_file(self):
        for text, named, expected in BAD_FILES:
            with self.subTest(text):
                path = self.file("it.toml", text)
                self.assert_refused(program.run("--config", path), re.escape(named), expected, re.escape(str(path)))
                self.assert_refused(program.run(env={"LXCMON_CONFIG": str(path)}), re.escape(named), re.escape(str(path)))

    def test_a_url_with_credentials_is_refused_and_not_echoed(self):
        url = f"http://admin:{SECRET}@127.0.0.1:8086"
        path = self.file("it.toml", f'influx-url = "{url}"\n')
        for arguments, env in (((f"--influx-url={url}",), {}), ((), {"INFLUX_URL": url}), ((), {"LXCMON_INFLUX_URL": url}),
                               (("--config", path), {}), (("check", "--influx-url", url), {})):
            with self.subTest(arguments, env=env):
                line = self.assert_refused(program.run(*arguments, env=env), "influx-url", "influx-user|influx-password-file")
                self.assertNotIn(SECRET, line)

    def test_nothing_is_started(self):
        path = self.path("never.jsonl")
        self.assert_refused(self.run_agent("--json-file", path, "--log-file", self.path("never.log"), "--interval", "abc"))
        self.assertFalse(path.exists() or self.path("never.log").exists())


class Precedence(CommandLineCase):
    def host_of(self, *arguments, env=None):
        result = program.run("--once", "--dry-run", "--lxcpath", self.lab.lxcpath, *arguments, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        hosts = {point.tags["host"] for point in parse_lines(result.stdout)}
        self.assertEqual(len(hosts), 1)
        return hosts.pop()

    def test_command_line_environment_file_default(self):
        config = ("--config", self.file("it.toml", 'host = "of-file"\n'))
        env = {"LXCMON_HOST": "of-environment"}
        self.assertEqual(self.host_of("--host", "of-command-line", *config, env=env), "of-command-line")
        self.assertEqual(self.host_of(*config, env=env), "of-environment")
        self.assertEqual(self.host_of(*config), "of-file")
        self.assertEqual(self.host_of(env={"LXCMON_CONFIG": str(config[1])}), "of-file")
        self.assertEqual(self.host_of(), os.uname().nodename)

    def tags_of(self, *arguments, env=None):
        result = program.run("--once", "--dry-run", *arguments, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        points = [point for point in parse_lines(result.stdout) if point.measurement == "lxc_state"]
        self.assertEqual([point.tags["container"] for point in points], ["it-cli"])
        return {key: value for key, value in points[0].tags.items() if key not in ("container", "host")}

    def test_lists(self):
        text = f'lxcpath = ["{self.lab.lxcpath}"]\ntag = ["rack=7", "site=a b"]\n'
        config = ("--config", self.file("it.toml", text))
        self.assertEqual(self.tags_of(*config), {"rack": "7", "site": "a b"})
        self.assertEqual(self.tags_of(*config, env={"LXCMON_TAG": "one=1,two=2"}), {"one": "1", "two": "2"})
        self.assertEqual(self.tags_of(*config, "--tag", "x=1", "--tag", "y=2"), {"x": "1", "y": "2"})
        path = str(self.lab.lxcpath)
        self.assertEqual(self.tags_of(env={"LXCMON_LXCPATH": path, "LXCMON_ONCE": "true", "LXCMON_DRY_RUN": "true"}), {})

    def test_standard_names_of_influxdb(self):
        influx = self.start_influxd(name="influxd-of-precedence")
        nowhere = "http://127.0.0.1:9"
        result = self.run_agent("--once", "--influx-db", "standard", env={"INFLUX_URL": influx.url})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(influx.rows("lxc_cpu", db="standard", container="it-cli"))
        own = {"INFLUX_URL": nowhere, "LXCMON_INFLUX_URL": influx.url, "LXCMON_INFLUX_DB": "own"}
        self.assertEqual(self.run_agent("--once", env=own).returncode, 0)
        self.assertTrue(influx.rows("lxc_cpu", db="own", container="it-cli"))

    def test_include_and_exclude(self):
        self.started(self.lab.add("it-web-1"), self.lab.add("it-web-2"), self.lab.add("it-db-1"))

        def names(*arguments):
            points = parse_lines(self.run_agent("--once", "--dry-run", *arguments).stdout)
            return {point.tags["container"] for point in points if "container" in point.tags}
        self.assertEqual(names("--include", "it-web-*"), {"it-web-1", "it-web-2"})
        self.assertEqual(names("--include", "it-web-*", "--include", "it-db-?"), {"it-web-1", "it-web-2", "it-db-1"})
        self.assertEqual(names("--exclude", "*-1"), {"it-web-2", "it-cli"})
        self.assertEqual(names("--include", "it-[wd]*", "--exclude", "*-2"), {"it-web-1", "it-db-1"})


class NotRoot(CommandLineCase):
    def test_a_clear_line_names_what_is_missing(self):
        result = self.run_agent("--once", "--dry-run", prefix=("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"))
        self.assertIn(result.returncode, (0, 1), result)
        self.assertRegex(result.stderr, "(?i)root|CAP_")
        self.assertLessEqual(len(result.error_lines()), 6, result.stderr)


if __name__ == "__main__":
    unittest.main()
