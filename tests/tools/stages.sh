#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run make's targets one after another, each under a heading and with its wall time.
#
#   stages.sh MAKE TARGET...
#
# The last one's output is left as the end of the run: times are printed before it. A failure ends the run, unless
# KEEP_GOING is set: then the others run too, and the exit still tells.
set -eu
make=$1
shift
times=
failed=
began=$(date +%s)
while [ $# -gt 0 ]; do
    stage=$1
    shift
    if [ $# -eq 0 ]; then
        printf '\n==== wall time by stage, in seconds\n%s' "$times"
        printf '%12s %5d\n' "all so far" "$(($(date +%s) - began))"
    fi
    printf '\n==== %s\n' "$stage"
    start=$(date +%s)
    if ! "$make" --no-print-directory "$stage"; then
        printf '\n==== %s FAILED after %d s\n' "$stage" "$(($(date +%s) - start))" >&2
        [ -n "${KEEP_GOING:-}" ] || exit 1
        failed="$failed $stage"
    fi
    took=$(($(date +%s) - start))
    times="$times$(printf '%12s %5d' "$stage" "$took")
"
    [ $# -eq 0 ] || printf -- '---- %s: %d s\n' "$stage" "$took"
done
if [ -n "$failed" ]; then
    printf '\n==== these stages FAILED:%s\n' "$failed" >&2
    exit 1
fi
