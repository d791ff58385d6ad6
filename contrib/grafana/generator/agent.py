# SPDX-License-Identifier: GPL-2.0-or-later
"""Agent: the health of lxcmon-push itself on all hosts."""

from .dashboard import HOST, Dashboard, Row, to_host
from .panels import ANY_IS_BAD, GREEN, ORANGE, RED, Column, Graph, States, Table, steps
from .queries import gauge, growth, latest, over_range, percent_of_time, rate, series
from . import queries

WAITING = steps((1, ORANGE), (100_000_000, RED))
# 0: no answer.
STATUS = {"mode": "absolute", "steps": [{"color": RED, "value": None}, {"color": GREEN, "value": 200}, {"color": ORANGE, "value": 300},
                                        {"color": RED, "value": 400}]}


def own(name, **more):
    return gauge("lxcmon_push", name, **more)


def lines(names, make):
    return [series(make("lxcmon_push", name), f"{queries.HOST} {word}") for name, word in names]


def dashboard(language):
    return Dashboard("agent", "The state of lxcmon-push itself, on all hosts.", [HOST],
                     [Row("Agents", [_agents(language)]), Row("Delivery", _delivery()), Row("Sampling", _sampling())],
                     links=("fleet", "container"))


def _agents(language):
    by = ("host",)

    def now(title, name, unit="none", **more):
        return Column(title, latest(own(name), title, by), unit, **more)

    def grown(title, name):
        return Column(title, over_range(growth("lxcmon_push", name), title, by, reduce="sum"), "none", "background",
                      thresholds=ANY_IS_BAD)
    return Table(
        "Agents", "Each agent: values of the last 5 minutes, and counters over the time shown. A missing host sends nothing.",
        [Column("host", links=to_host(language)), now("containers", "containers"), now("points", "points"),
         now("tick", "tick_usec", "µs", decimals=0), now("HTTP status", "last_status", "none"), now("queue", "queue_points"),
         now("spool", "spool_bytes", "bytes", cell="background", thresholds=WAITING), now("memory", "rss_bytes", "bytes", decimals=1),
         grown("missed ticks", "missed_ticks"), grown("errors", "sample_errors"), grown("rejected", "rejected_points"),
         grown("dropped", "dropped_points"), grown("retries", "retries")], height=8, sort_by="spool", frozen=True)


def _delivery():
    return [
        Graph("Delivered", "Points a second that a server accepted. 0 for a long time: see the log of the agent.", "short",
              lines((("delivered_points", "delivered"),), rate), width=8),
        Graph("Spool", "Bytes on disk that are not delivered yet. Growing: the server is slow, down, or refuses points; see HTTP status.",
              "bytes", [series(own("spool_bytes", window="max"), queries.HOST)], width=8),
        Graph("Queue", "Points in memory that are not delivered yet.", "short",
              [series(own("queue_points", window="max"), queries.HOST)], width=8),
        Graph("Lost or refused", "Dropped: beyond the limits. Rejected: refused by the server, see rejected.jsonl. In each interval.",
              "short", lines((("dropped_points", "dropped"), ("rejected_points", "rejected")), growth), width=8, thresholds=ANY_IS_BAD),
        Graph("Retries", "Requests that were repeated, in each interval. Many: the server is overloaded or down.", "short",
              lines((("retries", "retries"),), growth), width=8),
        States("HTTP status", "Of the last answer: 204 is success, 401 wrong credentials, 404 no database, 0 or 5xx the server.",
               [series(own("last_status", window="last"), queries.HOST)], width=8, height=8, thresholds=STATUS),
    ]


def _sampling():
    return [
        Graph("Tick", "Duration of a sample of all containers. Near the interval: raise --interval.", "µs",
              [series(own("tick_usec", window="max"), queries.HOST)], width=8),
        Graph("Missed ticks and errors", "Late ticks that were skipped, and incomplete samples of containers, in each interval.", "short",
              lines((("missed_ticks", "missed"), ("sample_errors", "errors")), growth), width=8, thresholds=ANY_IS_BAD),
        Graph("Containers", "Found at a tick.", "short", [series(own("containers"), queries.HOST)], width=8),
        Graph("CPU of the agent", "Of one core, agent and helper processes.", "percent",
              [series(percent_of_time("lxcmon_push", "cpu_usec"), queries.HOST)], width=8),
        Graph("Memory of the agent", "Resident, agent and helper processes.", "bytes", [series(own("rss_bytes"), queries.HOST)], width=8),
        Graph("Points", "Sampled at a tick.", "short", [series(own("points"), queries.HOST)], width=8),
    ]
