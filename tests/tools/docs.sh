#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build the documentation as a site in .build/docs/html, without asking the network. A warning is an error.
# What is built: a page for each plugin and role, by antsibull-docs; docs/docsite/rst; docs/*.md; the changelog.
set -eu
out=$PWD/.build/docs
rm -rf "$out"
mkdir -p "$out/rst"
chmod og-w "$out/rst" # antsibull-docs insists

antsibull-docs --config-file docs/docsite/antsibull-docs.cfg collection --use-current --squash-hierarchy \
    --fail-on-error --cleanup everything --dest-dir "$out/rst" dom0.xend
# The list of plugins gives its place, and the guides that it names, to the front page.
sed '/^Guides$/,/^\.\. _plugin_index/{/^\.\. _plugin_index/!d;}' "$out/rst/index.rst" >"$out/rst/plugins.rst"
rm "$out/rst/index.rst"
mkdir "$out/rst/static"
cp docs/docsite/static/*.png "$out/rst/static"
cp docs/docsite/index.rst docs/WIRE.md docs/TRAPS.md CHANGELOG.md "$out/rst"
sphinx-build -b html -W --keep-going -q -c docs/docsite -d "$out/doctrees" "$out/rst" "$out/html"
echo "the site is in .build/docs/html; begin with index.html"
