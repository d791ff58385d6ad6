# SPDX-License-Identifier: GPL-2.0-or-later
"""The version: meson.build, debian/changelog and NEWS.md agree, and contrib/dev/release.sh makes the files of a release of a small tree with
this project's names, signed with a key that is thrown away."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from repository import ROOT, files

sys.path.insert(0, str(ROOT / "contrib/dev"))
sys.dont_write_bytecode = True

from release_state import problems  # pylint: disable=wrong-import-position

ADDRESS = "release-test@example.org"
NEWS = "# News\n\n## {version}, {date}\n\n- The newest change.\n\n## 0.1.0, 2026-01-02\n\n- An older change.\n"
CHANGELOG = """lxcmon-push ({version}) {distribution}; urgency=medium

  * A version.

 -- A <a@example.org>  {date}

lxcmon-push (0.1.0) unstable; urgency=medium

  * First version.

 -- A <a@example.org>  Fri, 02 Jan 2026 04:00:00 +0000
"""


class Tree(unittest.TestCase):
    """What a release takes of this tree, in a repository of its own, with two versions in NEWS.md and debian/changelog."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.tree = self.folder / "tree"
        for name in files():
            if name.startswith(("contrib/dev/", "debian/")):
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.tree / name)
        self.write()

    def write(self, built="0.2.0", news="0.2.0", changelog="0.2.0", news_date="2026-02-03", distribution="unstable",
              changelog_date="Tue, 03 Feb 2026 04:00:00 +0000"):
        (self.tree / "meson.build").write_text(f"project('lxcmon-push', 'cpp',\n  version: '{built}',\n")
        (self.tree / "NEWS.md").write_text(NEWS.format(version=news, date=news_date))
        (self.tree / "debian/changelog").write_text(
            CHANGELOG.format(version=changelog, distribution=distribution, date=changelog_date))

    def run_in(self, folder, *command, code=0, **environment):
        result = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, code, f"{command}:\n{result.stdout}{result.stderr}")
        return result.stdout + result.stderr


class Version(Tree):
    def test_of_this_tree(self):
        self.assertEqual(problems(), [])

    def test_agreement(self):
        self.assertEqual(problems(self.tree), [])
        self.write(news_date="not released yet", distribution="UNRELEASED")
        self.assertEqual(problems(self.tree), [])

    def test_disagreement(self):
        for words, change in {
                "meson.build has version 0.3.0, and NEWS.md begins with 0.2.0": {"built": "0.3.0"},
                "debian/changelog begins with 0.2.1": {"changelog": "0.2.1"},
                "NEWS.md begins with 0.2.1": {"news": "0.2.1"},
                "NEWS.md says 2026-02-04, and debian/changelog 2026-02-03": {"news_date": "2026-02-04"},
                "NEWS.md says 2026-02-03, and debian/changelog 2026-02-04": {"changelog_date": "Wed, 04 Feb 2026 04:00:00 +0000"},
                "NEWS.md says not released yet, and debian/changelog 2026-02-03": {"news_date": "not released yet"},
                "NEWS.md says 2026-02-03, and debian/changelog UNRELEASED": {"distribution": "UNRELEASED"},
                "'soon' is neither a date": {"news_date": "soon"}}.items():
            with self.subTest(words):
                self.write(**change)
                self.assertIn(words, "\n".join(problems(self.tree)))


class Release(Tree):
    def setUp(self):
        super().setUp()
        self.key_ring = self.folder / "keys"
        self.key_ring.mkdir(mode=0o700)
        self.addCleanup(subprocess.run, ["gpgconf", "--homedir", self.key_ring, "--kill", "all"], check=False)
        self.run_in(self.folder, "gpg", "--batch", "--homedir", self.key_ring, "--passphrase", "", "--quick-generate-key", ADDRESS, "ed25519",
                    "sign", "never")
        (self.tree / "secret-notes").write_text("ignored by git\n")
        (self.tree / ".gitignore").write_text("secret-notes\n")
        for release in ("bookworm", "trixie"):
            for name in ("lxcmon-push", "lxcmon-push-dbgsym"):
                self.make_deb(release, name, "0.2.0")
        self.git("init", "-q")
        self.commit()
        self.out = self.folder / "out"

    def git(self, *arguments):
        return self.run_in(self.tree, "git", "-c", "user.name=a", "-c", f"user.email={ADDRESS}", *arguments)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "-q", "--no-verify", "--message", "A version")

    def make_deb(self, release, name, version):
        package = self.folder / "package"
        (package / "DEBIAN").mkdir(parents=True, exist_ok=True)
        (package / "DEBIAN/control").write_text(f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
                                                f"Maintainer: a <{ADDRESS}>\nDescription: stand-in of {release}\n")
        (self.folder / "debs" / release).mkdir(parents=True, exist_ok=True)
        self.run_in(self.folder, "dpkg-deb", "--root-owner-group", "-b", package,
                    self.folder / "debs" / release / f"{name}_0.2.0_amd64.deb")

    def release(self, *arguments, code=0):
        return self.run_in(self.folder, self.tree / "contrib/dev/release.sh", "--key", ADDRESS, "--debs", "debs", *arguments, self.out,
                           code=code, GNUPGHOME=str(self.key_ring))

    def verify(self, name, *signed):
        self.run_in(self.out, "gpg", "--homedir", self.key_ring, "--batch", "--verify", name, *signed)

    def test_files(self):
        self.release()
        debs = [f"{name}_0.2.0_{release}_amd64.deb" for release in ("bookworm", "trixie") for name in ("lxcmon-push", "lxcmon-push-dbgsym")]
        source = ["lxcmon-push_0.2.0.dsc", "lxcmon-push_0.2.0.tar.xz", "lxcmon-push_0.2.0_source.buildinfo", "lxcmon-push_0.2.0_source.changes"]
        present = {path.name for path in self.out.iterdir()}
        self.assertEqual(present, {*debs, *source, "release-notes.md", "SHA256SUMS", "SHA256SUMS.asc"})
        self.verify("SHA256SUMS.asc", "SHA256SUMS")
        self.verify("lxcmon-push_0.2.0.dsc")
        self.verify("lxcmon-push_0.2.0_source.changes")
        self.run_in(self.out, "sha256sum", "--check", "--strict", "SHA256SUMS")
        summed = {line.split()[1] for line in (self.out / "SHA256SUMS").read_text().splitlines()}
        self.assertEqual(summed, present - {"SHA256SUMS", "SHA256SUMS.asc"})
        for deb in debs:
            self.assertIn("stand-in of " + deb.split("_")[2], self.run_in(self.out, "dpkg-deb", "--field", deb, "Description"))
        notes = (self.out / "release-notes.md").read_text()
        self.assertIn("- The newest change.", notes)
        self.assertNotIn("older", notes)
        self.assertIn(self.git("rev-parse", "HEAD").strip(), notes)
        self.assert_source()

    def assert_source(self):
        """What is committed, and nothing else."""
        self.run_in(self.out, "dpkg-source", "--no-check", "-x", "lxcmon-push_0.2.0.dsc", self.folder / "unpacked")
        unpacked = {str(path.relative_to(self.folder / "unpacked")) for path in (self.folder / "unpacked").rglob("*") if path.is_file()}
        self.assertEqual(unpacked, set(self.git("ls-files").split()) - {".gitignore"})
        self.assertRegex((self.out / "lxcmon-push_0.2.0.dsc").read_text(), r"(?m)^Homepage: https://[\s\S]*^Vcs-Git: https://")

    def test_refusals(self):
        """Each before anything is made."""
        (self.tree / "NEWS.md").write_text("# changed\n")
        self.assertIn("changes that are in no commit", self.release(code=1))
        self.write(news_date="not released yet", distribution="UNRELEASED")
        self.commit()
        self.assertIn("0.2.0 is not released", self.release(code=1))
        self.write(news_date="2026-02-04")
        self.commit()
        self.assertIn("NEWS.md says 2026-02-04, and debian/changelog 2026-02-03", self.release(code=1))
        self.write()
        self.commit()
        self.assertIn("no secret key nobody@example.org", self.release("--key", "nobody@example.org", code=1))
        self.out.mkdir(exist_ok=True)
        self.assertEqual(list(self.out.iterdir()), [])
        self.make_deb("trixie", "lxcmon-push", "0.1.9")
        self.assertIn("is not of version 0.2.0", self.release(code=1))
        self.assertIn("is not empty", self.release(code=1))


if __name__ == "__main__":
    unittest.main()
