# SPDX-License-Identifier: GPL-2.0-or-later
"""A build with sanitizers (LXCMONTEST_SANITIZED): its findings go to files, because helpers have no standard error."""

import os
import tempfile
from pathlib import Path

SANITIZED = "LXCMONTEST_SANITIZED" in os.environ
LEAKS_OF_LIBRARIES = Path(__file__).with_name("leaks_of_libraries.txt")


def sanitizer_environment(is_traced):
    """The check for leaks at the end is a tracer itself, and fails under strace(1)."""
    options = os.environ.get("ASAN_OPTIONS", "")
    if not SANITIZED:
        return {}
    return {"ASAN_OPTIONS": options + ":detect_leaks=0" * is_traced, "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", "")}


class Findings:
    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="lxcmon-findings-")
        if SANITIZED:
            os.chmod(self._folder.name, 0o1777)  # the helper for a user's lxcpath is that user's
            os.environ["ASAN_OPTIONS"] = f"log_path={self._folder.name}/finding"
            os.environ["LSAN_OPTIONS"] = f"print_suppressions=0:suppressions={LEAKS_OF_LIBRARIES}"
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def texts(self):
        return [path.read_text(errors="replace") for path in Path(self._folder.name).iterdir()]
