# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which xend it is: told from every recorded answer about the node, a domain, or a domain that is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.node import Node
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import (
    EARLY,
    LATE,
    R32_TO_33,
    R32_TO_34,
    R34,
    R41_TO_44,
    R300,
    RELEASES,
    Release,
    sharper,
    span_of,
    told_by_missing_domain,
    within,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, loads
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, release_of, replies

BY_NODE = {"3.0.0 to 3.0.2", "3.0.3", "3.0.4", "3.1", "3.2", "3.3 to 3.4", "4.0", "4.1 to 4.4"}
BY_DOMAIN = {"3.0.0", "3.0.2", "3.0.3", "3.0.4", "3.1", "3.2 to 3.3", "3.4", "4.0", "4.1 to 4.4"}
BY_ABSENCE = {"3.0.0 to 3.0.3", "3.0.4", "3.1 to 3.3", "3.4 to 4.4"}
UNLIMITED = "create-vcpus-0"
"""The slug of a domain of no vcpus: that of 3.4 has no cpus either, so that it looks as in 3.2 and 3.3."""


def spans(told: set[str], release: str) -> set[str]:
    """Return those spans that hold the release."""
    return {span for span in told if release in within(span)}


def domains(tree: Sxp) -> Iterator[list[Sxp]]:
    """Yield the domains in an answer, but not the lists of their vcpus, which have the same head."""
    if isinstance(tree, list):
        if tree[:1] == ["domain"] and any(item[:1] == ["memory"] for item in tree):
            yield tree
        elif tree and isinstance(tree[0], list):
            for item in tree:
                yield from domains(item)


def recorded_domains(file: str) -> list[tuple[str, list[Sxp]]]:
    """Return every domain in a recording, in any answer, with the slug."""
    return [(each.slug, tree) for each in replies(file) if each.is_sxp for tree in domains(loads(each.text))]


def fields(tree: Sxp) -> frozenset[str]:
    """Return the names of all fields but those that come and go with the state of one domain or its config."""
    names = {str(item[0]) for item in tree if isinstance(item, list)}
    return frozenset(names - {"device", "start_time", "cpu_time", "online_vcpus", "store_mfn", "console_mfn", "state"})


def test_each_release_was_recorded() -> None:
    assert {release_of(file) for file in FILES} == set(RELEASES)
    for told in (BY_NODE, BY_DOMAIN, BY_ABSENCE):
        assert sorted(name for span in told for name in within(span)) == sorted(RELEASES)


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_domain_identifies_its_release(file: str) -> None:
    release = release_of(file)
    for slug, tree in recorded_domains(file):
        told = Domain.from_sxp(tree).release
        assert told is not None
        if release in within("3.2 to 3.4") and "v0" in [item[1] for item in tree if item[0] == "name"]:
            assert (slug, told) == (UNLIMITED, R32_TO_34)
        else:
            assert ({told.span}, slug) == (spans(BY_DOMAIN, release), slug)
            assert told == RELEASES[release]


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_node_identifies_its_release(file: str) -> None:
    for each in replies(file):
        if each.method == "GET" and each.target in ("/xend/node", "/xend/node/") and each.is_sxp:
            assert {span_of(Node.from_sxp(loads(each.text)).releases)} == spans(BY_NODE, release_of(file))


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_absence_identifies_the_release_or_nothing(file: str) -> None:
    for each in replies(file):
        if each.target.startswith("/xend/domain/") and each.target.count("/") == 3 and each.status in (404, 500):
            told = told_by_missing_domain(each.status, each.text)
            if each.method == "GET" and not each.slug.startswith("poison-"):  # these are there, but spoilt
                assert told is not None
            assert told is None or {told.span} == spans(BY_ABSENCE, release_of(file))


def test_what_cannot_be_distinguished_by_its_node_prints_the_same_fields() -> None:
    printed = defaultdict(set)
    for file in FILES:
        for each in replies(file):
            if each.method == "GET" and each.target == "/xend/node" and each.is_sxp:
                printed[release_of(file)].add(fields(loads(each.text)))
    assert set(printed) == set(RELEASES)
    for span in BY_NODE:
        assert len({frozenset(printed[name]) for name in within(span)}) == 1


def test_what_cannot_be_distinguished_by_its_control_domain_prints_the_same_fields() -> None:
    printed = defaultdict(set)
    for file in FILES:
        for _slug, tree in recorded_domains(file):
            if ["domid", "0"] in tree:
                printed[release_of(file)].add(fields(tree))
    assert set(printed) == set(RELEASES)
    for span in BY_DOMAIN:
        assert len({frozenset(printed[name]) for name in within(span)}) == 1


def test_a_domain_of_no_vcpus_looks_alike_from_3_2_to_3_4() -> None:
    printed = {
        release_of(file): fields(tree)
        for file in FILES
        for slug, tree in recorded_domains(file)
        if slug == UNLIMITED and release_of(file) in within("3.2 to 3.4")
    }
    assert set(printed) == set(within("3.2 to 3.4"))
    assert len(set(printed.values())) == 1


def test_what_may_be_one_of_several_is_taken_for_the_most_careful_of_them() -> None:
    for span in (R32_TO_34, R32_TO_33, R41_TO_44):
        several = [RELEASES[name] for name in within(span.span)]
        assert span.pins is all(each.pins for each in several)
        assert span.changes_media is all(each.changes_media for each in several)
        assert span.sets_cap is all(each.sets_cap for each in several)
        assert span.reboot_settles_after == max(each.reboot_settles_after for each in several)


@pytest.mark.parametrize(
    ("known", "told", "kept"),
    [
        (None, EARLY, EARLY),
        (EARLY, EARLY, EARLY),
        (R300, EARLY, R300),
        (EARLY, R300, R300),
        (R34, R32_TO_34, R34),
        (R300, LATE, LATE),
        (R32_TO_34, LATE, LATE),
    ],
)
def test_what_is_known_is_not_forgotten_for_less(known: Release, told: Release, kept: Release) -> None:
    assert sharper(known, told) == kept
