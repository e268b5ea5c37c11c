#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build .venv with what a run of the collection needs, and link this clone into it as ansible_collections/dom0/xend.
#
#   venv.sh build [PYTHON] [ANSIBLE_CORE]   make .venv anew
#   venv.sh check PYTHON         forget a .venv that another version of Python made, so that make builds it again
#   venv.sh core ANSIBLE_CORE    forget a .venv that has another version of ansible-core
#
# ANSIBLE_CORE may be devel: the newest commit of ansible-core, from GitHub.
#
# .venv/constraints.txt are the pins it is built with: requirements/constraints.txt, but for the ansible-core asked for.
set -eu
action=$1
given=${2:-}
core=${3:-}

die() {
    echo "$*" >&2
    exit 1
}

forget() {
    rm -f .venv/.base .venv/.dev
}

installed() {
    .venv/bin/python -c 'import importlib.metadata; print(importlib.metadata.version("ansible-core"))' 2>/dev/null || true
}

is_wanted() { # is_wanted VERSION: devel is a version such as 2.22.0.dev0
    case $given:$1 in
    devel:*.dev0 | "$1:$1") return 0 ;;
    esac
    return 1
}

pin() {
    case $core in
    devel) echo "ansible-core @ https://github.com/ansible/ansible/archive/devel.tar.gz" ;;
    *) echo "ansible-core==$core" ;;
    esac
}

if [ "$action" = core ]; then
    [ ! -e .venv/bin/python ] || is_wanted "$(installed)" || forget
    exit 0
fi

# make hands PYTHON over as it was typed: ~ and * are still to be expanded.
case $given in
[~]/*) given=$HOME/${given#*/} ;;
esac
if [ -n "$given" ] && ! command -v "$given" >/dev/null; then
    for candidate in $given; do given=$candidate; done
    command -v "$given" >/dev/null || die "PYTHON=$given: no such program"
fi

if [ -n "$given" ]; then
    "$given" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        die "PYTHON=$given is $("$given" --version 2>&1 || true): ansible-core 2.19 and newer need Python 3.11 or newer"
fi

version() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

if [ "$action" = check ]; then
    [ ! -e .venv/bin/python ] || [ "$(version "$given")" = "$(version .venv/bin/python)" ] || forget
    exit 0
fi

best=$(sh tests/tools/pythons.sh .build/pythons "$given")
python=${given:-$best}

rm -rf .venv
"$python" -m venv .venv || die "$python could not make a virtual environment (on Debian: apt-get install python3-venv)"
sed ${core:+-e "s|^ansible-core==.*|$(pin)|"} -e '/^#/d' requirements/constraints.txt | uniq >.venv/constraints.txt
.venv/bin/python -m pip --disable-pip-version-check -qq install -r requirements/demo.in -c .venv/constraints.txt
mkdir -p .build/ansible_collections/dom0
ln -sfn ../../.. .build/ansible_collections/dom0/xend
# One line on sys.path is all that ansible, python, pytest and molecule need to find the collection.
.venv/bin/python -c '
import pathlib, sysconfig
top = pathlib.Path.cwd() / ".build"
pathlib.Path(sysconfig.get_path("purelib"), "dom0_xend.pth").write_text(str(top) + "\n", encoding="utf-8")
'
