# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is the same for every scheduler: why there are no parameters, whose they are, and what ends in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.schedulers import credit, sedf
from ansible_collections.dom0.xend.plugins.module_utils.schedulers.common import Outcome, Scheduler, dictionary
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import NoSuchDomain, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from tests.simulator import Fault, Simulator

CONFIG = "(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /srv/xen/img/vmlinuz) (vcpus 1))))"
MS = 1_000_000

SCHEDULERS: dict[str, Scheduler[Any]] = {"sedf": sedf.SEDF, "credit": credit.CREDIT}
ENSURE: dict[str, Callable[..., Outcome[Any]]] = {"sedf": sedf.ensure_sedf, "credit": credit.ensure_credit}
GIVEN: dict[str, dict[str, Any]] = {"sedf": {"slice": 20 * MS}, "credit": {"weight": 512}}
OTHER = {"sedf": "credit", "credit": "sedf"}
EACH = pytest.mark.parametrize("name", sorted(SCHEDULERS))


def client_of(sim: Simulator, *, read_only: bool = False) -> XendClient:
    """Return a client."""
    return XendClient(Transport(sim.unix_url, sleep=lambda _seconds: None), timeout=20, read_only=read_only)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{'cap': 0, 'weight': 256}", {"cap": "0", "weight": "256"}),
        ("{'period': 100000000L, 'slice': -1L}", {"period": "100000000", "slice": "-1"}),
        ("{'a': None, 'b': 1.5, 'c': 'x'}", {}),
        ("{}", {}),
        ("", {}),
    ],
)
def test_the_numbers_of_a_dictionary_are_read(text: str, values: dict[str, str]) -> None:
    assert dictionary(text) == values


# ---- why there are none


@EACH
@pytest.mark.parametrize("version", ["3.0.3", "3.0.4", "3.1", "3.2", "4.1"])
def test_another_scheduler_is_named_where_xend_names_it(name: str, version: str) -> None:
    with Simulator(version, scheduler=OTHER[name], tcp=None) as sim:
        sim.create(CONFIG)
        words = f"runs the {OTHER[name]} scheduler" if version >= "3.1" else "seems to run another scheduler"
        with pytest.raises(XendRefused, match=f"{words}: {name} parameters exist only .*sched={name}") as caught:
            ENSURE[name](client_of(sim), "web1", GIVEN[name])
        assert caught.value.reason == "(22, 'Invalid argument')"


@pytest.mark.parametrize(
    ("name", "version"),
    [("sedf", "3.0.4"), ("sedf", "3.2"), ("sedf", "4.4"), ("credit", "3.0.4"), ("credit", "3.1"), ("credit", "3.2")],
)
def test_a_halted_domain_is_reported_as_such(name: str, version: str) -> None:
    with Simulator(version, scheduler=name, tcp=None) as sim:
        sim.define(CONFIG)
        with pytest.raises(
            XendRefused, match=f"web1 is halted, and this xend has {name} parameters only for a running domain"
        ):
            ENSURE[name](client_of(sim), "web1", GIVEN[name])


@EACH
def test_a_refusal_for_no_known_reason_is_reported_in_xends_words(name: str) -> None:
    with Simulator("4.1", scheduler=name, tcp=None) as sim:
        sim.create(CONFIG)
        sim.faults.append(Fault(SCHEDULERS[name].set_op.replace("_set", "_get"), "refuse", message="no such luck"))
        with pytest.raises(XendRefused, match=f"has the {name} scheduler, but refused .* xend says: no such luck"):
            ENSURE[name](client_of(sim), "web1", {})


@EACH
def test_the_refusal_is_reported_even_if_there_is_no_asking_for_the_reason(name: str) -> None:
    with Simulator("4.1", scheduler=name, tcp=None) as sim:
        sim.create(CONFIG)
        sim.faults.append(Fault("*", "refuse", message="no such luck", times=-1))
        with pytest.raises(XendRefused, match="xend says: no such luck"):
            ENSURE[name](client_of(sim), "web1", {})


# ---- whose they are


@EACH
@pytest.mark.parametrize("version", ["3.0.3", "3.2", "4.1"])
def test_an_id_or_a_uuid_is_not_taken_for_a_name(name: str, version: str) -> None:
    with Simulator(version, scheduler=name, tcp=None) as sim:
        domain = sim.create(CONFIG)
        for other in ("0", " 0", "00", "0" * 32, str(domain.domid), domain.uuid, domain.uuid.replace("-", "")):
            with pytest.raises(NoSuchDomain, match="no domain with the name"):
                ENSURE[name](client_of(sim), other, GIVEN[name])
        assert {request.method for request in sim.requests} == {"GET"}


@EACH
@pytest.mark.parametrize("version", ["3.0.3", "4.1"])
def test_a_name_of_digits_is_a_name(name: str, version: str) -> None:
    with Simulator(version, scheduler=name, tcp=None) as sim:
        sim.create(CONFIG.replace("web1", "4711"))
        assert ENSURE[name](client_of(sim), "4711", GIVEN[name]).sent


# ---- what ends in between


def dying(scheduler: Scheduler[Any], sim: Simulator, *, before: bool) -> Scheduler[Any]:
    """Return the scheduler, but the domain ends right before, or right after, its parameters are set."""

    def send(client: XendClient, name: str, parameters: Mapping[str, int]) -> None:
        if before:
            sim.domain(name).destroy()
        scheduler.set(client, name, parameters)
        if not before:
            sim.domain(name).destroy()

    return replace(scheduler, set=send)


def change(scheduler: Scheduler[Any], client: XendClient, name: str) -> Outcome[Any]:
    """Change the parameters of web1."""
    foreseen = ENSURE[name](XendClient(client._transport, read_only=True), "web1", GIVEN[name])
    return scheduler.change(client, "web1", foreseen)


@EACH
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("version", ["3.0.3", "3.2", "4.1"])
def test_a_domain_that_ends_meanwhile_is_reported_as_such(name: str, version: str, *, before: bool) -> None:
    with Simulator(version, scheduler=name, tcp=None) as sim:
        sim.create(CONFIG)
        scheduler = dying(SCHEDULERS[name], sim, before=before)
        with pytest.raises(NoSuchDomain, match="It ended after its parameters were read"):
            change(scheduler, client_of(sim), name)


@pytest.mark.parametrize(("name", "version"), [("sedf", "3.0.4"), ("sedf", "4.1"), ("credit", "3.2")])
@pytest.mark.parametrize(
    ("before", "words"), [(True, "is halted: it ended in the meantime"), (False, "web1 is halted")]
)
def test_a_managed_domain_that_ends_meanwhile_is_reported_as_halted(
    name: str, version: str, words: str, *, before: bool
) -> None:
    with Simulator(version, scheduler=name, tcp=None) as sim:
        sim.define(CONFIG)
        client = client_of(sim)
        client.start("web1")
        with pytest.raises(XendRefused, match=words):
            change(dying(SCHEDULERS[name], sim, before=before), client, name)
