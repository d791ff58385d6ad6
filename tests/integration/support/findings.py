# SPDX-License-Identifier: GPL-2.0-or-later
"""A build with sanitizers (LXCMONTEST_SANITIZED): its findings go to files, because helpers have no standard error."""

import os
import tempfile
from pathlib import Path

SANITIZED = "LXCMONTEST_SANITIZED" in os.environ


def sanitizer_environment(is_traced):
    """The check for leaks at the end is a tracer itself, and fails under strace(1)."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"ASAN_OPTIONS": options + ":detect_leaks=0" * is_traced} if SANITIZED else {}


class Findings:
    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="lxcmon-findings-")
        if SANITIZED:
            os.chmod(self._folder.name, 0o1777)  # the helper for a user's lxcpath is that user's
            os.environ["ASAN_OPTIONS"] = f"log_path={self._folder.name}/finding"
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def texts(self):
        return [path.read_text(errors="replace") for path in Path(self._folder.name).iterdir()]
