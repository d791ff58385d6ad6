"""The alert rules, as a provisioning file. Its text is made by hand: a person is to read it, and change the figures in it."""

import json
from dataclasses import dataclass

from .queries import Figure, Query, change, gauge, growth

MINUTE, HOUR = 60, 3600
HEAD = """\
# Alert rules of lxcmon-push for Grafana 9 and newer: copy this file to /etc/grafana/provisioning/alerting/.
# They ask the data source with the uid {uid} (provisioning/datasources), and go by Grafana's own notification policies.
# Made by contrib/grafana/make_dashboards.py.
apiVersion: 1
groups:
  - orgId: 1
    name: lxcmon{suffix}
    folder: LXC
    interval: 1m
    rules:
"""
RULE = """\
      - uid: {uid}
        title: {title}
        condition: alarm
        for: {wait}
        # {why}
        noDataState: {no_data}
        execErrState: Error
        labels:
          severity: {severity}
        annotations:
          summary: {summary}
          description: {description}
        data:
{data}"""
ENTRY = """\
          - refId: {ref_id}
            datasourceUid: {datasource}
            relativeTimeRange: {{from: {seconds}, to: 0}}
            model:
{model}
"""
EXPRESSION = "__expr__"
NOBODY = "No data is well here: nobody has such a figure. A silent agent has a rule of its own."


@dataclass
class Ask:
    figure: Figure
    shape: str
    seconds: int
    by: tuple = ("host", "container")
    reduce: str = "mean"


@dataclass
class Rule:
    name: str
    title: str
    severity: str
    asked: list  # A, B, C
    formula: str
    wait: str
    summary: str
    description: str
    no_data: str = "OK"
    why: str = NOBODY


ON = "{{ .Labels.container }} on {{ .Labels.host }}"


def rounded(letter):
    return f'{{{{ printf "%.0f" .Values.{letter}.Value }}}}'


# {{ .Labels }} rather than {{ $labels }}: a provisioning file would take the latter for a variable of the environment.
RULES = [
    Rule("agent-silent", "LXC agent silent", "critical", [Ask(gauge("lxcmon_push", "points"), "presence", 24 * HOUR, ("host",))],
         "$A == 0", "0s", "No figures from {{ .Labels.host }} for some 5 minutes",
         "Neither the host nor its containers are watched. See systemctl status lxcmon-push there, and the network to InfluxDB. "
         "A host that is gone for good is forgotten after a day.",
         no_data="Alerting", why="No data at all: every agent is silent, or InfluxDB has lost them. That is an alarm."),
    Rule("container-down", "LXC container down", "critical",
         [Ask(gauge("lxc_state", "running", only=False), "range", 4 * MINUTE, reduce="count"),
          Ask(gauge("lxc_state", "running"), "range", 4 * MINUTE, reduce="count"),
          Ask(gauge("lxc_state", "uptime_sec"), "latest", 6 * HOUR)],
         # All points of 4 minutes say so; of one that was removed, or whose agent is silent, there is no point.
         "$A == $B && $C >= 0", "0s", f"{ON} is down",
         "It ran within 6 hours, the agent still knows it, and it does not run. One that was stopped on purpose is forgotten after that."),
    Rule("oom-kill", "LXC container OOM-killed", "warning", [Ask(growth("lxc_memory", "oom_kill"), "range", 10 * MINUTE, reduce="sum")],
         "$A > 0", "0s", f"The kernel killed {rounded('A')} process(es) of {ON} for memory",
         "In the last 10 minutes. Raise the memory limit, or find the leak in the dashboard LXC Container."),
    Rule("memory-full", "LXC container memory above 90 %", "warning",
         [Ask(gauge("lxc_memory", "used_percent"), "range", 5 * MINUTE)], "$A > 90", "5m",
         f"{ON} uses {rounded('A')} % of its memory limit", "Mean of 5 minutes, without page cache. At 100 % the kernel kills."),
    Rule("filesystem-full", "LXC container filesystem above 90 %", "warning",
         [Ask(gauge("lxc_fs", "used_percent"), "latest", 10 * MINUTE, ("host", "container", "mountpoint"))], "$A > 90", "5m",
         f"{{{{ .Labels.mountpoint }}}} of {ON} is {rounded('A')} % full", "Make room, or make it larger."),
    Rule("host-filesystem-full", "LXC host filesystem above 90 %", "warning",
         [Ask(gauge("host_fs", "used_percent"), "latest", 10 * MINUTE, ("host", "mountpoint"))], "$A > 90", "5m",
         f"{{{{ .Labels.mountpoint }}}} of the host {{{{ .Labels.host }}}} is {rounded('A')} % full",
         "A full host filesystem stops its containers from writing."),
    Rule("throttled", "LXC container throttled above 25 %", "warning",
         [Ask(growth("lxc_cpu", "nr_throttled", per="nr_periods", scale=100), "range", 10 * MINUTE, reduce="sum")], "$A > 25", "10m",
         f"{ON} is throttled in {rounded('A')} % of its CPU periods", "In the last 10 minutes. Raise its CPU limit."),
    Rule("spool-growing", "LXC agent spool growing", "warning",
         # One that is as large as it may be grows no more, and drops points.
         [Ask(change("lxcmon_push", "spool_bytes"), "range", 15 * MINUTE, ("host",), reduce="sum"),
          Ask(gauge("lxcmon_push", "spool_bytes"), "range", 10 * MINUTE, ("host",), reduce="min"),
          Ask(growth("lxcmon_push", "dropped_points"), "range", 15 * MINUTE, ("host",), reduce="sum")],
         "($A > 0 || $C > 0) && $B > 0", "10m", "Points of {{ .Labels.host }} pile up on its disk",
         "A server takes them too slowly, or refuses them: see the log of lxcmon-push there, and the dashboard LXC Agent."),
]


def text(language):
    return HEAD.format(uid=language.UID, suffix=language.SUFFIX) + "".join(_rule(rule, language) for rule in RULES)


def _rule(rule, language):
    return RULE.format(
        uid=f"lxcmon-{rule.name}{language.SUFFIX}", title=json.dumps(rule.title + language.TITLE), wait=rule.wait, why=rule.why,
        no_data=rule.no_data, severity=rule.severity, summary=json.dumps(rule.summary), description=json.dumps(rule.description),
        data="".join(_entries(rule, language)))


def _entries(rule, language):
    """Each query's series become one number each, A, B and C; the formula says of these whether it is an alarm."""
    for letter, ask in zip("ABC", rule.asked):
        query = Query(ask.figure, ask.shape, ask.by, reduce=ask.reduce, variables=())
        # What stands for $__interval.
        model = {**language.alert_model(query, f"query{letter}"), "intervalMs": 10_000, "maxDataPoints": 10_000}
        yield _entry(f"query{letter}", language.UID, ask.seconds, model)
        yield _entry(letter, EXPRESSION, 0, {"refId": letter, "type": "reduce", "expression": f"query{letter}", "reducer": "last",
                                             "settings": {"mode": "dropNN"}})
    yield _entry("alarm", EXPRESSION, 0, {"refId": "alarm", "type": "math", "expression": rule.formula})


def _entry(ref_id, datasource, seconds, model):
    lines = "\n".join(f"              {key}: {_scalar(value)}" for key, value in model.items())
    return ENTRY.format(ref_id=ref_id, datasource=datasource, seconds=seconds, model=lines)


def _scalar(value):
    if isinstance(value, str) and ("SELECT" in value or "from(" in value):
        return "|-\n" + "\n".join((" " * 16 + line).rstrip() for line in value.splitlines())
    return json.dumps(value)
