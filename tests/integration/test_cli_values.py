# SPDX-License-Identifier: GPL-2.0-or-later
"""Values that people write, on the real program: what is taken, what is refused, and where a path leads."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from support import agent as program
from support.case import LabCase
from support.influx import free_port

# Own mounts: the real /var/lib stays as it is.
EMPTY_STATE = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /var/lib && "$@"; code=$?; find /var/lib -printf "%y %m %p\\n" '
               '>&2; exit $code', "sh")


class ValuesCase(LabCase):
    def folder_of_settings(self, text):
        """A settings file in a folder of its own."""
        folder = self.path("settings")
        folder.mkdir()
        path = folder / "it.toml"
        path.write_text(text)
        path.chmod(0o600)
        return folder, path

    def run_in(self, folder, *arguments):
        return subprocess.run([program.binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=120, check=False,
                              env=program.clean_environment(self.path("spool")))


class Forms(ValuesCase):
    def test_the_forms_of_other_programs_are_taken_everywhere(self):
        forms = {"interval": "1m30s", "spool-max-size": "1G", "log-level": "INFO", "influx-gzip": "TRUE", "influx-create-db": "yes",
                 "no-host": "Yes", "influx-api": "V1"}
        every = ("--lxcpath", self.lab.lxcpath, "--once", "--json-file", "-")
        file = self.file("it.toml", "".join(f'{name} = "{value}"\n' for name, value in forms.items()))
        for arguments, env in ((tuple(f"--{name}={value}" for name, value in forms.items()), {}),
                               ((), {f"LXCMON_{name.upper().replace('-', '_')}": value for name, value in forms.items()}),
                               (("--config", file), {})):
            with self.subTest(arguments, env=env):
                result = program.run(*every, *arguments, env=env)
                self.assertEqual(result.returncode, 0, result.stderr)
                names = {json.loads(line)["name"] for line in result.stdout.splitlines()}
                self.assertEqual([name for name in names if name.startswith("host_")], [], "no-host is on")

    def test_what_can_not_be_meant_is_refused(self):
        for option, value, expected in (("--spool-max-size", "5", "is too small; expected at least 16KiB"),
                                        ("--json-max-size", "5", "is too small; expected at least 1KiB"),
                                        ("--include", "[", "has a [ without its ]"),
                                        ("--net-include", "eth0,eth1", "has a comma"),
                                        ("--exclude", "web1 web2", "has a blank"),
                                        ("--send-jitter", "20s", "is longer than the time between two samples")):
            with self.subTest(option):
                result = program.run("--once", "--json-file", "-", option, value)
                self.assertEqual((result.returncode, result.stdout, len(result.error_lines())), (2, "", 1), result)
                self.assertIn(f"{option}: '{value}' {expected}", result.stderr)


class Paths(ValuesCase):
    def test_a_path_of_a_settings_file_begins_in_its_folder(self):
        folder, file = self.folder_of_settings('json-file = "points.jsonl"\nlog-file = "agent.log"\ninflux-token-file = "token"\n'
                                               f'lxcpath = "{os.path.relpath(self.lab.lxcpath, self.path("settings"))}"\n')
        (folder / "token").write_text("t0ken\n")
        (folder / "token").chmod(0o600)
        # From / as systemd starts it, and from a folder of a person's own.
        for start in ("/", self.path(".")):
            result = self.run_in(start, "--once", "--config", file)
            self.assertEqual((result.returncode, result.stderr), (0, ""), result)
        self.assertEqual(sorted(each.name for each in folder.iterdir()), ["agent.log", "it.toml", "points.jsonl", "token"])

    def test_a_path_of_the_command_line_begins_in_the_working_directory(self):
        folder = self.path("here")
        folder.mkdir()
        self.assertEqual(self.run_in(folder, "--once", "--json-file", "points.jsonl").returncode, 0)
        result = self.run_in(folder, "--once", "--spool-dir", "spool", "--influx-url", f"http://127.0.0.1:{free_port()}")
        self.assertIn("waiting in the spool", result.stderr)
        self.assertEqual({each.name for each in folder.iterdir()}, {"points.jsonl", "spool"})


    def test_a_working_directory_that_was_removed(self):
        folder = self.path("removed")
        folder.mkdir()
        remove_it = ("bash", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', folder)
        lxcpath = ("--lxcpath", self.lab.lxcpath)
        result = program.run("--once", *lxcpath, "--json-file", "points.jsonl", prefix=remove_it)
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("--json-file: 'points.jsonl' is a relative path, and the working directory no longer exists", result.stderr)
        folder.mkdir()
        file = self.path("points.jsonl")
        self.assertEqual(program.run("--once", *lxcpath, "--json-file", file, prefix=remove_it).returncode, 0)
        self.assertTrue(file.exists())


class Folders(ValuesCase):
    def assert_not_made(self, option, name, *arguments):
        top = self.path("vra")
        wanted = f"{top}/{name}: the folder {top} does not exist; correct {option}, or make that folder"
        for command in (("--once",), ("check",)):
            result = program.run(*command, "--lxcpath", self.lab.lxcpath, option, top / name, *arguments)
            self.assertEqual(result.returncode, 1, result)
            self.assertIn(wanted, result.stdout + result.stderr)
        self.assertFalse(top.exists(), "no new tree")

    def test_a_folder_with_a_typing_error_is_not_made(self):
        self.assert_not_made("--spool-dir", "spool", "--influx-url", f"http://127.0.0.1:{free_port()}")
        self.assert_not_made("--json-file", "points.jsonl")

    def test_the_default_folders_are_made(self):
        url = f"http://127.0.0.1:{free_port()}"
        spool = {"LXCMON_SPOOL_DIR": None}
        every = ("--once", "--lxcpath", self.lab.lxcpath)
        result = program.run(*every, env=spool, prefix=EMPTY_STATE)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("d 750 /var/lib/lxcmon-push\n", result.stderr)
        self.assertIn("f 640 /var/lib/lxcmon-push/lxcmon.jsonl\n", result.stderr)
        result = program.run(*every, "--influx-url", url, env=spool, prefix=EMPTY_STATE)
        self.assertIn("waiting in the spool", result.stderr)
        self.assertIn("d 700 /var/lib/lxcmon-push/spool\n", result.stderr)

    def test_the_folders_of_several_servers_are_made(self):
        spool = self.path("several")
        urls = [f"http://127.0.0.1:{free_port()}" for _ in range(3)]
        options = [word for url in urls for word in ("--influx-url", url)]
        result = program.run("--once", "--lxcpath", self.lab.lxcpath, "--spool-dir", spool, "--influx-mode", "all", *options)
        self.assertEqual(result.stderr.count("waiting in the spool"), 3, result.stderr)
        self.assertEqual(len([each for each in Path(spool).iterdir() if each.is_dir()]), 2)


if __name__ == "__main__":
    unittest.main()
