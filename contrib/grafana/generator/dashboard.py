# SPDX-License-Identifier: GPL-2.0-or-later
"""A dashboard's JSON: variables, links, annotations, and the panels in rows."""

from dataclasses import dataclass, field

from . import panels
from .queries import Figure, Variable

WIDTH = 24
HOST = Variable("host", "Host", "lxcmon_push")
CONTAINER = Variable("container", "Container", "lxc_state", ("host",))
INTERFACE = Variable("interface", "Interface", "lxc_net", ("host", "container"))
TITLES = {"fleet": "LXC Fleet", "container": "LXC Container", "agent": "LXC Agent"}


@dataclass
class Row:
    title: str
    panels: list
    folded: bool = False


@dataclass
class Dashboard:
    name: str
    description: str
    variables: list
    rows: list
    annotation: Figure | None = None
    first: tuple = ()  # variables that begin with their first value, and do not offer All
    links: tuple = field(default=())

    def json(self, language):
        return {
            "id": None, "uid": uid(self.name, language), "title": TITLES[self.name] + language.TITLE, "description": self.description,
            "tags": ["lxcmon"], "editable": True, "graphTooltip": 1, "schemaVersion": 39, "version": 1, "refresh": "1m",
            "fiscalYearStartMonth": 0, "weekStart": "", "timezone": "browser", "timepicker": {}, "time": {"from": "now-1h", "to": "now"},
            "links": [_link(name, language) for name in self.links],
            "templating": {"list": [_datasource(language),
                                    *(_variable(each, language, each.name not in self.first) for each in self.variables)]},
            "annotations": {"list": [_annotation(self.annotation, language)] if self.annotation else []},
            "panels": _laid_out(self.rows, language),
        }


def uid(name, language):
    return f"lxcmon-{name}{language.SUFFIX}"


def to_container(language):
    """Links a table column to the dashboard of the container in the row, with the same time range."""
    return [{"title": "All metrics of this container", "targetBlank": False, "url":
             f"/d/{uid('container', language)}?${{datasource:queryparam}}&var-host=${{__data.fields.host:percentencode}}"
             "&var-container=${__data.fields.container:percentencode}&${__url_time_range}"}]


def to_host(language):
    return [{"title": "The containers of this host", "targetBlank": False, "url":
             f"/d/{uid('fleet', language)}?${{datasource:queryparam}}&var-host=${{__data.fields.host:percentencode}}&${{__url_time_range}}"}]


def _link(name, language):
    return {"type": "link", "title": TITLES[name], "url": f"/d/{uid(name, language)}", "icon": "dashboard", "tags": [], "tooltip": "",
            "asDropdown": False, "includeVars": True, "keepTime": True, "targetBlank": False}


def _datasource(language):
    return {"type": "datasource", "name": "datasource", "label": "Data source", "query": language.DATASOURCE_TYPE, "regex": "", "refresh": 1,
            "hide": 0, "multi": False, "includeAll": False, "skipUrlSync": False, "options": [],
            "current": {"selected": True, "text": language.NAME, "value": language.UID}}


def _variable(wanted, language, has_all):
    # Where All is offered, Grafana begins with it, whatever `current` says.
    every = {"allValue": ".*"} if has_all else {}
    return {"type": "query", "name": wanted.name, "label": wanted.label, "datasource": panels.datasource(language),
            "query": language.variable(wanted), "regex": "", "refresh": 2, "sort": 5, "hide": 0, "multi": True, "includeAll": has_all,
            **every, "skipUrlSync": False, "options": [],
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]} if has_all else {}}


def _annotation(figure, language):
    return {"name": "Restarts", "enable": True, "hide": False, "iconColor": "orange", "datasource": panels.datasource(language),
            **language.annotation(figure)}


def _laid_out(rows, language):
    made, top = [], 0
    for row in rows:
        header = {"type": "row", "title": row.title, "collapsed": row.folded, "gridPos": _place(0, top, WIDTH, 1), "panels": []}
        inside, top = _placed(row.panels, top + 1, language)
        if row.folded:
            header["panels"] = inside
            # A folded row always takes one line.
            top = header["gridPos"]["y"] + 1
        made += [header] if row.folded else [header, *inside]
    for number, each in enumerate(_all(made), 1):
        each["id"] = number
    return made


def _all(made):
    for each in made:
        yield each
        yield from each.get("panels", [])


def _placed(descriptions, top, language):
    made, left, lowest = [], 0, 0
    for description in descriptions:
        if left + description.width > WIDTH:
            left, top, lowest = 0, top + lowest, 0
        made.append({**description.json(language), "gridPos": _place(left, top, description.width, description.height)})
        left, lowest = left + description.width, max(lowest, description.height)
    return made, top + lowest


def _place(left, top, width, height):
    return {"x": left, "y": top, "w": width, "h": height}
