# SPDX-License-Identifier: GPL-2.0-or-later
"""Secrets on the command line, in files and in memory: shown nowhere, and refused if other users can read them."""

import os
import re
import subprocess
import unittest
from pathlib import Path

from support import agent as program
from support.case import wait_for_rows
from support.influx import ADMIN
from support.recording_server import RecordingServer
from support.waiting import wait_until
from test_cli import SECRET, CommandLineCase


class Secrets(CommandLineCase):
    def assert_nowhere(self, secret, agent):
        seen = [Path(f"/proc/{pid}/{name}").read_bytes() for pid in agent.process_tree() for name in ("cmdline", "environ")]
        self.assertFalse([text for text in seen if secret.encode() in text], "in /proc/PID/cmdline or environ")
        result = agent.stop()
        self.assertNotIn(secret, result.stdout + result.stderr)
        self.assertGreater(len(result.stderr), 200, "at level trace the log must have said something")

    def test_the_password_is_not_shown(self):
        influx = self.start_influxd(auth=True, name="influxd-of-secrets")
        for password, works in ((ADMIN[1], True), (SECRET, False)):
            with self.subTest(works=works):
                agent = self.start_agent("--interval", "200ms", "--log-level", "trace", "--influx-url", influx.url, "--influx-user",
                                         ADMIN[0], "--influx-password-file", self.file("password", f"{password}\n"))
                if works:
                    wait_for_rows(influx, agent, 2, "lxc_cpu")
                else:
                    agent.wait_for(lambda agent=agent: "HTTP 401" in agent.stderr, what="401 in the log")
                self.assert_nowhere(password, agent)

    def test_nor_the_token(self):
        agent = self.start_agent("--interval", "200ms", "--log-level", "trace", "--influx-url", "http://127.0.0.1:9", "--influx-org",
                                 "org", "--influx-bucket", "bucket", "--influx-token-file", self.file("token", f"{SECRET}\n"))
        agent.wait_for(lambda: "127.0.0.1:9" in agent.stderr, what="the failed delivery in the log")
        self.assert_nowhere(SECRET, agent)

    def test_a_header_is_hidden_from_ps(self):
        server = "http://127.0.0.1:9"
        for arguments in (("--influx-header", f"X-Key: {SECRET}"), (f"--influx-header=X-Key: {SECRET}",)):
            with self.subTest(arguments):
                agent = self.start_agent("--interval", "200ms", "--log-level", "trace", "--influx-url", server, *arguments)
                agent.wait_for(lambda agent=agent: "127.0.0.1:9" in agent.stderr, what="the failed delivery in the log")
                self.assert_nowhere(SECRET, agent)

    def test_a_file_that_others_can_read_is_refused(self):
        token = self.file("token", f"{SECRET}\n")
        settings = self.file("it.toml", f'influx-header = "X-Key: {SECRET}"\n')
        for arguments, path in ((("--influx-token-file", token), token), (("--config", settings), settings)):
            with self.subTest(arguments):
                path.chmod(0o644)
                line = self.assert_refused(program.run("list", *arguments), re.escape(str(path)), f"run: chmod 600 {path}",
                                           "--allow-readable-secrets")
                self.assertNotIn(SECRET, line)
                allowed = self.run_agent("list", *arguments, "--allow-readable-secrets")
                self.assertEqual(allowed.returncode, 0, allowed.stderr)
                path.chmod(0o640)
                self.assertEqual(self.run_agent("list", *arguments).returncode, 0)
                path.chmod(0o600)
                os.chown(path, 65534, 0)
                self.assert_refused(program.run("list", *arguments), "belongs to the user 65534", "run: chown root")

    def test_a_pipe_as_settings_file_is_refused_and_not_waited_for(self):
        for name in ("pipe.toml", "token"):
            os.mkfifo(self.path(name))
        self.assert_refused(program.run("--config", self.path("pipe.toml"), timeout=20), "is a pipe, expected a regular file")
        self.assert_refused(program.run("--influx-token-file", self.path("token"), timeout=20), "is a pipe")

    def test_no_core_dump(self):
        agent = self.start_agent("--interval", "200ms", "--log-level", "debug", "--json-file", self.path("points.jsonl"),
                                 prefix=("prlimit", "--core=unlimited"))
        agent.wait_for(lambda: " tick " in agent.stderr, what="a tick")
        for pid in agent.process_tree():
            self.assertRegex(Path(f"/proc/{pid}/limits").read_text(), r"Max core file size +0 +0 ")
        agent.stop()

    def test_the_memory_is_closed_to_other_processes_of_the_user(self):
        """/proc/PID/mem of a process that is not dumpable belongs to root."""
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program.binary(), "replay", "--dry-run", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, env={"PATH": "/usr/bin"}) as process:
            folder = Path(f"/proc/{process.pid}")
            wait_until(lambda: folder.joinpath("comm").read_text() == "lxcmon-push\n", what="the program")
            wait_until(lambda: folder.joinpath("mem").stat().st_uid == 0, what="a process that is not dumpable")
            self.assertIn("65534", re.search(r"Uid:.*", folder.joinpath("status").read_text()).group())
            process.stdin.close()

    def test_the_service_manager_s_credentials(self):
        folder = self.path("credentials")
        folder.mkdir(mode=0o500)
        folder.joinpath("influx_token").write_text(f"\ufeff {SECRET} \r\n")
        server = RecordingServer()
        self.addCleanup(server.close)
        result = self.run_agent("--once", "--influx-url", server.url, env={"CREDENTIALS_DIRECTORY": str(folder)})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({request.headers["authorization"] for request in server.writes()}, {f"Token {SECRET}"})


if __name__ == "__main__":
    unittest.main()
