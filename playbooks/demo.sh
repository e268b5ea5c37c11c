#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Show the collection at work: on a simulated xend 3.0.0, or on the xend of XEND_URL, after a question.
# It is run by `make demo`, which puts ansible on the PATH and lets it find the collection.
set -eu
cd "$(dirname "$0")"
if [ -t 1 ]; then unset ANSIBLE_NOCOLOR NO_COLOR PY_COLORS; fi
export ANSIBLE_RETRY_FILES_ENABLED=false

say() {
    printf '\n\n######## %s\n' "$1"
}

run() {
    printf '$ %s\n' "$*"
    "$@"
}

# What a demo that broke off has created on a real xend goes again.
leave_nothing() {
    status=$?
    if [ "$status" -ne 0 ]; then
        say "The demo broke off: its guests are shut down."
        ansible-playbook demo_shutdown.yml || true
    fi
    exit "$status"
}

if [ -n "${XEND_URL:-}" ]; then
    printf 'XEND_URL is %s\n\n' "$XEND_URL"
    printf 'The demo would create demo-web1, demo-web2 and demo-db there, as vars/demo_guests.yml describes them,\n'
    printf 'with the kernel %s, tune one of them, and shut all three down again.\n' "${DEMO_KERNEL:-/srv/xen/img/vmlinuz}"
    printf 'Other domains are not touched. Go on? [yes/NO] '
    answer=
    read -r answer || true
    if [ "$answer" != yes ]; then
        printf '\nNothing was sent. Unset XEND_URL to see the demo on a simulated xend.\n'
        exit 1
    fi
    trap 'leave_nothing' EXIT
else
    state=$(mktemp -d "${TMPDIR:-/tmp}/xend-demo.XXXXXX")
    trap 'kill "$(cat "$state/pid")" 2>/dev/null || true; rm -rf "$state"' EXIT
    trap 'exit 130' INT TERM
    say "A xend to play with: simulated, release 3.0.0, with one guest on it"
    (cd .. && exec python -m tests.simulator --version 3.0.0 --unix "$state/xend-socket" \
        --seed playbooks/files/demo-host.sxp --pid-file "$state/pid" --url-file "$state/url") > "$state/log" 2>&1 &
    tries=0
    while [ ! -s "$state/url" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ]; then
            cat "$state/log" >&2
            exit 1
        fi
        sleep 0.1
    done
    XEND_URL="unix://$state/xend-socket"
    export XEND_URL
    printf 'export XEND_URL=%s\n' "$XEND_URL"
fi

say "What is there? The inventory asks xend."
run ansible-inventory -i inventory/demo.xen_domains.yml --graph

say "What would the playbook do? A check run sends nothing that changes anything."
run ansible-playbook demo.yml --check --diff

say "Do it."
run ansible-playbook demo.yml

say "Do it again: changed=0, for it is done."
run ansible-playbook demo.yml

say "Give demo-web1 more CPU time, as the scheduler of the host has it. Times are nanoseconds on the wire; write 5ms."
run ansible-playbook demo_tune.yml --diff

say "Ad hoc: one domain in full, and a line of each."
run ansible localhost -m dom0.xend.xen_domain_info -a name=demo-web1
run ansible all -i inventory/demo.xen_domains.yml -m ansible.builtin.debug \
    -a 'msg="{{ xen_state }}, {{ xen_memory }} MiB, {{ xen_vcpus }} vcpus, {{ ansible_host }}"'

say "Shut them down: each guest is asked, and waited for. demo-db is paused: it is woken first, or it could not hear."
run ansible-playbook demo_shutdown.yml

say "What is left?"
run ansible-inventory -i inventory/demo.xen_domains.yml --graph
printf '\nThat was all. README.md tells how to begin with a xend of your own.\n'
