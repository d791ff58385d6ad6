# SPDX-License-Identifier: GPL-2.0-or-later
"""A real InfluxDB for points that a test makes, and the moment that is `now` for all of them."""

import time
import unittest

from .influx import Influxd
from .workspace import Workspace


class InfluxCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.influx = Influxd(cls.workspace)
        cls.addClassCleanup(cls.influx.stop)
        cls.influx.start()
        cls.now_ns = time.time_ns()
