#!/usr/bin/env python3
"""Writes dashboards/ and provisioning/alerting/ from the descriptions in generator/.

    make_dashboards.py            writes them
    make_dashboards.py --check    says which are not what it would write; exit code 1 where there are any"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
sys.dont_write_bytecode = True

from generator import agent, alerts, container, fleet, flux, influxql  # noqa: E402

LANGUAGES = {"influxql": influxql, "flux": flux}


def files():
    """Path below this folder, and text."""
    for word, language in LANGUAGES.items():
        for made in (fleet.dashboard(language), container.dashboard(language), agent.dashboard(language)):
            yield f"dashboards/{word}/{made.name}.json", json.dumps(made.json(language), indent=2, ensure_ascii=False) + "\n"
        yield f"provisioning/alerting/lxcmon{language.SUFFIX}.yaml", alerts.text(language)


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    different = []
    for name, text in files():
        path = FOLDER / name
        if path.exists() and path.read_text() == text:
            continue
        different.append(name)
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if arguments and different:
        sys.exit(f"not what {Path(__file__).name} makes: {', '.join(different)}; run it, and commit what it writes")


if __name__ == "__main__":
    main(sys.argv[1:])
