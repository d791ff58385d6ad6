// SPDX-License-Identifier: GPL-2.0-or-later
// /?dashboard=influxql/fleet&db=lxc&from=MSEC&to=MSEC, and if wanted theme=light, minInterval=10s, unfold=yes, var-NAME=VALUE...
import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { Page } from './Page';
import type { Asked } from './types';

function asked(parameters: URLSearchParams): Asked {
  const text = (name: string, otherwise = '') => parameters.get(name) ?? otherwise;
  const chosen: Asked['chosen'] = {};
  for (const key of parameters.keys()) if (key.startsWith('var-')) chosen[key.slice(4)] = parameters.getAll(key);
  return { dashboard: text('dashboard'), db: text('db', 'lxc'), from: Number(text('from')), to: Number(text('to')), chosen,
           dark: text('theme') !== 'light', minInterval: text('minInterval', '10s'), unfold: text('unfold') === 'yes' };
}

const wanted = asked(new URLSearchParams(location.search));
const dashboard = await (await fetch(`/dashboards/${wanted.dashboard}.json`)).json();
const theme = createTheme({ colors: { mode: wanted.dark ? 'dark' : 'light' } });
createRoot(document.getElementById('root')!).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <Page asked={wanted} dashboard={dashboard} />
    <PortalContainer />
  </ThemeContext.Provider>,
);
