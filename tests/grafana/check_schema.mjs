// SPDX-License-Identifier: GPL-2.0-or-later
// check_schema.mjs CONTRIB_GRAFANA: every dashboard and provisioning file against shapes.ts, and that the mistakes below are seen.
import fs from 'node:fs';
import path from 'node:path';
import yaml from 'js-yaml';
import ts from 'typescript';

const [root] = process.argv.slice(2);
const here = import.meta.dirname;

function found(folder, ending) {
  const names = fs.readdirSync(path.join(root, folder), { recursive: true }).filter((name) => name.endsWith(ending));
  return names.map((name) => path.join(folder, name));
}

function read(name) {
  const text = fs.readFileSync(path.join(root, name), 'utf8');
  return name.endsWith('.json') ? JSON.parse(text) : yaml.load(text);
}

const kinds = { dashboards: 'DashboardFile', alerting: 'AlertFile', datasources: 'DatasourceFile', providers: 'ProviderFile' };

function kindOf(name) {
  if (name.startsWith('dashboards')) return kinds.dashboards;
  if (name.includes('alerting')) return kinds.alerting;
  return name.includes('datasources') ? kinds.datasources : kinds.providers;
}

const first = (dashboard, type) => dashboard.panels.find((panel) => panel.type === type);
const threshold = (file) => file.groups[0].rules.flatMap((rule) => rule.data).find((each) => each.model.type === 'threshold').model;
// What each takes away from, or writes into, a good file; none of them may pass.
const mistakes = {
  DashboardFile: [
    (d) => { d.tittle = d.title; },
    (d) => { d.time = { from: 'now-1h' }; },
    (d) => { delete d.panels[1].gridPos.h; },
    (d) => { first(d, 'timeseries').type = 'timeserie'; },
    (d) => { first(d, 'timeseries').fieldConfig.defaults.custom.stacking.mode = 'stacked'; },
    (d) => { first(d, 'timeseries').fieldConfig.defaults.custom.fillOpacty = 3; },
    (d) => { first(d, 'timeseries').fieldConfig.defaults.thresholds.steps[0].value = 'none'; },
    (d) => { first(d, 'timeseries').options.legend.calc = ['mean']; },
    (d) => { first(d, 'timeseries').targets[0].resultFormat = 'timeseries'; },
    (d) => { first(d, 'timeseries').targets[0].query = 7; },
    (d) => { first(d, 'table').transformations[0].id = 'filterFieldByName'; },
    (d) => { first(d, 'table').fieldConfig.overrides[0].properties[0].id = 'custom.widht'; },
    (d) => { first(d, 'table').fieldConfig.defaults.custom.cellOptions.type = 'gauges'; },
    (d) => { d.templating.list[1].refresh = 3; },
    (d) => { d.links[0].keepTime = 'yes'; },
  ],
  AlertFile: [
    (f) => { f.groups[0].rules[0].noDataState = 'Alert'; },
    (f) => { delete f.groups[0].rules[0].for; },
    (f) => { f.groups[0].rules[0].data[0].model.intervalMS = 1; },
    (f) => { f.groups[0].rules[0].data[1].model.reducer = 'lastest'; },
    (f) => { f.groups[0].rules[0].annotations.__panelId__ = 2; },
    (f) => { delete threshold(f).conditions[0].unloadEvaluator; },
  ],
  DatasourceFile: [(f) => { f.datasources[0].jsonData.version = 'influxql'; }, (f) => { f.datasources[0].Url = ''; }],
  ProviderFile: [(f) => { f.providers[0].options = {}; }],
};

const prometheusMistakes = [
  (d) => { first(d, 'timeseries').targets[0].exp = first(d, 'timeseries').targets[0].expr; },
  (d) => { delete first(d, 'timeseries').targets[0].expr; },
  (d) => { first(d, 'timeseries').targets[0].format = 'timeseries'; },
  (d) => { first(d, 'table').targets[0].instant = 'true'; },
  (d) => { first(d, 'table').transformations.find((each) => each.id === 'organize').options.excludeByName.Value = 1; },
];

function program(files) {
  const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022,
                    moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name in files || fileExists(name);
  host.readFile = (name) => files[name] ?? readFile(name);
  host.getSourceFile = (name, ...more) => name in files ? ts.createSourceFile(name, files[name], ...more) : getSourceFile(name, ...more);
  return ts.createProgram(Object.keys(files), options, host);
}

const sources = {};
const labels = {};
let seen = 0;
function add(label, kind, content, wrong) {
  const file = path.join(here, `checked_${seen++}.ts`);
  sources[file] = `import type { ${kind} } from './shapes';\nexport const file: ${kind} = ${JSON.stringify(content, null, 1)};\n`;
  labels[file] = { label, wrong };
}

const tried = new Set();
for (const name of [...found('dashboards', '.json'), ...found('provisioning', '.yaml')]) {
  const kind = kindOf(name);
  add(name, kind, read(name), false);
  for (const mistake of name.endsWith('prometheus/agent.json') ? prometheusMistakes : []) {
    const content = read(name);
    mistake(content);
    add(`a dashboard in PromQL with the mistake ${mistake}`, kind, content, true);
  }
  // The agent's dashboard is the smallest that has all kinds of panels but the figure.
  if (tried.has(kind) || (kind === kinds.dashboards && !name.endsWith('influxql/agent.json'))) continue;
  tried.add(kind);
  for (const mistake of mistakes[kind]) {
    const content = read(name);
    mistake(content);
    add(`${kind} with the mistake ${mistake}`, kind, content, true);
  }
}

const made = program(sources);
let failures = 0;
for (const [file, { label, wrong }] of Object.entries(labels)) {
  const errors = made.getSemanticDiagnostics(made.getSourceFile(file));
  if ((errors.length > 0) === wrong) continue;
  failures++;
  console.log(wrong ? `not seen: ${label}` : `${label}:`);
  for (const error of errors.slice(0, 3)) {
    const { line } = ts.getLineAndCharacterOfPosition(error.file, error.start);
    console.log(`  ${error.file.text.split('\n')[line].trim()}: ${ts.flattenDiagnosticMessageText(error.messageText, '\n    ')}`);
  }
}
const problems = made.getSemanticDiagnostics(made.getSourceFile(path.join(here, 'shapes.ts')));
for (const problem of problems) console.log(`shapes.ts: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}`);
console.log(`${Object.keys(labels).length} files checked, ${tried.size} kinds, ${failures} failures`);
process.exit(failures || problems.length || tried.size !== 4 ? 1 : 0);
