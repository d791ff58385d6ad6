# SPDX-License-Identifier: GPL-2.0-or-later
"""What the integration tests stand on: real containers, a real influxd, the agent and a second source."""
