// SPDX-License-Identifier: GPL-2.0-or-later
// Bundles the page into dist/. esbuild takes seconds for Grafana's components, which are 6 MB.
import fs from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.tsx'], outdir: 'dist', bundle: true, format: 'esm', target: 'es2022', jsx: 'automatic', logLevel: 'warning',
  splitting: true, minifyWhitespace: true, define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'empty' },
});
fs.copyFileSync('index.html', 'dist/index.html');
