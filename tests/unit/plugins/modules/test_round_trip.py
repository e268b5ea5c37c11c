# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What xen_domain_info tells of a domain, given to xen_domain, is the same domain: of every domain that was recorded."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check, check_creation
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES, not_declarable, spec
from ansible_collections.dom0.xend.plugins.module_utils.info.domains import Query, shown
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import comparison
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import loads

RECORDINGS = sorted(Path(__file__).resolve().parents[4].glob("tests/recordings/*.jsonl.gz"))
ALL = Query(names=None, selection=None, gather=("summary", "devices"))  # type: ignore[arg-type]


def domains(path: Path) -> Iterator[tuple[str, Domain]]:
    """Yield each domain of a recording, by the slug of the first answer that shows it so."""
    seen: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            recorded = json.loads(line)
            body = (recorded.get("response") or {}).get("body") or ""
            if body.startswith("(domain (") and "vcpu_count" not in body and body not in seen:
                seen.add(body)
                yield recorded["slug"], Domain.from_sxp(loads(body))


def options_of(domain: Domain) -> dict[str, Any]:
    """Return what xen_domain_info shows of a domain as options, as a playbook would give them to xen_domain."""
    told = shown(domain, {}, ALL)
    for entry in told["not_declarable"]:
        for vif in told["vifs"] if entry.startswith("vifs[") else ():
            if entry.startswith(f"vifs[{vif['mac']}]"):
                vif[entry.rsplit(".", 1)[1]] = None
    left_out = {name for name in NAMES if name in told["not_declarable"]}
    options = {name: told[name] for name in NAMES if told.get(name) is not None and name not in left_out}
    validated = ArgumentSpecValidator(spec()).validate(options)
    assert validated.error_messages == []
    return {name: value for name, value in validated.validated_parameters.items() if value is not None}


REFUSED = (
    "bootloader and a kernel are mutually exclusive here",  # 3.0.3 and earlier would delete the files of that guest
    "memory must be 1 or more",  # which 3.0.2 and earlier take
    "0 is the name or the ID of Domain-0",  # a guest of that name, which 3.0.3 and earlier take
    "vbds: uname None of sda1 must be the location of the disk",  # a disk that xend made of a text that it misread
)
"""What a recorded domain is not created anew for, with a reason."""


def refused(desired: Desired, domain: Domain) -> Optional[str]:
    """Return why a domain is not created anew, None if it is."""
    try:
        check(desired)
        check_creation(desired, domain.release)
    except InvalidRequest as error:
        return str(error)
    return None


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.removesuffix(".jsonl.gz"))
def test_a_domain_that_is_given_back_is_as_declared(path: Path) -> None:
    compared = 0
    for slug, domain in domains(path):
        if domain.is_privileged or domain.state not in ("running", "paused", "halted") or not domain.memory:
            continue
        desired = Desired(domain.name, options=options_of(domain), purge_vbds=True, purge_vifs=True)
        if "vbds" not in desired.options or "vifs" not in desired.options:
            continue
        result = comparison(domain, desired)
        assert (result.operations, result.drift) == ([], []), slug
        compared += 1
    assert (
        compared > 0
        or "timeout" in path.name
        or "restart" in path.name
        or "sedf" in path.name
        or path.name == "xend-3.0.4-hvm.jsonl.gz"
    )


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.removesuffix(".jsonl.gz"))
def test_what_is_declared_anew_is_the_same_domain(path: Path) -> None:
    for slug, domain in domains(path):
        options = options_of(domain)
        if domain.is_privileged or "memory" not in options or not (domain.image and domain.image.kernel):
            continue
        desired = Desired(domain.name, options=options)
        refusal = refused(desired, domain)
        if refusal:
            assert refusal.startswith(REFUSED), f"{slug}: {refusal}"
            continue
        assert domain.release is not None
        again = Domain.from_sxp(desired.tree(domain.release))
        compared = shown(again, {}, ALL)
        known = shown(domain, {}, ALL)
        for name in NAMES:
            if name in options and name not in ("vbds", "vifs", "cpu_weight", "cpu_cap"):
                assert compared[name] == known[name], f"{slug}: {name}"
        assert [(vbd.dev, vbd.uname, vbd.mode) for vbd in again.vbds or ()] == [
            (vbd.dev, vbd.uname, vbd.mode) for vbd in domain.vbds or ()
        ], slug
        macs = [vif["mac"] for vif in options.get("vifs", ())]
        assert [vif.mac for vif in again.vifs or ()] == macs, slug


def test_what_cannot_come_back_is_named() -> None:
    text = (
        "(domain (domid 3) (name web1) (vcpus 4) (vcpu_avail 3) (cpus ((0) (1))) (device (vtpm (backend 0)))"
        " (device (vif (mac 00:16:3e:00:00:01) (rate 62500,50000) (backend 0))) (device (vfb (vncpasswd x) (backend 0))))"
    )
    assert not_declarable(Domain.from_sxp(loads(text))) == [
        "device vtpm",
        "vifs[00:16:3e:00:00:01].rate",
        "vfbs.vncpasswd",
        "cpus",
        "vcpus",
    ]
