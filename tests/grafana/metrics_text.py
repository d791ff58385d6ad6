# SPDX-License-Identifier: GPL-2.0-or-later
"""Points in line protocol as Prometheus has them after scrapes of the agent: the same names, units and states, with times."""

import functools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "contrib/grafana"))

from generator.panels import STATES  # noqa: E402
from generator.promql import SCRAPED  # noqa: E402

END = "# EOF\n"


@functools.cache
def metric_of(measurement, field):
    """Its name, and what one of the field's unit is in the metric's."""
    return SCRAPED.name(measurement, field), 1 / SCRAPED.unit(measurement, field)


@functools.cache
def labels_of(series):
    """The measurement, and the text of the tags as labels."""
    measurement, *tags = series.split(",")
    pairs = (tag.split("=") for tag in tags)
    return measurement, ",".join(['instance="i"', *(f'{name}="{value}"' for name, value in pairs)])


def samples(line, at):
    """Of a line of line protocol, without blanks and commas in its values; `at` instead of its time."""
    series, fields, _ = line.split(" ")
    measurement, labels = labels_of(series)
    for each in fields.split(","):
        field, value = each.split("=")
        name, factor = metric_of(measurement, field)
        if field == "state":
            # All states: one is 1.
            for state in STATES:
                yield f'{name}{{{labels},{name}="{state}"}} {int(value[1:-1] == state)} {at}\n'
        elif value in ("true", "false"):
            yield f"{name}{{{labels}}} {int(value == 'true')} {at}\n"
        else:
            yield f"{name}{{{labels}}} {float(value.rstrip('i')) * factor:.10g} {at}\n"
