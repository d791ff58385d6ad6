// SPDX-License-Identifier: GPL-2.0-or-later
// What a person would see of the page, as data. `look` runs in the browser: all it needs is inside it.
export function look() {
  const texts = (root, selector) => [...root.querySelectorAll(selector)].map((each) => each.innerText.trim());

  const table = (panel) => {
    const grid = panel.querySelector('[role=grid]');
    if (!grid) return undefined;
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = grid;
    return { scrollWidth, clientWidth, scrollHeight, clientHeight, columns: texts(grid, '[role=columnheader]'),
             cells: [...grid.querySelectorAll('[role=row]')].map((row) => texts(row, '[role=gridcell]')).filter((row) => row.length) };
  };

  // The first cell is the line's colour.
  const rows = (panel) => [...panel.querySelectorAll('table tbody tr')];
  const legend = (panel) => rows(panel).map((row) => texts(row, 'td').slice(1));
  const colors = (panel) => rows(panel).map((row) => row.querySelector('[data-testid=series-icon]').style.background);

  const panels = [...document.querySelectorAll('[data-panel]')].map((panel) => ({
    id: Number(panel.dataset.panel), state: panel.dataset.state, ...window.seen[panel.dataset.panel], text: panel.innerText,
    table: table(panel), legend: legend(panel), colors: colors(panel), links: [...panel.querySelectorAll('a[href]')].map((each) => each.getAttribute('href')),
  }));
  return { problem: document.querySelector('main').dataset.problem, panels };
}
