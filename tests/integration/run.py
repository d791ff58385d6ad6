#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the integration tests: all, or those that the arguments name.

    run.py [-v] [FILE | CLASS | CLASS.TEST ...]     for example: run.py cli, run.py Cpu, run.py Cpu.test_a_busy_container

LXCMONTEST_PUSH_BINARY names the program under test. Needs root: the containers and servers are real."""

import faulthandler
import os
import signal
import sys
import time
import traceback
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
sys.path.insert(0, str(FOLDER.parent / "support"))
sys.dont_write_bytecode = True

from support.findings import Findings  # pylint: disable=wrong-import-position


class PrintingResult(unittest.TestResult):
    """A line for each test as it ends."""

    def __init__(self):
        super().__init__()
        self.failed = set()
        self._begin = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        word = "FAIL" if test.id() in self.failed else "ok"
        print(f"{word:4} {test.id()} ({time.monotonic() - self._begin:.1f} s)", flush=True)

    def _fail(self, test, error):
        # A failure outside any test (of a class's setUp) counts as one failed test.
        if test.id() not in self.failed and not isinstance(test, unittest.TestCase):
            self.testsRun += 1
            print(f"FAIL {test.id()}", flush=True)
        self.failed.add(test.id())
        print("".join(traceback.format_exception(*error)), file=sys.stderr, flush=True)

    def addError(self, test, err):
        self._fail(test, err)

    def addFailure(self, test, err):
        self._fail(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            print(f"     in {subtest}", file=sys.stderr)
            self._fail(test, err)

    def addSkip(self, test, reason):
        print(f"FAIL {test.id()} was skipped ({reason}); no test may be", flush=True)
        self.failed.add(test.id())


def all_tests(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from all_tests(item)
        else:
            yield item


def chosen(test, words):
    file, *names = test.id().split(".")
    subject = file.removeprefix("test_")
    return not words or any(word in (file, subject, f"{file}.py", names[0], ".".join(names)) or subject.startswith(f"{word}_")
                            for word in words)


def load(words):
    loader = unittest.TestLoader()
    tests = []
    for path in sorted(FOLDER.glob("test_*.py")):
        tests.extend(test for test in all_tests(loader.loadTestsFromName(path.stem)) if chosen(test, words))
    if loader.errors:
        sys.exit("\n".join(loader.errors))
    return tests


def main(arguments):
    faulthandler.register(signal.SIGUSR1)
    # A run that is ended from outside still takes its containers away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        sys.exit("the integration tests need root: they start containers")
    words = [word for word in arguments if not word.startswith("-")]
    tests = load(words)
    if not tests:
        sys.exit(f"no test is called {' '.join(words)}")
    result = PrintingResult()
    with Findings() as findings:
        unittest.TestSuite(tests).run(result)
        texts = findings.texts()
    for text in texts:
        print(text, file=sys.stderr, flush=True)
    failed = len(result.failed) + len(texts)
    print(f"Ran {result.testsRun} tests, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
