#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Link each CPython 3.9 to 3.14 that really starts into a folder, and name the best of them.
#
#   pythons.sh DIR [PYTHON]
#
# A program called python3.x may be a shim that starts nothing, or lack venv and ensurepip; ansible-test
# stumbles over both, so only those that pass a trial are linked. Prints the one to build the virtual environment with.
set -eu
out=$1
given=${2:-}
mkdir -p "$out"
rm -f "$out"/python3*

try() { # try COMMAND: link it under its own version, unless that version is there already
    [ -n "$1" ] || return 0
    found=$("$1" -c '
import sys
import ensurepip
import venv
if sys.implementation.name == "cpython" and (3, 9) <= sys.version_info[:2] <= (3, 14):
    base = getattr(sys, "_base_executable", None) or sys.executable
    print("%d.%d %s" % (*sys.version_info[:2], base))
' 2>/dev/null) || return 0
    [ -n "$found" ] || return 0
    link="$out/python${found%% *}"
    [ -e "$link" ] || ln -s "${found#* }" "$link"
}

try "$(command -v "${given:-python3}" || true)"
for minor in 9 10 11 12 13 14; do
    try "$(command -v "python3.$minor" || true)"
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/"python3.$minor"; do
        [ ! -e "$candidate" ] || try "$candidate"
    done
done

# The pins are tried on the first three.
for minor in 13 12 11 14; do
    if [ -e "$out/python3.$minor" ]; then
        echo "$out/python3.$minor"
        exit 0
    fi
done
echo "no Python 3.11 or newer with venv and ensurepip was found; name one: make PYTHON=/path/to/python3.12" >&2
exit 1
