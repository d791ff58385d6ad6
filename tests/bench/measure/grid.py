# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent ticks at whole multiples of the interval of the wall clock; what is measured is read in the middle between two ticks."""

import time

NSEC = 1_000_000_000


class Grid:
    def __init__(self, interval_ns):
        self.interval_ns = interval_ns

    def next_middle(self):
        """Sleeps to the next middle between two ticks. Returns the time of the tick before it."""
        half = self.interval_ns // 2
        tick_ns = (time.time_ns() - half) // self.interval_ns * self.interval_ns + self.interval_ns
        time.sleep(max(tick_ns + half - time.time_ns(), 0) / NSEC)
        return tick_ns

    def skip(self, ticks):
        """Lets so many ticks pass, and stops in the middle behind the last one; returns its time."""
        last_ns = 0
        for _ in range(ticks):
            last_ns = self.next_middle()
        return last_ns
