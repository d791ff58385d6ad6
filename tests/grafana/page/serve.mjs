// SPDX-License-Identifier: GPL-2.0-or-later
// Answers the requests of the page, inside the browser's own interception: a browser that uses the network drops its requests each time a
// container starts, because an interface appears (ERR_NETWORK_CHANGED).
import fs from 'node:fs/promises';
import path from 'node:path';

const HERE = import.meta.dirname;
const FOLDERS = {
  // Grafana's icons, which its components ask for, and its fonts, which are in no package of npm: Debian's fonts-inter.
  '/public/build/': path.join(HERE, 'node_modules/@grafana/ui/dist/public'),
  '/public/fonts/inter/': '/usr/share/fonts/opentype/inter',
};
const TYPES = { '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css',
                '.json': 'application/json', '.otf': 'font/otf' };

async function file(folder, name) {
  const body = await fs.readFile(path.join(folder, name)).catch(() => undefined);
  return body ? { status: 200, contentType: TYPES[path.extname(name)], body } : { status: 404, body: `no ${name} in ${folder}` };
}

/** Of InfluxDB (a POST), Prometheus and VictoriaMetrics. */
async function query(server, path, body) {
  const headers = body ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const answer = await fetch(new URL(path, server), { method: body ? 'POST' : 'GET', body, headers });
  return { status: answer.status, contentType: 'application/json', body: Buffer.from(await answer.arrayBuffer()) };
}

async function answerTo(request, dashboards, server) {
  const { pathname, search } = new URL(request.url());
  if (pathname === '/query' || pathname.startsWith('/api/v1/')) return query(server, pathname + search, request.postData());
  if (pathname.startsWith('/dashboards/')) return file(dashboards, pathname.slice('/dashboards/'.length));
  const prefix = Object.keys(FOLDERS).find((each) => pathname.startsWith(each));
  if (prefix) return file(FOLDERS[prefix], pathname.slice(prefix.length).replace('.woff2', '.otf'));
  return file(path.join(HERE, 'dist'), pathname === '/' ? 'index.html' : pathname.slice(1));
}

/** From now on no request of `page` reaches the network. Returns the set of those that have no answer yet. */
export async function serve(page, dashboards, server) {
  const waiting = new Set();
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (request.url().startsWith('data:')) return request.continue();
    waiting.add(request.url());
    answerTo(request, dashboards, server).catch((error) => ({ status: 502, contentType: 'application/json',
      body: JSON.stringify({ error: String(error) }) })).then((answer) => request.respond(answer)).then(() => waiting.delete(request.url()))
      .catch((error) => waiting.add(`${request.url()}: ${error}`));
  });
  return waiting;
}
