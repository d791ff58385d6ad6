// SPDX-License-Identifier: GPL-2.0-or-later
// look.mjs DASHBOARDS < jobs.json: opens the page in headless Chromium for each job, and prints what is seen as JSON.
//   [{server: URL, dashboard, width, from, to, db?, theme?, minInterval?, unfold?, chosen?: {NAME: VALUE}, picture?: PATH}]
import fs from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { look } from './seen.mjs';
import { serve } from './serve.mjs';

const PATIENCE_MSEC = 300_000; // where others work on the machine
const ADDRESS = 'http://grafana.test/';

function addressOf({ server, chosen = {}, width, picture, ...more }) {
  const url = new URL(ADDRESS);
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  for (const [name, value] of Object.entries(chosen)) url.searchParams.set(`var-${name}`, value);
  return url.href;
}

const isSettled = () => {
  const main = document.querySelector('main');
  const panels = [...document.querySelectorAll('[data-panel]')];
  return main && (main.dataset.problem || (panels.length === Number(main.dataset.panels)
    && panels.every((panel) => panel.dataset.state !== 'asked')));
};
// A table takes its scrollbar into account a moment after it is drawn: the page stands if nothing has moved for 40 frames.
const standsStill = () => new Promise((done) => {
  const sizes = () => [...document.querySelectorAll('[data-panel] *')].reduce((sum, each) => sum + each.scrollWidth + each.scrollHeight, 0);
  let [last, still] = [0, 0];
  const step = () => {
    const now = sizes();
    still = now === last ? still + 1 : 0;
    last = now;
    if (still >= 40) done();
    else requestAnimationFrame(step);
  };
  step();
});

async function openPage(browser, job) {
  const page = await browser.newPage();
  const waiting = await serve(page, dashboards, job.server);
  const problems = [];
  page.on('pageerror', (error) => problems.push(`page: ${error.stack ?? error}`));
  page.on('console', (message) => { if (message.type() === 'error') problems.push(`console: ${message.text()} ${message.location().url}`); });
  await page.setViewport({ width: job.width, height: 1000 });
  await page.goto(addressOf(job), { timeout: PATIENCE_MSEC });
  await page.waitForFunction(isSettled, { timeout: PATIENCE_MSEC, polling: 200 }).catch(async (error) => {
    const states = await page.evaluate(() => [document.querySelector('main')?.dataset, ...document.querySelectorAll('[data-panel]')]
      .map((each) => JSON.stringify(each?.dataset ?? each)));
    throw new Error([error, ...problems, ...waiting, ...states].join('\n'));
  });
  // What is below the edge of the window would not be drawn.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewport({ width: job.width, height });
  await page.evaluate(standsStill);
  return { page, problems };
}

async function done(browser, job) {
  const { page, problems } = await openPage(browser, job);
  const seen = await page.evaluate(look);
  if (job.picture) await page.screenshot({ path: job.picture });
  await page.close();
  return { job, problems, ...seen };
}

const jobs = JSON.parse(fs.readFileSync(0, 'utf8'));
const dashboards = path.resolve(process.argv[2]);
const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  protocolTimeout: PATIENCE_MSEC,
});
try {
  const seen = [];
  for (const job of jobs) seen.push(await done(browser, job));
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
