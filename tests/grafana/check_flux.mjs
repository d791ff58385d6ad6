// SPDX-License-Identifier: GPL-2.0-or-later
// check_flux.mjs CONTRIB_GRAFANA: every Flux query, filled in as Grafana does, through InfluxData's own compiler: syntax, names and
// types. There is no InfluxDB 2 to run them on.
import fs from 'node:fs';
import path from 'node:path';
import flux from '@influxdata/flux-lsp-node';
import yaml from 'js-yaml';

const [root] = process.argv.slice(2);

function filledIn(text) {
  const query = text.replaceAll('v.timeRangeStart', '2026-01-01T00:00:00Z').replaceAll('v.timeRangeStop', '2026-01-01T01:00:00Z')
    .replaceAll('v.windowPeriod', '10s').replaceAll('v.defaultBucket', '"lxc"').replace(/\$\{\w+:regex\}/g, '(a|b\\.c\\/d)');
  if (/\$\{|\$\w|\bv\./.test(query)) throw new Error(`not all is filled in: ${query}`);
  return query;
}

function* queries() {
  const folder = path.join(root, 'dashboards/flux');
  for (const name of fs.readdirSync(folder)) {
    const dashboard = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
    for (const panel of dashboard.panels.flatMap((each) => [each, ...(each.panels ?? [])])) {
      for (const target of panel.targets ?? []) yield [`${dashboard.title} / ${panel.title} / ${target.refId}`, target.query];
    }
    for (const note of dashboard.annotations.list) yield [`${dashboard.title} / ${note.name}`, note.target.query];
    for (const variable of dashboard.templating.list.filter((each) => each.type === 'query')) {
      yield [`${dashboard.title} / ${variable.name}`, variable.query];
    }
  }
  const rules = yaml.load(fs.readFileSync(path.join(root, 'provisioning/alerting/lxcmon-flux.yaml'), 'utf8'));
  for (const rule of rules.groups.flatMap((group) => group.rules)) {
    for (const { refId, model } of rule.data) if (model.query) yield [`${rule.uid} / ${refId}`, model.query];
  }
}

// A compiler that takes these is no check.
const good = 'from(bucket: "b") |> range(start: -1h) |> filter(fn: (r) => r._field == "a")';
const mistakes = [`${good} |> aggregateWindows(every: 1m, fn: mean)`, `${good} |> derivative(unit: "1s")`, `${good} |> last(`,
                  `${good} |> map(fn: (r) => ({r with _value: 1 + "a"}))`, `import "dates"\n${good}`, `${good} |> limit(m: 3)`,
                  `${good} |> range(start: date.sub(d: 5m, from: 2026-01-01T00:00:00Z))`];
let failures = flux.is_valid_flux(good) ? 0 : 1;
for (const mistake of mistakes) {
  if (flux.is_valid_flux(mistake)) {
    console.log(`not seen: ${mistake}`);
    failures++;
  }
}
let count = 0;
for (const [where, text] of queries()) {
  count++;
  if (!flux.is_valid_flux(filledIn(text))) {
    console.log(`${where}: ${text}`);
    failures++;
  }
}
console.log(`${count} queries checked, ${failures} failures`);
process.exit(failures || count < 100 ? 1 : 0);
