#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every molecule scenario, two at a time, on simulated xends only: a real one is for whoever calls molecule himself.
set -eu
unset XEND_URL XEND_USERNAME XEND_PASSWORD XEND_CA_PATH

# What an interrupted run has left would be taken for created. This also ends what this run leaves when it is interrupted.
end() {
    if ls -d "$ANSIBLE_HOME"/tmp/molecule.*/xend-* >/dev/null 2>&1; then molecule destroy; fi
}
end
trap end EXIT
trap 'exit 130' INT TERM
molecule test --all --workers 2
