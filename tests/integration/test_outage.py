# SPDX-License-Identifier: GPL-2.0-or-later
"""A long outage with a hundred containers, scaled down: as many ticks as 50 minutes at 10 s, in 60 s. LXCMONTEST_OUTAGE_SECONDS is how
long."""

import os
import time
import unittest

from support.delivery_case import DeliveryCase
from support.influx import Influxd

SECONDS = float(os.environ.get("LXCMONTEST_OUTAGE_SECONDS", "60"))
TICKS = int(SECONDS * 5 * 0.9)
MEMORY_LIMIT_KIB = 64 * 1024


class LongOutage(DeliveryCase):
    container_count = 100

    def test_it_drains_with_the_original_times_in_little_memory(self):
        influx = Influxd(self.workspace, name="influxd-of-a-long-outage")
        self.addCleanup(influx.stop)
        agent = self.deliver_to(influx.url)
        spool = self.spool(agent)
        outage = self.wait_for_ticks(agent, TICKS, SECONDS * 4)
        agent.wait_for(lambda: outage[-1] in spool.newest_times(), 5, "the last tick in the spool")
        size, in_outage_kib = spool.size(), agent.peak_memory_kib()
        begin = time.monotonic()
        influx.start()
        agent.wait_for(lambda: not spool.segments(), 300, "an empty spool")
        seconds, peak_kib = time.monotonic() - begin, agent.peak_memory_kib()
        self.stopped(agent)
        self.assert_in_influx(influx, agent.stderr)
        print(f"     {len(outage)} ticks of {len(self.containers)} containers: {size} bytes on disk, drained in {seconds:.1f} s; "
              f"most memory {in_outage_kib} KiB in the outage, {peak_kib} KiB with the draining", flush=True)
        self.assertLess(peak_kib, MEMORY_LIMIT_KIB)
        self.assertEqual(spool.rejected(), [])


if __name__ == "__main__":
    unittest.main()
