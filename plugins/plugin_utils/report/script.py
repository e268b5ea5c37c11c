# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script of the page: search, filters and sorting. Everything is in the page already; the script hides and moves rows."""

from __future__ import annotations

SCRIPT = r"""
'use strict';
(() => {
  const $ = id => document.getElementById(id);
  const each = (query, work) => document.querySelectorAll(query).forEach(work);
  const body = $('rows');
  const rows = Array.from(body.rows);
  const searched = [...rows, ...document.querySelectorAll('[data-find]')];
  const texts = new Map(searched.map(row => [row, row.textContent.toLowerCase()]));
  const collator = new Intl.Collator('en', {numeric: true, sensitivity: 'base'});

  // ---- search and filters
  function filter() {
    const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = $('state').value;
    const found = row => words.every(word => texts.get(row).includes(word));
    let shown = 0;
    for (const row of searched) {
      const isGuest = row.parentNode === body;
      const fits = !isGuest || ((!state || row.dataset.state === state) && (!$('odd').checked || row.dataset.odd === '1'));
      row.hidden = !(fits && found(row));
      if (isGuest && !row.hidden) shown += 1;
    }
    $('count').textContent = shown === rows.length ? rows.length + ' rows' : shown + ' of ' + rows.length + ' rows';
    $('none').hidden = shown > 0;
  }
  let waiting = 0;
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(filter, rows.length > 500 ? 120 : 0);
  }
  $('search').addEventListener('input', later);
  $('state').addEventListener('change', filter);
  $('odd').addEventListener('change', filter);

  // ---- sorting
  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
  }
  function compare(one, other, isNumber) {
    if ((one === '') !== (other === '')) return one === '' ? 1 : -1;   // what is not known comes last, either way
    return isNumber ? one - other : collator.compare(one, other);
  }
  function sort(heading) {
    const column = heading.cellIndex;
    const isNumber = heading.dataset.kind === 'number';
    const down = heading.getAttribute('aria-sort') === 'ascending';
    each('#guests th', other => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const keyed = rows.map((row, place) => [value(row, column), place, row]);
    keyed.sort((a, b) => {
      const order = compare(a[0], b[0], isNumber);
      return (down && a[0] !== '' && b[0] !== '' ? -order : order) || a[1] - b[1];
    });
    body.append(...keyed.map(key => key[2]));
  }
  each('#guests th', heading => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = heading.textContent;
    button.addEventListener('click', () => sort(heading));
    heading.replaceChildren(button);
  });

  // ---- keys: / searches, Escape ends it
  document.addEventListener('keydown', event => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      $('search').focus();
    } else if (event.key === 'Escape' && document.activeElement === $('search')) {
      $('search').value = '';
      filter();
    }
  });
  // A link to a row that a filter hides shows it.
  window.addEventListener('hashchange', () => {
    const target = $(location.hash.slice(1));
    if (target && target.hidden) {
      $('search').value = '';
      $('state').value = '';
      $('odd').checked = false;
      filter();
      target.scrollIntoView();
    }
  });
  // The headings of the table stay below the bar, however many lines that has.
  const bar = document.querySelector('header');
  new ResizeObserver(() => {
    document.documentElement.style.setProperty('--header', bar.offsetHeight + 'px');
  }).observe(bar);
  // A page is soon out of date, and does not look it.
  const hours = Math.floor((Date.now() - Date.parse(document.querySelector('time').dateTime)) / 3600000);
  if (hours > 0) {
    $('age').textContent = (hours < 48 ? hours + ' h' : Math.floor(hours / 24) + ' d') + ' old';
    $('age').hidden = false;
  }
  // What the browser has kept of an earlier visit is not searched for.
  $('search').value = '';
  $('state').value = '';
  $('odd').checked = false;
  $('tools').hidden = false;
  filter();
})();
"""
