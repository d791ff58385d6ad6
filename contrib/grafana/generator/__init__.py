# SPDX-License-Identifier: GPL-2.0-or-later
"""Generates the dashboards and alert rules in InfluxQL and Flux from one description."""
