# SPDX-License-Identifier: GPL-2.0-or-later
"""Wait for a condition with a deadline; the tests never sleep for a guessed time."""

import time

POLL_SECONDS = 0.02
# The times of waits are for a machine that has nothing else to do. A busy one has so many times as long: they only bound a failure.
PATIENCE = 5


class DeadlineMissed(AssertionError):
    """The condition did not come true in time."""


def wait_until(condition, timeout=15.0, what="the condition", describe=None):
    """Calls `condition` until it returns something true, and returns that.

    `describe`, when given, is called for the text of the failure."""
    deadline = time.monotonic() + PATIENCE * timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            seen = f"; seen: {describe()}" if describe else ""
            raise DeadlineMissed(f"waited {PATIENCE * timeout:g} s for {what}{seen}")
        time.sleep(POLL_SECONDS)


def wait_for_time(moment_ns, timeout=30.0):
    """Waits until the wall clock has passed `moment_ns`."""
    wait_until(lambda: time.time_ns() > moment_ns, timeout, "the wall clock to pass a moment")
