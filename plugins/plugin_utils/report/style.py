# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The style of the page: light and dark, on a screen, on a phone and on paper."""

from __future__ import annotations

STYLE = r"""
:root {
  color-scheme: light dark;
  --ground: #fff; --raised: #f6f7f8; --line: #dfe3e6; --text: #1c2227; --quiet: #5a646d;
  --accent: #1d6a96; --own: #93a5b1; --bad: #b3261e; --bad-ground: #fdecea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181b; --raised: #1d2226; --line: #343b41; --text: #e3e7ea; --quiet: #9ba6af;
    --accent: #62b2de; --own: #66757f; --bad: #ff9b92; --bad-ground: #3a1d1b;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 7.5rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
header, main, footer { padding: 0 clamp(.75rem, 2.5vw, 2rem); }
header {
  position: sticky; top: 0; z-index: 2; padding-top: .6rem; padding-bottom: .6rem;
  background: var(--ground); border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; align-items: baseline;
}
h1 { font-size: 1.15rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.9rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0; }
a { color: var(--accent); text-decoration-color: color-mix(in srgb, currentColor 35%, transparent); text-underline-offset: .18em; }
a:hover { text-decoration-color: currentColor; }
time, .quiet { color: var(--quiet); }
.sum { margin: 0; }
#tools { margin-left: auto; display: flex; flex-wrap: wrap; gap: .4rem .9rem; align-items: center; }
[hidden] { display: none !important; }
input, select, button { font: inherit; color: inherit; }
input[type=search], select {
  background: var(--raised); border: 1px solid var(--line); border-radius: 5px; padding: .25rem .5rem;
}
input[type=search] { width: 15rem; max-width: 100%; }
input[type=checkbox] { accent-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
#count { color: var(--quiet); min-width: 7rem; }

.hosts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: .75rem; }
.host { border: 1px solid var(--line); border-radius: 7px; padding: .7rem .85rem; min-width: 0; }
.host h3 { display: flex; gap: .5rem; align-items: baseline; overflow-wrap: anywhere; }
.host h3 .quiet { font-weight: normal; margin-left: auto; white-space: nowrap; }
.host p { margin: .15rem 0 0; overflow-wrap: anywhere; }
.host.silent { border-color: var(--bad); }
.gauge { margin-top: .55rem; }
.gauge div:first-child { display: flex; justify-content: space-between; gap: 1rem; }
.bar { display: flex; height: .5rem; margin-top: .15rem; border-radius: 3px; overflow: hidden; background: var(--line); }
.bar i { background: var(--accent); }
.bar i.own { background: var(--own); }

table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--quiet); white-space: nowrap; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--accent); }
th[aria-sort] { color: var(--accent); }
th[aria-sort=ascending] button::after { content: " \2191"; }
th[aria-sort=descending] button::after { content: " \2193"; }
td { overflow-wrap: break-word; }
td.n, th.n { text-align: right; }
td span { display: block; }
td span.quiet { font-size: .87em; }
#attention table { table-layout: fixed; }
#attention th:nth-child(1) { width: 6.2rem; }
#attention th:nth-child(2) { width: 12%; }
#attention th:nth-child(3) { width: 16%; }
#guests { table-layout: fixed; }
#guests td:first-child { font-weight: 600; }
#guests tr.own td:first-child { font-weight: normal; color: var(--quiet); }
.state { white-space: nowrap; }
.down .state { color: var(--quiet); }
.bad { color: var(--bad); font-weight: 600; }
b.problem, b.warning {
  display: inline-block; white-space: nowrap; font-size: .8rem; line-height: 1.35; padding: 0 .4rem; border-radius: 4px; border: 1px solid;
}
b.problem { color: var(--bad); background: var(--bad-ground); }
b.warning { color: var(--text); background: var(--raised); border-color: var(--own); }
tr:target, .host:target { background: var(--raised); outline: 2px solid var(--accent); outline-offset: -1px; }
details { margin-top: 2rem; }
summary { font-weight: 600; cursor: pointer; }
.legend i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; background: var(--accent); margin: 0 .3rem 0 .8rem; }
.legend i.own { background: var(--own); }
.legend i.free { background: var(--line); }
footer { margin: 2.5rem 0 2rem; color: var(--quiet); font-size: .9rem; }

/* Rows are grids, so that only those in sight are drawn: thousands of rows in one table take seconds. */
@media screen and (min-width: 60.01rem) {
  #guests, #guests thead, #guests tbody { display: block; }
  #guests tr {
    display: grid; border-bottom: 1px solid var(--line);
    grid-template-columns: WIDTHS;
  }
  #guests th, #guests td { border: 0; min-width: 0; }
  #guests tbody tr { content-visibility: auto; contain-intrinsic-height: auto 3.5rem; }
  #guests thead { position: sticky; top: var(--header, 3.1rem); background: var(--ground); z-index: 1; }
}
@media screen and (max-width: 60rem) {
  html { scroll-padding-top: 1rem; }
  header { position: static; }
  #tools { margin-left: 0; position: static; width: 100%; }
  input[type=search] { flex: 1 1 100%; width: 100%; font-size: 16px; }
  table, tbody { display: block; width: 100%; }
  thead, col { display: none; }
  tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  #guests tr { content-visibility: auto; contain-intrinsic-height: auto 12rem; }
  td, td.n { display: flex; gap: .75rem; text-align: left; white-space: normal; border: 0; padding: .08rem 0; }
  td::before { content: attr(data-l); flex: 0 0 6.5rem; color: var(--quiet); font-weight: normal; }
  td:empty { display: none; }
  #guests td:first-child { font-size: 1.05rem; }
  td > div { min-width: 0; }
  #attention td { display: inline-block; margin-right: .6rem; max-width: 100%; white-space: normal; }
  #attention td::before { content: none; }
  #attention td:last-child { display: block; width: auto; margin: .15rem 0 0; }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --raised: #fff; --line: #bbb; --text: #000; --quiet: #444; --accent: #1d6a96;
    --own: #93a5b1; --bad: #b3261e; --bad-ground: #fff; }
  html, body { font-size: 8.5pt; }
  td, th { padding-right: .5rem; }
  header { position: static; }
  #tools { display: none !important; }
  .bar, .bar i, .legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, .host { break-inside: avoid; }
  thead { display: table-header-group; }
  a { color: inherit; text-decoration: none; }
}
"""
