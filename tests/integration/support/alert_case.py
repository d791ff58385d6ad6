# SPDX-License-Identifier: GPL-2.0-or-later
"""Made histories of containers and hosts on a real InfluxDB, and the alert rules of contrib/grafana, computed as Grafana does."""

from .dashboards import alert_rules, filled_in
from .influx_case import InfluxCase

MINUTE_NS = 60 * 10**9
# A point each minute, the newest now: a history is a function of the minutes that have passed since.
HISTORY = 40
COMPARED = {"gt": lambda value, limit: value > limit, "lt": lambda value, limit: value < limit}


def reduced(series):
    """Grafana's reduce by `last`: {labels: number}."""
    made = {}
    for each in series:
        labels = tuple(sorted(each.get("tags", {}).items()))
        numbers = [row[1] for row in each["values"] if row[1] is not None]
        if numbers:
            made[labels] = numbers[-1]
    return made


def computed(formula, numbers):
    """Of the labels that all queries have: {labels: number or truth}."""
    labels = set.intersection(*(set(each) for each in numbers.values()))
    text = formula.replace("&&", " and ").replace("||", " or ")
    for letter in numbers:
        text = text.replace(f"${letter}", letter)
    return {label: eval(text, {}, {letter: each[label] for letter, each in numbers.items()}) for label in labels}


def beyond(condition, figures, firing):
    """Grafana's threshold: of what fires already, until the figure is on the other side of the unloadEvaluator."""
    def holds(evaluator, value):
        return COMPARED[evaluator["type"]](value, *evaluator["params"])
    return {labels for labels, figure in figures.items()
            if holds(condition["evaluator"], figure) or (labels in firing and not holds(condition["unloadEvaluator"], figure))}


def name_in(labels):
    return dict(labels).get("container", dict(labels)["host"])


class AlertCase(InfluxCase):
    def write(self, db, name, history, minutes=range(HISTORY)):
        lines = []
        for ago in minutes:
            made = (history(ago) or "").replace("{}", name)
            lines += [f"{line} {self.now_ns - round(ago * MINUTE_NS)}" for line in made.splitlines()]
        self.assertEqual(self.influx.write(db, "\n".join(lines).encode()), (204, ""))

    def alarms(self, rule, db, ago=0, firing=frozenset()):
        """The labels of the alarms, computed this many minutes ago. `firing`: those of the time before."""
        numbers = {}
        for each in rule["data"]:
            model = each["model"]
            if model.get("rawQuery"):
                end_ms = (self.now_ns - round(ago * MINUTE_NS)) // 10**6
                text = filled_in(model["query"], end_ms - each["relativeTimeRange"]["from"] * 1000, end_ms,
                                 f"{model['intervalMs']}ms")
                answer = self.influx.execute(text, db).get("series", [])
            elif model["type"] == "reduce":
                self.assertEqual(model["reducer"], "last")
                numbers[model["refId"]] = reduced(answer)
            elif model["type"] == "math":
                figures = computed(model["expression"], numbers)
            else:
                self.assertEqual((model["type"], model["expression"]), ("threshold", "figure"))
                (condition,) = model["conditions"]
                return beyond(condition, figures, firing)
        return {labels for labels, figure in figures.items() if figure}

    def rule(self, uid):
        (rule,) = (each for each in alert_rules() if each["uid"] == f"lxcmon-{uid}")
        return rule

    def alarms_of(self, uid, db, minutes=range(HISTORY), **histories):
        """The names in the alarms of the rule, with these histories alone."""
        self.influx.execute(f'CREATE DATABASE "{db}"')
        for name, history in histories.items():
            self.write(db, name, history, minutes)
        return {name_in(labels) for labels in self.alarms(self.rule(uid), db)}
