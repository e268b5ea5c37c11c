# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""xen_domains against simulated xends, over real sockets and through Ansible's own inventory code."""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants as C  # noqa: N812 - as everywhere in Ansible
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import cache_loader, inventory_loader
from ansible.template import is_trusted_as_template
from ansible.utils.display import Display

from ansible_collections.dom0.xend.plugins.inventory.xen_domains import OLDEST_CORE, STATES
from ansible_collections.dom0.xend.plugins.plugin_utils._names import Names, is_address
from ansible_collections.dom0.xend.plugins.plugin_utils._xends import Query, Xend, age, ask, uncollected
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import RawServer, http
from tests.simulator import Fault, Simulator
from tests.support.sshd import MISSING, Sshd

VERSIONS = ("3.0.0", "4.1")
BOTH = pytest.mark.parametrize("version", VERSIONS)
ONLY_3_0_0 = pytest.mark.parametrize("version", ["3.0.0"])
ONLY_4_1 = pytest.mark.parametrize("version", ["4.1"])

TOP = Path(__file__).resolve().parents[4]

HOSTILE = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


@pytest.fixture(name="sim")
def _sim(version: str) -> Iterator[Simulator]:
    with Simulator(version) as sim:
        add(sim, "web1")
        yield sim


@pytest.fixture(name="other")
def _other() -> Iterator[Simulator]:
    with Simulator("4.1") as sim:
        yield sim


@pytest.fixture(name="warnings")
def _warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, msg, *_args, **_kwargs: messages.append(msg))
    return messages


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("XEND_")]:
        monkeypatch.delenv(name)
    # Through the manager, a source that fails is an error and not a warning.
    monkeypatch.setattr(C, "INVENTORY_ANY_UNPARSED_IS_FAILED", True)


def add(sim: Simulator, name: str, *, args: str = "ro", run: bool = True) -> None:
    """Have a domain, running or as it is after a create: paused."""
    quoted = args.replace("\\", "\\\\").replace('"', '\\"')
    vif = f"(device (vif (mac 00:16:3e:00:00:{len(name):02x}) (bridge xenbr0) (ip 10.0.0.{len(name)})))"
    image = f'(image (linux (kernel /boot/vmlinuz) (args "{quoted}")))'
    domain = sim.create(f"(vm (name {name}) (memory 64) (vcpus 1) {image} {vif})")
    if run:
        domain.unpause()


def source(folder: Path, name: str = "test.xen_domains.yml", **options: Any) -> str:
    """Write an inventory source and return its path."""
    path = folder / name
    path.write_text(yaml.safe_dump({"plugin": "dom0.xend.xen_domains", **options}))
    return str(path)


def read(path: str, *, cache: bool = True) -> InventoryData:
    """Return the inventory, as Ansible's manager reads it."""
    manager = InventoryManager(DataLoader(), sources=[path], cache=cache)
    return manager._inventory


def error(path: str) -> str:
    """Return what the plugin says of a source that it refuses; no host may be there then."""
    inventory = InventoryData()
    with pytest.raises(AnsibleError) as caught:
        inventory_loader.get("dom0.xend.xen_domains").parse(inventory, DataLoader(), path, cache=True)
    assert not inventory.hosts
    return str(caught.value)


def members(inventory: InventoryData, group: str) -> list[str]:
    return [host.name for host in inventory.groups[group].get_hosts()]


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    """Return the variables of a host, but for Ansible's own."""
    own = {"inventory_file", "inventory_dir", "inventory_hostname", "inventory_hostname_short", "group_names"}
    return {key: value for key, value in inventory.hosts[host].get_vars().items() if key not in own}


def everything(inventory: InventoryData) -> dict[str, Any]:
    """Return all that an inventory holds, as data that can be compared."""
    return {
        "hosts": {name: variables(inventory, name) for name in inventory.hosts},
        "groups": {name: members(inventory, name) for name in inventory.groups},
    }


def paths(sim: Simulator) -> list[str]:
    """Return what xend was asked for."""
    return [request.path + ("?" + "&".join(request.params) if request.params else "") for request in sim.requests]


# ---- the source


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("a.xen_domains.yml", True),
        ("a.xen_domains.yaml", True),
        ("xen_domains.yml", True),
        ("xen_domains.yaml", True),
        ("a.yml", False),
        ("axen_domains.yml", False),
        ("xen_domains.json", False),
    ],
)
def test_a_source_is_known_by_its_name(tmp_path: Path, name: str, ours: bool) -> None:
    assert inventory_loader.get("dom0.xend.xen_domains").verify_file(source(tmp_path, name)) is ours


@ONLY_3_0_0
def test_a_source_of_a_wrong_name_is_refused_with_the_names_that_are_right(sim: Simulator, tmp_path: Path) -> None:
    path = source(tmp_path, "lab.yml", xend_url=sim.url)
    result = run_ansible("inventory", "-i", path, "--list", folder=tmp_path)
    assert result.returncode != 0
    said = " ".join(result.stderr.split())
    assert (
        f"{path} is not used as a source of dom0.xend.xen_domains: "
        "its name must be xen_domains.yml or xen_domains.yaml, or end in .xen_domains.yml or .xen_domains.yaml"
    ) in said
    assert not sim.requests


@pytest.mark.parametrize("content", [b"all: {hosts: {web1: }}\n", b"plugin: dom0.xend.xen_domains_too\n", b"\xff\xfe"])
def test_a_file_that_is_for_another_plugin_is_passed_over_in_silence(
    tmp_path: Path, warnings: list[str], content: bytes
) -> None:
    path = tmp_path / "lab.yml"
    path.write_bytes(content)
    assert not inventory_loader.get("dom0.xend.xen_domains").verify_file(str(path))
    assert not warnings


@ONLY_3_0_0
def test_the_connection_can_come_from_the_environment(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XEND_URL", sim.unix_url)
    assert list(read(source(tmp_path)).hosts) == ["web1"]


# ---- hosts, variables and groups


@BOTH
def test_each_domain_but_the_control_domain_is_a_host(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "db1", run=False)
    inventory = read(source(tmp_path, xend_url=sim.url))
    assert sorted(inventory.hosts) == ["db1", "web1"]
    assert members(inventory, "state_running") == ["web1"]
    assert members(inventory, "state_paused") == ["db1"]
    assert members(inventory, "xend_127_0_0_1") == ["db1", "web1"]


@ONLY_4_1
def test_halted_and_crashed_domains_are_there_where_xend_does_not_list_them(sim: Simulator, tmp_path: Path) -> None:
    sim.define("(vm (name old) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
    sim.create("(vm (name sick) (memory 64) (vcpus 1) (on_crash preserve) (image (linux (kernel /k))))").unpause()
    sim.domain("sick").crash()
    inventory = read(source(tmp_path, xend_url=sim.url))
    assert members(inventory, "state_halted") == ["old"]
    assert members(inventory, "state_crashed") == ["sick"]
    assert variables(inventory, "old")["xen_domid"] is None


@BOTH
def test_the_variables_are_the_fields_of_the_domain_and_its_xend(sim: Simulator, tmp_path: Path) -> None:
    found = variables(read(source(tmp_path, xend_url=sim.url)), "web1")
    assert {key: found[f"xen_{key}"] for key in ("name", "state", "domid", "memory", "vcpus", "vbds")} == {
        "name": "web1",
        "state": "running",
        "domid": 1,
        "memory": 64,
        "vcpus": 1,
        "vbds": [],
    }
    assert found["xen_vifs"][0]["ip"] == ["10.0.0.4"]
    assert (found["xen_xend"], found["xen_xend_url"]) == ("127.0.0.1", sim.url)
    assert all(key.startswith("xen_") for key in found)
    assert "ansible_host" not in found


@ONLY_3_0_0
def test_the_prefix_of_the_variables_can_be_chosen(sim: Simulator, tmp_path: Path) -> None:
    found = variables(read(source(tmp_path, xend_url=sim.url, vars_prefix="dom_")), "web1")
    assert (found["dom_name"], found["dom_xend"]) == ("web1", "127.0.0.1")
    assert all(key.startswith("dom_") for key in found)


@BOTH
def test_the_control_domain_is_a_host_where_that_is_wanted(sim: Simulator, tmp_path: Path) -> None:
    inventory = read(source(tmp_path, xend_url=sim.url, include_domain0=True))
    assert sorted(inventory.hosts) == ["Domain-0", "web1"]


@ONLY_3_0_0
@pytest.mark.parametrize(("wanted", "hosts"), [(False, ["web1"]), (True, ["Zombie-db1", "web1"])])
def test_zombies_are_hosts_only_where_that_is_wanted(
    sim: Simulator, tmp_path: Path, wanted: bool, hosts: list[str]
) -> None:
    add(sim, "db1")
    with sim.host.lock:
        sim.host.remove(sim.domain("db1"), linger=1000)
    assert sorted(read(source(tmp_path, xend_url=sim.url, include_zombies=wanted)).hosts) == hosts


@ONLY_3_0_0
def test_a_zombie_is_one_also_where_its_state_does_not_say_so(sim: Simulator, tmp_path: Path) -> None:
    uuid = "(uuid 693eb397-04dc2dbb-a924d76a-e22593e6)"
    body = f"((domain (name Zombie-db1) (domid 7) {uuid} (state ------)) (domain (name web1) (domid 1) {uuid}))"
    sim.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
    assert list(read(source(tmp_path, xend_url=sim.url)).hosts) == ["web1"]


@ONLY_4_1
def test_a_name_like_a_zombies_is_only_a_name_where_xend_does_not_rename(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "Zombie-killer")
    assert "Zombie-killer" in read(source(tmp_path, xend_url=sim.url)).hosts


@ONLY_3_0_0
def test_the_group_of_each_state_exists_also_when_it_is_empty(sim: Simulator, tmp_path: Path) -> None:
    groups = read(source(tmp_path, xend_url=sim.url)).groups
    assert {f"state_{state}" for state in STATES} <= set(groups)


@BOTH
def test_constructed_variables_and_groups_see_the_domain(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "db1")
    inventory = read(
        source(
            tmp_path,
            xend_url=sim.url,
            strict=True,
            compose={"ansible_host": "xen_vifs[0].ip[0]", "twice": "xen_memory * 2"},
            groups={"web": "xen_name is match('web')"},
            keyed_groups=[{"key": "xen_vifs | map(attribute='bridge')", "prefix": "bridge"}],
        )
    )
    assert variables(inventory, "web1")["ansible_host"] == "10.0.0.4"
    assert variables(inventory, "web1")["twice"] == 128
    assert members(inventory, "web") == ["web1"]
    assert members(inventory, "bridge_xenbr0") == ["db1", "web1"]


@ONLY_3_0_0
def test_an_expression_that_fails_is_skipped_unless_strict(sim: Simulator, tmp_path: Path) -> None:
    options: dict[str, Any] = {"xend_url": sim.url, "compose": {"x": "no_such_thing.at_all"}}
    assert "x" not in variables(read(source(tmp_path, **options)), "web1")
    with pytest.raises(AnsibleError):
        read(source(tmp_path, strict=True, **options))


# ---- names, addresses, filters


@BOTH
@pytest.mark.parametrize(
    ("hostnames", "host"),
    [
        ([], "web1"),
        (["xen_name ~ '.' ~ xen_xend"], "web1.a"),
        (["{{ xen_name }}.example.org"], "web1.example.org"),
        (["xen_nothing", "none", "''", "[]", "false", "xen_uuid is none", "'x-' ~ xen_memory"], "x-64"),
        (["xen_memory"], "64"),
    ],
)
def test_the_first_hostname_that_gives_a_text_is_taken(
    sim: Simulator, tmp_path: Path, hostnames: list[str], host: str
) -> None:
    path = source(tmp_path, xends=[{"url": sim.url, "name": "a"}], hostnames=hostnames)
    assert list(read(path).hosts) == [host]


@ONLY_3_0_0
def test_a_domain_for_which_no_hostname_gives_a_text_keeps_its_own_with_a_warning(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    path = source(tmp_path, xend_url=sim.url, hostnames=["xen_shutdown_reason", "xen_nothing"])
    assert list(read(path).hosts) == ["web1"]
    assert "hostnames results in no name for the domain 'web1'" in warnings[0]
    assert "hostnames: 'xen_nothing' cannot be evaluated for any domain" in warnings[1]
    assert "hostnames results in no name" in error(source(tmp_path, xend_url=sim.url, hostnames=["none"], strict=True))


@ONLY_3_0_0
def test_hostnames_that_collide_are_distinguished(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    add(sim, "db1")
    path = source(tmp_path, xends=[{"url": sim.url, "name": "a"}], hostnames=["'same'"])
    inventory = read(path)
    assert sorted(inventory.hosts) == ["same", "same+a"]
    assert variables(inventory, "same")["xen_name"] == "db1"
    assert len(warnings) == 1


@BOTH
def test_the_address_is_the_first_that_is_found(sim: Simulator, tmp_path: Path) -> None:
    sim.create("(vm (name bare) (memory 64) (vcpus 1) (image (linux (kernel /k))))").unpause()
    inventory = read(source(tmp_path, xend_url=sim.url, ansible_host=["xen_ip", "{{ xen_name }}.lan"]))
    assert variables(inventory, "web1")["ansible_host"] == "10.0.0.4"
    assert variables(inventory, "bare")["ansible_host"] == "bare.lan"
    assert variables(inventory, "bare")["xen_ip"] is None


@ONLY_3_0_0
def test_an_address_that_is_none_is_passed_over(sim: Simulator, tmp_path: Path) -> None:
    vif = "(device (vif (ip dhcp))) (device (vif (ip 10.1.0.9/16) (ip 10.1.0.10)))"
    sim.create(f"(vm (name odd) (memory 64) (image (linux (kernel /k))) {vif})").unpause()
    assert variables(read(source(tmp_path, xend_url=sim.url)), "odd")["xen_ip"] == "10.1.0.9"


@BOTH
@pytest.mark.parametrize(
    ("filters", "hosts"),
    [
        ([], ["db1", "db2", "web1"]),
        ([{"exclude": "xen_name is match('db')"}], ["web1"]),
        ([{"include": "xen_name is match('db')"}, {"exclude": True}], ["db1", "db2"]),
        ([{"exclude": "xen_name == 'db1'"}, {"include": "xen_name is match('db')"}, {"exclude": "true"}], ["db2"]),
        ([{"include": "xen_state == 'paused'"}, {"exclude": True}], ["db2"]),
        ([{"exclude": "xen_image.kernel != xen_nothing"}], ["db1", "db2", "web1"]),
        ([{"include": "xen_nothing"}, {"exclude": True}], []),
        ([{"exclude": "xen_xend == 'a' and xen_xend_url is match('http')"}], []),
    ],
)
def test_the_first_filter_that_is_true_decides(
    sim: Simulator, tmp_path: Path, filters: list[dict[str, Any]], hosts: list[str]
) -> None:
    add(sim, "db1")
    add(sim, "db2", run=False)
    path = source(tmp_path, xends=[{"url": sim.url, "name": "a"}], filters=filters)
    assert sorted(read(path).hosts) == hosts


@ONLY_3_0_0
def test_a_filter_that_can_be_evaluated_for_no_domain_is_reported(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    add(sim, "db1")
    options: dict[str, Any] = {"xend_url": sim.url, "filters": [{"exclude": "xen_nmae == 'db1'"}]}
    assert sorted(read(source(tmp_path, **options)).hosts) == ["db1", "web1"]
    (warning,) = warnings
    assert "filters: \"xen_nmae == 'db1'\" cannot be evaluated for any domain" in warning
    assert "xen_nmae == 'db1'" in error(source(tmp_path, strict=True, **options))


@ONLY_3_0_0
def test_an_expression_that_is_none_is_an_error(sim: Simulator, tmp_path: Path) -> None:
    for options in ({"filters": [{"exclude": "xen_name =="}]}, {"hostnames": ["{{ xen_name"]}):
        path = source(tmp_path, xend_url=sim.url, **options)
        message = error(path)
        assert path in message
        assert next(iter(options)) in message


@ONLY_3_0_0
def test_expressions_can_use_the_variables_of_the_command_line_where_that_is_wanted(
    sim: Simulator, tmp_path: Path
) -> None:
    path = source(tmp_path, xend_url=sim.url, hostnames=["'it-' ~ site"], use_extra_vars=True)
    result = run_ansible("inventory", "-i", path, "--list", "-e", "site=hall2", folder=tmp_path)
    assert list(json.loads(result.stdout)["_meta"]["hostvars"]) == ["it-hall2"]


@BOTH
def test_the_node_is_a_variable_of_the_group_of_its_xend(sim: Simulator, tmp_path: Path) -> None:
    path = source(
        tmp_path,
        xends=[{"url": sim.url, "name": "a"}],
        fetch_node=True,
        compose={"whole": "xen_memory == xen_node.total_memory"},
        hostnames=["xen_name ~ '-' ~ xen_node.nr_cpus"],
    )
    inventory = read(path)
    node = inventory.groups["xend_a"].vars["xen_node"]
    assert (node["xen_version"].split(".")[:1], node["total_memory"]) == ([sim.version[0]], 16384)
    assert "xen_node" not in inventory.hosts["web1-4"].vars
    assert variables(inventory, "web1-4")["whole"] is False
    assert paths(sim)[-1] == "/xend/node"


@ONLY_3_0_0
def test_a_node_that_cannot_be_read_hides_no_domain(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    sim.faults.append(Fault("node", "refuse"))
    inventory = read(source(tmp_path, xend_url=sim.url, fetch_node=True))
    assert list(inventory.hosts) == ["web1"]
    assert not inventory.groups["xend_127_0_0_1"].vars
    assert "the node cannot be described" in warnings[0]


@BOTH
def test_the_node_comes_from_the_cache_too(sim: Simulator, tmp_path: Path) -> None:
    cache: dict[str, Any] = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
    }
    path = source(tmp_path, xends=[{"url": sim.url, "name": "a"}], fetch_node=True, **cache)
    miss = read(path).groups["xend_a"].vars
    sim.clear_log()
    assert read(path).groups["xend_a"].vars == miss
    assert not sim.requests


# ---- requests


@ONLY_3_0_0
def test_an_early_xend_is_asked_once(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "db1", run=False)
    read(source(tmp_path, xend_url=sim.url))
    assert paths(sim) == ["/xend/domain?detail"]


@ONLY_4_1
def test_a_late_xend_is_asked_for_its_list_for_all_names_and_for_each_domain_that_does_not_run(
    sim: Simulator, tmp_path: Path
) -> None:
    for name in ("db1", "db2", "db3"):
        add(sim, name, run=False)
    read(source(tmp_path, xend_url=sim.url))
    assert paths(sim) == [
        "/xend/domain?detail",
        "/xend/domain?state",
        *(f"/xend/domain/{name}" for name in ("db1", "db2", "db3")),
    ]


@ONLY_4_1
def test_a_late_xend_is_asked_once_where_only_what_runs_is_wanted(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "db1", run=False)
    assert list(read(source(tmp_path, xend_url=sim.url, include_halted=False)).hosts) == ["web1"]
    assert paths(sim) == ["/xend/domain?detail"]


# ---- several xends


@BOTH
def test_several_xends_make_one_inventory(sim: Simulator, other: Simulator, tmp_path: Path) -> None:
    add(other, "db1")
    xends = [{"url": sim.url, "name": "a"}, {"url": other.unix_url}]
    inventory = read(source(tmp_path, xends=xends))
    assert (members(inventory, "xend_a"), members(inventory, "xend_localhost")) == (["web1"], ["db1"])
    assert variables(inventory, "db1")["xen_xend"] == "localhost"


@ONLY_3_0_0
def test_a_name_on_two_xends_is_distinguished_with_a_warning(
    sim: Simulator, other: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    add(other, "web1")
    xends = [{"url": sim.url, "name": "a"}, {"url": other.url, "name": "b"}]
    inventory = read(source(tmp_path, xends=xends))
    assert (members(inventory, "xend_a"), members(inventory, "xend_b")) == (["web1"], ["web1+b"])
    assert variables(inventory, "web1+b")["xen_name"] == "web1"
    assert any("the name web1 of a domain on xend b is taken: it is called web1+b" in warning for warning in warnings)


@ONLY_3_0_0
def test_a_name_on_two_xends_is_an_error_if_strict(sim: Simulator, other: Simulator, tmp_path: Path) -> None:
    add(other, "web1")
    xends = [{"url": sim.url, "name": "a"}, {"url": other.url, "name": "b"}]
    assert "the name web1 of a domain on xend b is taken" in error(source(tmp_path, xends=xends, strict=True))


@ONLY_3_0_0
def test_a_name_in_two_sources_is_distinguished_too(
    sim: Simulator, other: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    add(other, "web1")
    source(tmp_path, "a.xen_domains.yml", xend_url=sim.url)
    source(tmp_path, "b.xen_domains.yml", xend_url=other.unix_url)
    assert sorted(read(str(tmp_path)).hosts) == ["web1", "web1+localhost"]
    assert warnings


@ONLY_3_0_0
def test_a_host_of_another_source_gets_the_variables_added(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    (tmp_path / "a_static.yml").write_text("all: {hosts: {web1: {ansible_user: root}}}\n")
    source(tmp_path, "b.xen_domains.yml", xend_url=sim.url)
    found = variables(read(str(tmp_path)), "web1")
    assert (found["ansible_user"], found["xen_domid"]) == ("root", 1)
    assert not warnings


def test_a_name_that_occurs_again_and_again_still_gets_one_of_its_own() -> None:
    names = Names({"all"}, {"web1": "http://b"})
    assert [names.take("x", "a", "http://a") for _time in range(4)] == ["x", "x+a", "x+a+2", "x+a+3"]
    assert names.take("all", "a", "http://a") == "all+a"
    assert names.take("web1", "a", "http://a") == "web1+a"
    assert names.take("web1", "b", "http://b") == "web1"


def test_many_domains_of_one_name_are_distinguished_in_no_time() -> None:
    names = Names({"all"}, {})
    before = time.process_time()
    given = [names.take("x", "a", "http://a") for _time in range(50_000)]
    assert time.process_time() - before < 5
    assert (len(set(given)), given[-1]) == (50_000, "x+a+49999")


@ONLY_3_0_0
def test_an_inventory_of_many_domains_of_one_name_takes_no_time(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    entries = "".join(f"(domain (name x) (domid {number}))" for number in range(1, 16_001))
    sim.faults.append(Fault("detail", "status", status=200, body=f"({entries})", content_type="application/sxp"))
    before = time.process_time()
    inventory = read(source(tmp_path, xend_url=sim.url))
    assert time.process_time() - before < 10
    assert len(inventory.hosts) == 16_000
    assert len(warnings) == 6


def test_all_xends_are_asked_at_the_same_time(tmp_path: Path) -> None:
    sims = [Simulator("3.0.0").start() for _number in range(6)]
    try:
        for sim in sims:
            sim.faults.append(Fault("detail", "delay", seconds=0.5))
        xends = [{"url": sim.url, "name": f"x{number}"} for number, sim in enumerate(sims)]
        before = time.monotonic()
        read(source(tmp_path, xends=xends))
        assert time.monotonic() - before < 1.5
    finally:
        for sim in sims:
            sim.stop()


INTERRUPTIBLE = (
    "import runpy, signal\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the process that runs the tests does with it\n"
    "runpy.run_module('ansible.cli.inventory', run_name='__main__', alter_sys=True)"
)


def test_an_interrupt_ends_the_wait_for_a_xend_that_drips(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        path = source(tmp_path, xends=[{"url": url, "name": "a"}, {"url": dead_url(), "name": "b"}])
        command = [sys.executable, "-c", INTERRUPTIBLE, "-i", path, "--list"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _address = listener.accept()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/sxp\r\nContent-Length: 1000\r\n\r\n(")
            process.send_signal(signal.SIGINT)
            for _drip in range(50):
                if process.poll() is not None:
                    break
                with contextlib.suppress(OSError):
                    connection.sendall(b" ")
                time.sleep(0.2)
            ended = process.poll()
            process.kill()
            _out, said = process.communicate()
            connection.close()
    assert ended == 99, said
    assert "User interrupted execution" in said


def test_what_the_code_that_asks_a_xend_has_wrong_is_not_lost_in_a_thread() -> None:
    xend = Xend("a", "xend_a", "fail", {})
    with pytest.raises(KeyError):
        ask([xend], Query(include_halted=True, fetch_node=False))


# ---- the collector of garbage


class Cycle:
    """Garbage that only the collector can take away, as hosts and their groups are."""

    def __init__(self) -> None:
        self.itself = self


def test_an_inventory_that_nobody_needs_any_more_is_collected() -> None:
    with uncollected():
        gone = weakref.ref(Cycle())
    gc.collect()
    assert gone() is None
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_has_frozen_stays_frozen() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with uncollected():
            pass
        assert 0 < gc.get_freeze_count() <= before
    finally:
        gc.unfreeze()


# ---- xends that give nothing


def dead_url() -> str:
    """Return a URL where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@ONLY_3_0_0
def test_a_dead_xend_fails_the_whole_source_and_says_what_to_check(sim: Simulator, tmp_path: Path) -> None:
    url = dead_url()
    path = source(tmp_path, xends=[{"url": sim.url, "name": "a"}, {"url": url, "name": "b"}])
    message = error(path)
    assert f"{path}: xend b: Cannot connect to xend at {url}" in message
    assert "xend-http-server" in message


@ONLY_3_0_0
def test_a_dead_xend_is_a_warning_where_that_is_wanted(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    xends = [{"url": dead_url(), "name": "a"}, {"url": sim.url, "name": "b"}]
    inventory = read(source(tmp_path, xends=xends, on_failure="warn"))
    assert list(inventory.hosts) == ["web1"]
    assert "the domains of xend a are missing: Cannot connect to xend" in warnings[0]
    assert members(inventory, "xend_a") == []


@pytest.mark.parametrize("option", ["timeout", "connect_timeout"])
@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e10, -1])
def test_a_time_that_no_socket_takes_is_reported_with_its_xend_and_its_option(
    tmp_path: Path, option: str, seconds: float
) -> None:
    xends = [{"url": dead_url(), "name": "a"}, {"url": dead_url(), "name": "b", option: seconds}]
    said = f"xend b: {option} must be more than 0 seconds and not more than 1000000, not {seconds:g}"
    assert said in error(source(tmp_path, xends=xends, on_failure="warn"))


def test_all_dead_xends_are_named(tmp_path: Path) -> None:
    xends = [{"url": dead_url(), "name": "a"}, {"url": f"unix://{tmp_path}/none", "name": "b"}]
    message = error(source(tmp_path, xends=xends))
    assert "xend a: Cannot connect" in message
    assert "xend b: Cannot connect" in message


@BOTH
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("html", "answered HTML"),
        ("truncate", "broke off"),
        ("refuse", "refused to give a list of "),
        ("drop", "closed the connection"),
    ],
)
def test_what_is_no_list_of_domains_is_an_error(sim: Simulator, tmp_path: Path, kind: str, said: str) -> None:
    sim.faults.append(Fault("detail", kind, times=-1))
    sim.faults.append(Fault("list", kind, times=-1))
    message = error(source(tmp_path, xend_url=sim.url))
    assert said in message
    assert sim.url in message


# ---- domains that cannot be read


@BOTH
def test_a_domain_without_a_name_does_not_hide_the_others(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    add(sim, "db1")
    sim.domain("db1").name = ""
    assert list(read(source(tmp_path, xend_url=sim.url)).hosts) == ["web1"]
    assert any("lists a domain that cannot be read" in warning for warning in warnings)


@BOTH
def test_a_malformed_entry_of_the_list_does_not_hide_the_others(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    body = "((domain (name web1) (domid 1) (state -b----)) (domain (memory 64)) (domain (name db1) (memory much)))"
    sim.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
    inventory = read(source(tmp_path, xend_url=sim.url))
    assert sorted(inventory.hosts) == ["db1", "web1"]
    assert variables(inventory, "db1")["xen_memory"] is None
    assert len(warnings) == 1
    assert "lists a domain that cannot be read: (domain (memory 64))" in warnings[0]


@BOTH
def test_a_domain_that_spoils_the_text_of_the_list_does_not_hide_the_others(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    add(sim, "db1")
    body = "((domain (name web1) (domid 1) (args {a)) (domain (name db1) (domid 2)))"
    sim.faults.append(Fault("detail", "status", status=200, body=body, content_type="application/sxp"))
    assert sorted(read(source(tmp_path, xend_url=sim.url)).hosts) == ["db1", "web1"]
    assert not warnings


@ONLY_4_1
@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, "(domain (memory", "application/sxp"),
        (200, "(domain (memory 64))", "application/sxp"),
        (200, "", ""),
        (200, "it is here", "text/plain"),
        (500, "(xend.err 'out of order')", "application/sxp"),
        (500, "Internal server error", "text/plain"),
        (404, "Invalid Configuration: x", "text/plain"),
    ],
)
def test_a_domain_that_cannot_be_described_does_not_hide_the_others(
    sim: Simulator, tmp_path: Path, warnings: list[str], status: int, body: str, content_type: str
) -> None:
    for name in ("db1", "db2"):
        add(sim, name, run=False)
    sim.faults.append(Fault("get", "status", status=status, body=body, content_type=content_type))
    assert sorted(read(source(tmp_path, xend_url=sim.url)).hosts) == ["db2", "web1"]
    assert any("domain 'db1' cannot be read" in warning for warning in warnings)


@ONLY_4_1
def test_a_name_that_does_not_survive_in_a_url_does_not_hide_the_others(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    add(sim, "db1", run=False)
    sim.domain("db1").name = ".."
    assert list(read(source(tmp_path, xend_url=sim.url)).hosts) == ["web1"]
    assert any("domain '..' cannot be read" in warning for warning in warnings)


@ONLY_4_1
def test_many_domains_that_cannot_be_described_are_counted(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    for number in range(7):
        add(sim, f"db{number}", run=False)
    sim.faults.append(Fault("get", "refuse", times=-1))
    assert list(read(source(tmp_path, xend_url=sim.url)).hosts) == ["web1"]
    assert len(warnings) == 6
    assert warnings[-1].endswith("xend 127.0.0.1: 2 more domains cannot be read")


@ONLY_4_1
def test_that_the_node_cannot_be_described_is_reported_however_many_domains_cannot_either(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    for number in range(7):
        add(sim, f"db{number}", run=False)
    sim.faults += [Fault("get", "refuse", times=-1), Fault("node", "refuse")]
    assert list(read(source(tmp_path, xend_url=sim.url, fetch_node=True)).hosts) == ["web1"]
    assert "the node cannot be described" in warnings[0]
    assert warnings[-1].endswith("3 more domains cannot be read")


@ONLY_4_1
def test_a_xend_that_goes_silent_half_way_is_an_error(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "db1", run=False)
    sim.faults.append(Fault("get", "truncate", times=-1))
    assert "broke off" in error(source(tmp_path, xend_url=sim.url))


@ONLY_4_1
def test_a_domain_that_goes_meanwhile_is_not_missed(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    add(sim, "db1", run=False)
    sim.faults.append(Fault("get", "status", status=404, body="<Fault 3: 'db1'>"))
    assert list(read(source(tmp_path, xend_url=sim.url)).hosts) == ["web1"]
    assert not warnings


# ---- what must not come true


@BOTH
@pytest.mark.parametrize(
    "name",
    ["all", "ungrouped", "state_running", "xend_a", "made", "localhost", "127.0.0.1", "127.1", "0", "LocalHost."],
)
def test_a_domain_is_not_taken_for_a_group_or_for_the_controller(
    sim: Simulator, tmp_path: Path, warnings: list[str], name: str
) -> None:
    sim.domain("web1").name = name
    add(sim, "db1")
    options: dict[str, Any] = {
        "xends": [{"url": sim.url, "name": "a"}],
        "groups": {"made": f"xen_name == '{name}'"},
    }
    inventory = read(source(tmp_path, **options))
    assert sorted(inventory.hosts) == sorted(["db1", f"{name}+a"])
    assert members(inventory, "made") == [f"{name}+a"]
    assert any("is taken" in warning for warning in warnings)


@ONLY_4_1
@pytest.mark.parametrize(
    ("keyed", "group"),
    [
        ({"key": "xen_vifs | map(attribute='bridge')", "prefix": "bridge"}, "bridge_xenbr0"),
        ({"key": "xen_vifs[0].bridge", "prefix": "br", "parent_group": "bridges"}, "bridges"),
        ({"key": "xen_nothing | default('')", "default_value": "none", "prefix": "x"}, "x_none"),
        ({"key": "marked", "prefix": "", "separator": ""}, "yes"),
    ],
)
def test_a_domain_named_as_a_keyed_group_is_not_taken_for_the_hosts_of_that_group(
    sim: Simulator, tmp_path: Path, warnings: list[str], keyed: dict[str, Any], group: str
) -> None:
    add(sim, group)
    inventory = read(
        source(
            tmp_path,
            xends=[{"url": sim.url, "name": "a"}],
            compose={"marked": "'yes'", "odd": "xen_name"},
            groups={"dmz": f"xen_name == '{group}'"},
            keyed_groups=[keyed],
        )
    )
    assert sorted(inventory.hosts) == sorted(["web1", f"{group}+a"])
    assert members(inventory, "dmz") == [f"{group}+a"]
    assert sorted(members(inventory, group)) == sorted(["web1", f"{group}+a"])
    assert "odd" not in inventory.groups[group].vars
    assert variables(inventory, f"{group}+a")["odd"] == group
    (warning,) = warnings
    assert f"the name {group} of a domain on xend a is taken: it is called {group}+a" in warning


@ONLY_4_1
def test_a_group_for_each_name_leaves_no_host_with_the_name_of_a_group(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "db1")
    keyed = [{"key": "inventory_hostname", "prefix": "", "separator": ""}]
    inventory = read(source(tmp_path, xends=[{"url": sim.url, "name": "a"}], keyed_groups=keyed))
    assert sorted(inventory.hosts) == ["db1+a", "web1+a"]
    assert members(inventory, "web1_a") == ["web1+a"]
    assert "web1" not in inventory.groups


@ONLY_3_0_0
def test_a_domain_named_as_a_group_of_an_earlier_source_is_distinguished(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    (tmp_path / "a_static.yml").write_text("all: {children: {prod: {hosts: {mail: }}}}\n")
    add(sim, "prod")
    source(tmp_path, "b.xen_domains.yml", xend_url=sim.url, groups={"dmz": "xen_name == 'prod'"})
    inventory = read(str(tmp_path))
    assert members(inventory, "prod") == ["mail"]
    assert members(inventory, "dmz") == ["prod+127.0.0.1"]
    assert warnings


@ONLY_4_1
def test_expressions_see_what_a_host_has_from_other_sources(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "a_static.yml").write_text(
        "all: {children: {top: {children: {old: {hosts: {web1: {site: hall2}}}}}}}\n"
    )
    source(
        tmp_path,
        "b.xen_domains.yml",
        xends=[{"url": sim.url, "name": "a"}],
        strict=True,
        compose={"seen": "group_names", "file": "inventory_file"},
        keyed_groups=[{"key": "site"}],
    )
    inventory = read(str(tmp_path))
    found = variables(inventory, "web1")
    assert sorted(found["seen"]) == ["old", "state_running", "top", "xend_a"]
    assert found["file"] == str(tmp_path / "a_static.yml")
    assert members(inventory, "_hall2") == ["web1"]
    assert "web1" not in [host.name for host in inventory.groups["top"].hosts]


@ONLY_4_1
def test_an_expression_that_fails_under_strict_leaves_nothing_behind(sim: Simulator, tmp_path: Path) -> None:
    for options in ({"compose": {"x": "xen_nothing"}}, {"keyed_groups": [{"key": "xen_nothing"}]}):
        error(source(tmp_path, xend_url=sim.url, strict=True, **options))


@ONLY_3_0_0
def test_thousands_of_odd_names_give_a_few_warnings(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    entries = "".join(f"(domain (name 'odd {number} {'x' * 300}') (domid {number}))" for number in range(1, 3001))
    sim.faults.append(Fault("detail", "status", status=200, body=f"({entries})", content_type="application/sxp"))
    path = source(
        tmp_path,
        xend_url=sim.url,
        hostnames=["xen_nothing | default('')"],
        ansible_host=["xen_name"],
        compose={"ansible_user": "xen_name"},
    )
    assert len(read(path).hosts) == 3000
    assert len(warnings) == 4 * 6
    assert sum(map(len, warnings)) < 10_000
    assert any("2995 more names that are not valid host names" in warning for warning in warnings)


@BOTH
@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("{{ 7 * 7 }}", "___7___7___"),
        ('it\'s "q"', "it_s__q_"),
        ("a\nb", "a_b"),
        ("web[1:3]", "web_1_3_"),
        ("web1:db1", "web1_db1"),
        ("-oProxyCommand=touch pwned", "_oProxyCommand_touch_pwned"),
        ("-E/tmp/x", "_E_tmp_x"),
        ("..", "__"),
        ("../group_vars/all", ".._group_vars_all"),
        ("a/./b", "a_._b"),
        ("a,b", "a_b"),
        ("!web", "_web"),
        ("café", "caf_"),
        ("!unsafe x", "_unsafe_x"),
    ],
)
def test_a_name_that_ansible_could_misread_is_made_harmless_and_stays_as_it_is_in_the_variables(
    sim: Simulator, tmp_path: Path, warnings: list[str], name: str, host: str
) -> None:
    add(sim, "db1")
    sim.domain("web1").name = name.encode().decode("latin-1")  # bytes, as xend has them
    inventory = read(source(tmp_path, xend_url=sim.url))
    assert sorted(inventory.hosts) == sorted(["db1", host])
    assert variables(inventory, host)["xen_name"] == name
    assert not is_trusted_as_template(variables(inventory, host)["xen_name"])
    assert any(f"cannot be the name of a host: it is called {host}" in warning for warning in warnings)


@ONLY_3_0_0
def test_a_name_that_ansible_could_misread_is_an_error_if_strict(sim: Simulator, tmp_path: Path) -> None:
    sim.domain("web1").name = "a,b"
    assert "'a,b' on xend 127.0.0.1 cannot be the name" in error(source(tmp_path, xend_url=sim.url, strict=True))


def test_the_name_of_a_xend_that_is_no_name_of_a_host_does_no_harm_in_that_of_a_host() -> None:
    names = Names({"web1"}, {})
    assert names.take("web1", "::1", "http://[::1]:8000") == "web1+__1"
    assert names.take("web1", "db1, rack", "http://b") == "web1+db1__rack"


@ONLY_4_1
def test_ssh_takes_a_name_that_was_distinguished_for_no_user_of_another_host(
    sim: Simulator, other: Simulator, tmp_path: Path
) -> None:
    add(other, "web1")
    xends = [{"url": sim.url, "name": "a"}, {"url": other.url, "name": "mail.example.org"}]
    (second,) = members(read(source(tmp_path, xends=xends)), "xend_mail_example_org")
    asked = subprocess.run(["ssh", "-G", second], capture_output=True, text=True, check=True).stdout.splitlines()
    assert f"hostname {second}" in asked
    assert not is_address(second)  # no resolver has such a name, unlike web1.mail.example.org


@ONLY_4_1
def test_a_xend_whose_name_is_a_list_or_an_address_of_ipv6_gives_one_harmless_name_to_its_host(
    sim: Simulator, other: Simulator, tmp_path: Path
) -> None:
    for each in (sim, other):
        add(each, "db1")
    for name, host in (("db1, rack", "db1+db1__rack"), ("::1", "db1+__1")):
        xends = [{"url": sim.url, "name": "a"}, {"url": other.url, "name": name}]
        path = source(tmp_path, xends=xends, filters=[{"exclude": "xen_name != 'db1'"}])
        assert sorted(read(path).hosts) == ["db1", host]
        manager = InventoryManager(DataLoader(), sources=[path])
        manager.subset(host)
        assert [each.name for each in manager.get_hosts()] == [host]


OPTIONS_OF_SSH = [
    "-oProxyCommand=touch pwned",
    "-E/tmp/x",
    "-x",
    "a b",
    "a=b",
    "a'b",
    'a"b',
    "a\nb",
    "caf\u00e9",
    "$(touch pwned)",
]
CONNECTION: list[dict[str, Any]] = [
    {"ansible_host": ["xen_name ~ '.example.org'"]},
    {"ansible_host": ["xen_nothing", "{{ xen_name }}"]},
    {"compose": {"ansible_host": "xen_name"}},
    {"compose": {"ansible_ssh_host": "xen_name ~ '.example.org'"}},
    {"compose": {"ansible_user": "xen_name"}},
    {"compose": {"ansible_ssh_common_args": "'-o ProxyJump=' ~ xen_name"}},
    {"compose": {"ansible_ssh_args": "[xen_name] | first"}},
    {"compose": {"ansible_python_interpreter": "'/opt/' ~ xen_name ~ '/python'"}},
]


@ONLY_4_1
@pytest.mark.parametrize("options", CONNECTION)
@pytest.mark.parametrize("name", OPTIONS_OF_SSH)
def test_no_text_of_a_xend_becomes_an_option_of_ssh(
    sim: Simulator, tmp_path: Path, warnings: list[str], name: str, options: dict[str, Any]
) -> None:
    sim.domain("web1").name = name.encode().decode("latin-1")
    inventory = read(source(tmp_path, xend_url=sim.url, **options))
    host = next(iter(inventory.hosts))
    assert not host.startswith("-")
    assert not [key for key in variables(inventory, host) if key.startswith("ansible_")]
    assert any(f"of {host} is not set" in warning for warning in warnings)
    assert error(source(tmp_path, xend_url=sim.url, strict=True, **options))


@ONLY_4_1
@pytest.mark.parametrize("options", CONNECTION)
def test_a_harmless_name_may_say_how_to_reach_a_host(
    sim: Simulator, tmp_path: Path, warnings: list[str], options: dict[str, Any]
) -> None:
    inventory = read(source(tmp_path, xend_url=sim.url, **options))
    assert [
        value for key, value in variables(inventory, "web1").items() if key.startswith("ansible_") and "web1" in value
    ]
    assert not [warning for warning in warnings if "is not set" in warning]


@ONLY_4_1
def test_what_the_user_writes_of_a_connection_stays_beside_a_harmful_name(
    sim: Simulator, tmp_path: Path, warnings: list[str]
) -> None:
    sim.domain("web1").name = "-oProxyCommand=touch pwned"
    args = "-o ProxyJump=gate -o 'User=me'"
    compose = {"ansible_ssh_common_args": repr(args), "ansible_port": "2200 if xen_memory < 65 else 22"}
    inventory = read(source(tmp_path, xend_url=sim.url, compose=compose))
    found = variables(inventory, "_oProxyCommand_touch_pwned")
    assert (found["ansible_ssh_common_args"], found["ansible_port"]) == (args, 2200)
    assert len(warnings) == 1


@pytest.mark.parametrize("address", ["10.0.0.1", "fe80::1%eth0", "::1", "2001:db8::5", "web-1.example.org", "_x"])
def test_an_address_is_acceptable(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address", ["", "-x", "a:b", "a b", ".x", "a@b", "a/b", 5, None, ["a"], "fe80::1%a b", "10.0.0.1\n"]
)
def test_what_is_no_address_is_not(address: object) -> None:
    assert not is_address(address)


@ONLY_4_1
def test_a_task_on_a_guest_with_a_harmful_name_runs_nothing_on_the_controller(sim: Simulator, tmp_path: Path) -> None:
    sim.domain("web1").name = f"-oProxyCommand=touch {tmp_path}/pwned"
    path = source(tmp_path, xend_url=sim.url, ansible_host=["xen_nothing", "xen_name ~ '.example.org'"])
    result = run_ansible(
        "adhoc", "-i", path, "-m", "ansible.builtin.raw", "-a", "true", "-T", "1", "all", folder=tmp_path
    )
    assert "UNREACHABLE" in result.stdout + result.stderr
    assert not (tmp_path / "pwned").exists()


@BOTH
def test_a_template_from_xend_stays_text_wherever_it_is_used(sim: Simulator, tmp_path: Path) -> None:
    text = HOSTILE % (tmp_path / "pwned")
    add(sim, "db1", args=text)
    inventory = read(
        source(
            tmp_path,
            xend_url=sim.url,
            compose={"copied": "xen_image.args", "joined": "'x' ~ xen_image.args", "nested": "[xen_image]"},
            groups={"said_so": "xen_image.args"},
            keyed_groups=[{"key": "xen_image.args", "prefix": "args"}],
        )
    )
    found = variables(inventory, "db1")
    assert (found["copied"], found["joined"], found["nested"][0]["args"]) == (text, "x" + text, text)
    assert not is_trusted_as_template(found["copied"])
    assert not is_trusted_as_template(found["xen_image"]["args"])
    assert not (tmp_path / "pwned").exists()


def run_ansible(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs as a user does; by its module, as ansible-test has no scripts for them."""
    environment = {**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", "NO_COLOR": "1"}
    command = [sys.executable, "-m", f"ansible.cli.{program}", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@ONLY_4_1
def test_a_template_from_xend_stays_text_in_a_play_from_the_cache_too(sim: Simulator, tmp_path: Path) -> None:
    text = HOSTILE % (tmp_path / "pwned")
    add(sim, "db1", args=text)
    cache: dict[str, Any] = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
    }
    path = source(tmp_path, xend_url=sim.url, compose={"copied": "xen_image.args"}, **cache)
    read(path)
    sim.clear_log()
    (tmp_path / "play.yml").write_text(
        "- hosts: db1\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug: {msg: '{{ xen_image.args }}|{{ copied }}|{{ hostvars.db1.xen_image }}'}\n"
        "    - ansible.builtin.debug: {var: xen_image.args}\n"
    )
    result = run_ansible("playbook", "-i", path, "play.yml", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("touch") == 4
    assert not (tmp_path / "pwned").exists()
    assert not sim.requests


@BOTH
def test_bytes_that_are_no_text_do_no_harm(sim: Simulator, tmp_path: Path) -> None:
    sim.create(r"(vm (name db1) (memory 64) (vcpus 1) (image (linux (kernel /k) (args 'a\xff'))))").unpause()
    result = run_ansible("inventory", "-i", source(tmp_path, xend_url=sim.url), "--list", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sorted(json.loads(result.stdout)["_meta"]["hostvars"]) == ["db1", "web1"]


# ---- the cache


@pytest.fixture(name="cached")
def _cached(tmp_path: Path) -> dict[str, Any]:
    folder = str(tmp_path / "cache")
    return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": folder}


@BOTH
def test_a_hit_asks_nobody_and_equals_a_miss(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str]
) -> None:
    add(sim, "db1", run=False)
    add(sim, "all")
    add(sim, "db2")
    sim.domain("db2").name = ""
    path = source(
        tmp_path,
        xend_url=sim.url,
        compose={"ansible_host": "xen_vifs[0].ip[0]"},
        keyed_groups=[{"key": "xen_state"}],
        **cached,
    )
    miss, of_miss = everything(read(path)), list(warnings)
    sim.clear_log()
    warnings.clear()
    assert everything(read(path)) == miss
    assert warnings == of_miss
    assert not sim.requests


@ONLY_3_0_0
def test_a_flushed_cache_is_filled_anew(sim: Simulator, tmp_path: Path, cached: dict[str, Any]) -> None:
    path = source(tmp_path, xend_url=sim.url, **cached)
    read(path)
    add(sim, "db1")
    assert list(read(path).hosts) == ["web1"]
    assert sorted(read(path, cache=False).hosts) == ["db1", "web1"]
    assert sorted(read(path).hosts) == ["db1", "web1"]


@ONLY_4_1
def test_what_would_be_fetched_decides_what_is_taken_from_the_cache(
    sim: Simulator, other: Simulator, tmp_path: Path, cached: dict[str, Any]
) -> None:
    add(sim, "db1", run=False)
    assert list(read(source(tmp_path, xend_url=sim.url, include_halted=False, **cached)).hosts) == ["web1"]
    assert sorted(read(source(tmp_path, xend_url=sim.url, **cached)).hosts) == ["db1", "web1"]
    assert list(read(source(tmp_path, xend_url=other.url, **cached)).hosts) == []
    sim.clear_log()
    both = read(source(tmp_path, xend_url=sim.url, include_domain0=True, vars_prefix="x_", **cached))
    assert sorted(both.hosts) == ["Domain-0", "db1", "web1"]
    assert not sim.requests


@ONLY_3_0_0
def test_no_secret_gets_into_the_cache(sim: Simulator, tmp_path: Path, cached: dict[str, Any]) -> None:
    read(source(tmp_path, xend_url=sim.url, xend_username="somebody", xend_password="hunter2", **cached))
    files = list((tmp_path / "cache").iterdir())
    assert len(files) == 1
    assert "hunter2" not in files[0].name + files[0].read_text()


@ONLY_3_0_0
@pytest.mark.parametrize("policy", ["warn", "fail"])
def test_only_a_xend_that_failed_is_asked_again(
    sim: Simulator, other: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str], policy: str
) -> None:
    add(other, "db1")
    sim.faults.append(Fault("detail", "html"))
    sim.faults.append(Fault("list", "html"))
    xends = [{"url": sim.url, "name": "a"}, {"url": other.url, "name": "b"}]
    path = source(tmp_path, xends=xends, on_failure=policy, **cached)
    if policy == "warn":
        assert list(read(path).hosts) == ["db1"]
        assert len(warnings) == 1
    else:
        error(path)
    other.clear_log()
    assert list(read(path).hosts) == ["web1", "db1"]
    assert not other.requests


@ONLY_3_0_0
def test_what_was_fetched_is_kept_also_if_what_comes_after_fails(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any]
) -> None:
    options: dict[str, Any] = {"xend_url": sim.url, "strict": True, **cached}
    with pytest.raises(AnsibleError):
        read(source(tmp_path, compose={"x": "no_such_thing.at_all"}, **options))
    sim.clear_log()
    assert list(read(source(tmp_path, **options)).hosts) == ["web1"]
    assert not sim.requests


@ONLY_3_0_0
def test_a_cache_that_cannot_be_read_is_said_and_done_without(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str]
) -> None:
    path = source(tmp_path, xend_url=sim.url, **cached)
    read(path)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text("{ not JSON")
    assert list(read(path).hosts) == ["web1"]
    assert any("the cache is not used" in warning for warning in warnings)


ANSWER: dict[str, Any] = {"asked_at": 1e12, "domains": [], "complaints": [], "node": None}


@ONLY_3_0_0
@pytest.mark.parametrize("content", ["[]", '"x"', "null", "5"])
def test_a_cache_file_that_is_no_answer_is_said_and_done_without(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str], content: str
) -> None:
    path = source(tmp_path, xend_url=sim.url, **cached)
    read(path)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text(content)
    assert list(read(path).hosts) == ["web1"]
    assert any("the cache is not used" in warning for warning in warnings)


@ONLY_3_0_0
@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        5,
        {},
        ANSWER,
        "",
        "x",
        "{}",
        "null",
        "[" * 100_000,
        *(
            json.dumps({**ANSWER, **spoilt})
            for spoilt in (
                {"asked_at": "today"},
                {"asked_at": True},
                {"asked_at": float("nan")},
                {"domains": None},
                {"domains": ["web1"]},
                {"domains": [{"fields": {}, "privileged": False, "zombie": False}]},
                {"domains": [{"fields": {"name": 5, "domid": 1, "state": None, "vifs": None}}]},
                {"domains": [{"fields": {"name": "x", "domid": "1", "state": None, "vifs": None}}]},
                {"domains": [{"fields": {"name": "x", "domid": 1, "state": None, "vifs": ["y"]}}]},
                {"complaints": "x"},
                {"complaints": [None]},
                {"node": "x"},
            )
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_cache_that_holds_no_answer_is_said_and_done_without(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str], value: Any
) -> None:
    path = source(tmp_path, xend_url=sim.url, **cached)
    read(path)
    (file,) = (tmp_path / "cache").iterdir()
    options = {"_uri": cached["cache_connection"], "_prefix": "ansible_inventory_", "_timeout": 0}
    cache_loader.get(cached["cache_plugin"], **options).set(file.name[file.name.index("dom0.xend") :], value)
    assert list((tmp_path / "cache").iterdir()) == [file]
    assert list(read(path).hosts) == ["web1"]
    assert any("the cache is not used" in warning for warning in warnings)
    warnings.clear()
    sim.clear_log()
    assert list(read(path).hosts) == ["web1"]
    assert not warnings
    assert not sim.requests


ANSIBLES_OWN = ("__ansible_type", "__ansible_vault", "__ansible_unsafe")


@ONLY_4_1
@pytest.mark.parametrize("plugin", ["ansible.builtin.jsonfile", "ansible.builtin.memory"])
@pytest.mark.parametrize("own", ANSIBLES_OWN)
def test_a_field_with_a_name_that_ansible_uses_itself_spoils_neither_cache_nor_output(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], own: str, plugin: str
) -> None:
    name, body = "/xend/node", f"(node (system Linux) (host d0) ({own} secret) (nr_cpus 4))"
    sim.faults.append(Fault("node", "status", status=200, body=body, content_type="application/sxp"))
    cached["cache_plugin"] = plugin
    path = source(tmp_path, xends=[{"url": sim.url, "name": "a"}], fetch_node=True, **cached)
    for _time in range(2):
        result = run_ansible("inventory", "-i", path, "--list", folder=tmp_path)
        assert result.returncode == 0, result.stderr
        listed = json.loads(result.stdout)
        assert listed["xend_a"]["hosts"] == ["web1"], result.stderr
        assert f"xend{own}" in result.stdout or plugin.endswith("memory")
    assert name in paths(sim)


@ONLY_3_0_0
@pytest.mark.parametrize(
    "trouble",
    [
        {"cache_connection": "/dev/null/cache"},
        {"cache_connection": "/proc/self"},
        {"cache_connection": None},
        {"cache_plugin": "no.such.plugin"},
    ],
    ids=str,
)
def test_a_cache_that_cannot_be_used_is_said_and_xend_is_asked(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str], trouble: dict[str, Any]
) -> None:
    options = {key: value for key, value in {**cached, **trouble}.items() if value is not None}
    path = source(tmp_path, xend_url=sim.url, on_failure="stale", **options)
    assert list(read(path).hosts) == ["web1"]
    assert any("the cache cannot be" in warning for warning in warnings)
    assert "timeout" in error(source(tmp_path, "b.xen_domains.yml", xend_url=sim.url, timeout="soon", **options))
    sim.stop()
    assert "Cannot connect to xend" in error(path)


@ONLY_3_0_0
def test_ansible_inventory_can_flush_the_cache(sim: Simulator, tmp_path: Path, cached: dict[str, Any]) -> None:
    path = source(tmp_path, xend_url=sim.url, **cached)
    hosts = []
    for flush in ([], [], ["--flush-cache"], []):
        result = run_ansible("inventory", "-i", path, "--list", *flush, folder=tmp_path)
        hosts.append(sorted(json.loads(result.stdout)["_meta"]["hostvars"]))
        if len(hosts) == 1:
            add(sim, "db1")
    assert hosts == [["web1"], ["web1"], ["db1", "web1"], ["db1", "web1"]]


# ---- the last answer


def make_older(folder: Path, seconds: float) -> None:
    """Let what is in the cache have been fetched some time earlier."""
    for file in (folder / "cache").iterdir():
        file.write_text(
            re.sub(r'("asked_at\\*": )([0-9.]+)', lambda m: f"{m[1]}{float(m[2]) - seconds}", file.read_text())
        )


@BOTH
def test_a_stale_answer_is_served_with_its_age_where_that_is_wanted(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str]
) -> None:
    add(sim, "db1", run=False)
    path = source(tmp_path, xend_url=sim.url, on_failure="stale", cache_timeout=60, **cached)
    fresh = everything(read(path))
    make_older(tmp_path, 7500)
    sim.stop()
    assert everything(read(path)) == fresh
    (warning,) = warnings
    assert "the domains of xend 127.0.0.1 are shown as 2 hours ago: Cannot connect to xend" in warning


@ONLY_3_0_0
def test_a_stale_answer_is_served_also_to_who_flushes_the_cache(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str]
) -> None:
    path = source(tmp_path, xend_url=sim.url, on_failure="stale", **cached)
    read(path)
    sim.stop()
    assert list(read(path, cache=False).hosts) == ["web1"]
    assert len(warnings) == 1


@ONLY_3_0_0
def test_without_a_last_answer_a_failure_is_a_failure(sim: Simulator, tmp_path: Path, cached: dict[str, Any]) -> None:
    sim.faults.append(Fault("*", "drop", times=-1))
    assert "closed the connection" in error(source(tmp_path, xend_url=sim.url, on_failure="stale", **cached))


@ONLY_3_0_0
def test_an_old_answer_is_not_served_by_a_xend_that_answers(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str]
) -> None:
    path = source(tmp_path, xend_url=sim.url, on_failure="stale", cache_timeout=60, **cached)
    read(path)
    make_older(tmp_path, 61)
    add(sim, "db1")
    assert sorted(read(path).hosts) == ["db1", "web1"]
    assert not warnings


@ONLY_3_0_0
def test_each_xend_can_have_a_policy_of_its_own(
    sim: Simulator, tmp_path: Path, cached: dict[str, Any], warnings: list[str]
) -> None:
    with Simulator("4.1") as other:
        add(other, "db1")
        xends = [
            {"url": sim.url, "name": "a"},
            {"url": other.url, "name": "b", "on_failure": "stale"},
            {"url": dead_url(), "name": "c", "on_failure": "warn"},
        ]
        path = source(tmp_path, xends=xends, **cached)
        read(path)
    warnings.clear()
    assert sorted(read(path, cache=False).hosts) == ["db1", "web1"]
    assert sorted(re.search(r"xend (\w) are (\w+)", warning)[0] for warning in warnings) == [  # type: ignore[index]
        "xend b are shown",
        "xend c are missing",
    ]
    sim.faults.append(Fault("*", "drop", times=-1))
    manager = InventoryData()
    with pytest.raises(AnsibleError, match=r"xend a: xend at .* closed the connection"):
        inventory_loader.get("dom0.xend.xen_domains").parse(manager, DataLoader(), path, cache=False)
    assert not manager.hosts


def test_stale_without_a_cache_is_refused(tmp_path: Path) -> None:
    xends = [{"url": "http://a", "name": "a"}, {"url": "http://b", "name": "b", "on_failure": "stale"}]
    assert "entry 2 of xends: on_failure: stale needs cache: true" in error(source(tmp_path, xends=xends))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (200000, "2 days"),
    ],
)
def test_an_age_is_reported_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_a_hit_does_without_requests(tmp_path: Path, cached: dict[str, Any]) -> None:
    with Simulator("3.0.0") as sim:
        add(sim, "web1")
        path = source(tmp_path, xend_url=sim.url, **cached)
        read(path)
    code = (
        "import sys; from ansible.plugins.loader import init_plugin_loader; init_plugin_loader()\n"
        "from ansible.inventory.manager import InventoryManager; from ansible.parsing.dataloader import DataLoader\n"
        f"hosts = InventoryManager(DataLoader(), sources=[{path!r}])._inventory.hosts\n"
        "print(list(hosts), 'requests' in sys.modules, 'sexpdata' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "['web1'] False False", result.stderr


# ---- options that are wrong


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"xend_rul": "http://a:8000"}, "xend_rul"),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": 0}, "timeout must be more than 0 seconds"),
        ({"timeout": float("nan")}, "timeout must be more than 0 seconds and not more than 1000000, not nan"),
        ({"connect_timeout": 1e20}, "connect_timeout must be more than 0 seconds and not more than 1000000, not 1e+20"),
        ({"validate_certs": "flase"}, "validate_certs"),
        ({"include_halted": "perhaps"}, "include_halted"),
        ({"on_failure": "ignore"}, "on_failure"),
        ({"vars_prefix": "xen-"}, "vars_prefix"),
        ({"vars_prefix": ""}, "vars_prefix"),
        ({"xend_url": "localhost"}, "xend_url"),
        ({"xend_url": "ftp://a"}, "xend_url"),
        ({"xends": [{"url": "http://[a"}]}, "entry 1 of xends: xend_url"),
        ({"xends": [{"url": "ssh://"}]}, "entry 1 of xends: xend_url is none of http"),
        ({"xends": [{"url": "ssh://-oProxyCommand=x"}]}, "has no host or user that ssh accepts"),
        ({"xends": [{"url": "ssh://a", "ssh_args": "'"}]}, "xend_ssh_args cannot be split into arguments"),
        (
            {"xends": [{"xend_url": "http://a"}, {"name": "b"}]},
            "entry 2 of xends: missing required arguments: url",
        ),
        ({"xends": [{"xend_url": "http://a", "tiemout": 3}]}, "entry 1 of xends: tiemout"),
        ({"xends": [{"xend_url": "http://a", "timeout": "x"}]}, "entry 1 of xends: argument 'timeout'"),
        ({"xends": [{"xend_url": "http://a"}, {"xend_url": "http://a:1"}]}, "two xends have the names a and a"),
        ({"xends": [{"xend_url": "http://a-b"}, {"xend_url": "http://a_b"}]}, "group xend_a_b"),
        ({"xends": [{"xend_url": "http://a"}], "xend_url": "http://b"}, "xend_url and xends are both given"),
        ({"hostnames": [{"a": 1}]}, "hostnames must be a list of strings"),
        ({"hostnames": ["xen_name", 5]}, "hostnames must be a list of strings"),
        ({"ansible_host": {"a": 1}}, "ansible_host"),
        (
            {"filters": [{"include": "true", "exclude": "true"}]},
            "filter 1 must have either include or exclude, with a condition",
        ),
        ({"filters": [{"exclude": "true"}, {}]}, "filter 2 must have either include or exclude, with a condition"),
        ({"filters": [{"exclude": None}]}, "filter 1 must have either include or exclude, with a condition"),
        ({"filters": [{"only": "true"}]}, "filter 1 must have either include or exclude, with a condition"),
        ({"filters": ["xen_name"]}, "filters"),
        ({"xends": [{"url": "http://a", "on_failure": "shrug"}]}, "entry 1 of xends: value of on_failure"),
        ({"fetch_node": "perhaps"}, "fetch_node"),
        ({"xends": {"xend_url": "http://a"}}, "xends"),
        ({"xends": ["http://a"]}, "xends"),
        ({"xends": []}, "xends"),
    ],
    ids=str,
)
def test_a_wrong_option_is_named_with_its_file(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    path = source(tmp_path, **options)
    message = error(path)
    assert said in message
    assert path in message


@pytest.mark.parametrize(("scheme", "said"), [("http", "xend_username"), ("ssh", "use a key")])
def test_a_password_in_a_url_is_refused_and_not_repeated(tmp_path: Path, scheme: str, said: str) -> None:
    message = error(source(tmp_path, xends=[{"xend_url": f"{scheme}://root:hunter2@a:8000", "name": "a"}]))
    assert said in message
    assert "hunter2" not in message


@ONLY_3_0_0
def test_an_entry_falls_back_to_the_top_level(sim: Simulator, tmp_path: Path) -> None:
    sim.faults.append(Fault("detail", "hang", times=-1))
    xends = [{"url": sim.url, "name": "a"}, {"url": sim.url, "name": "b", "timeout": 0.2}]
    message = error(source(tmp_path, xends=xends, timeout=0.1))
    assert "xend a: xend at" in message
    assert "did not answer within 0.1 s" in message
    assert "did not answer within 0.2 s" in message


def test_options_of_a_xend_can_come_from_the_environment_and_from_the_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("sesame")
    command = ("encrypt_string", "--vault-password-file", "key", "hunter2", "--name", "xend_password")
    secret = run_ansible("vault", *command, folder=tmp_path).stdout
    path = tmp_path / "test.xen_domains.yml"
    url, user = "{{ lookup('env', 'RACK1') }}", "{{ 'some' ~ 'body' }}"
    path.write_text(
        f'plugin: dom0.xend.xen_domains\nxend_username: "{user}"\nxends:\n  - name: a\n    url: "{url}"\n{secret}'
    )
    with RawServer(http(body=b"((domain (name web1) (domid 1) (state -b----)))")) as server:
        monkeypatch.setenv("RACK1", server.url)
        result = run_ansible("inventory", "-i", str(path), "--list", "--vault-password-file", "key", folder=tmp_path)
    assert list(json.loads(result.stdout)["_meta"]["hostvars"]) == ["web1"], result.stderr
    assert b"Authorization: Basic " + base64.b64encode(b"somebody:hunter2") in server.requests[0]
    assert "hunter2" not in result.stdout + result.stderr


def test_a_template_that_fails_names_its_entry(tmp_path: Path) -> None:
    path = source(tmp_path, xends=[{"url": "{{ nothing_at_all }}", "name": "a"}])
    assert f"{path}: entry 1 of xends: url: " in error(path)


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.dom0.xend.plugins.module_utils import module  # noqa: PLC0415

    monkeypatch.setattr(module, "REQUESTS_IMPORT_ERROR", "Traceback")
    assert "required Python library (requests)" in error(source(tmp_path))


# ---- through OpenSSH

NEEDS_SSHD = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def over_ssh(sim: Simulator, server: Sshd, **options: Any) -> dict[str, Any]:
    """Return an entry of xends for a simulated xend on the host of a server."""
    socket_path = sim.unix_url.removeprefix("unix://")
    return {"url": server.url + socket_path, "ssh_args": server.arguments, **options}


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a home with a short path, and an ssh that takes its configuration from there; end what it leaves running."""
    with tempfile.TemporaryDirectory(prefix="xen", dir="/tmp") as folder:
        home = Path(folder)
        monkeypatch.setenv("HOME", folder)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {home}/config "$@"\n')
        (tmp_path / "bin" / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        yield home
        for shared in home.glob(".ansible/cp/*"):
            subprocess.run(["ssh", "-S", str(shared), "-O", "exit", "x"], capture_output=True, check=False)


@NEEDS_SSHD
@BOTH
def test_each_host_is_logged_in_to_once(
    sim: Simulator, other: Simulator, tmp_path: Path, home: Path, warnings: list[str]
) -> None:
    for name in ("old", "older", "oldest"):
        other.define(f"(vm (name {name}) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    with Sshd(folders[0]) as one, Sshd(folders[1]) as two:
        config = ""
        for server in (one, two):
            options = "".join(f"  {name} {value}\n" for name, value in server.options.items())
            config += f'Match exec "test %p = {server.port}"\n{options}'
        (home / "config").write_text(config)
        xends = [over_ssh(sim, one, name="a"), over_ssh(other, two, name="b")]
        for entry in xends:
            del entry["ssh_args"]
        inventory = read(source(tmp_path, xends=xends))
        logins = [server.log.read_text().count("Accepted publickey") for server in (one, two)]
    assert members(inventory, "xend_a") == ["web1"]
    assert sorted(members(inventory, "state_halted")) == ["old", "older", "oldest"]
    assert variables(inventory, "web1")["xen_xend_url"] == xends[0]["url"]
    assert len(other.requests) == 5
    assert logins == [1, 1]
    assert not warnings


@NEEDS_SSHD
def test_hosts_are_logged_in_to_side_by_side(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(Sshd(tmp_path))
        sims = [stack.enter_context(Simulator("3.0.0")) for _number in range(6)]
        for sim in sims:
            sim.faults.append(Fault("detail", "delay", seconds=1.5))
        xends = [over_ssh(sim, server, name=f"x{number}") for number, sim in enumerate(sims)]
        before = time.monotonic()
        read(source(tmp_path, xends=xends))
        assert time.monotonic() - before < 6


@NEEDS_SSHD
@ONLY_3_0_0
def test_a_host_that_lets_nobody_in_is_named(sim: Simulator, tmp_path: Path, warnings: list[str]) -> None:
    (tmp_path / "sshd").mkdir()
    with Sshd(tmp_path / "sshd") as server:
        (tmp_path / "sshd" / "authorized_keys").write_text("")
        refused = over_ssh(sim, server, name="a")
        path = source(tmp_path, xends=[refused, {"url": sim.url, "name": "b"}])
        assert f"xend a: Cannot reach the host of xend at {refused['url']}: " in error(path)
        refused["on_failure"] = "warn"
        assert list(read(source(tmp_path, xends=[refused, {"url": sim.url, "name": "b"}])).hosts) == ["web1"]
    assert "Permission denied" in warnings[-1]


def test_xends_behind_ssh_need_no_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.dom0.xend.plugins.module_utils import module  # noqa: PLC0415

    monkeypatch.setattr(module, "REQUESTS_IMPORT_ERROR", "Traceback")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "xend a: OpenSSH's ssh cannot be started" in error(source(tmp_path, xends=[{"url": "ssh://a"}]))
    assert "library (requests)" in error(source(tmp_path, xends=[{"url": "ssh://a"}, {"url": "http://b"}]))


# ---- an ansible-core that is too old

OLD_CORE = (
    "import runpy, ansible.cli.inventory, ansible.errors, ansible.release\n"
    "ansible.release.__version__ = '2.18.19'\n"
    "del ansible.errors.AnsibleTemplateSyntaxError  # which 2.18 does not have\n"
    "runpy.run_module('ansible.cli.inventory', run_name='__main__', alter_sys=True)"
)


@ONLY_3_0_0
def test_an_ansible_core_that_is_too_old_is_told_which_one_is_needed(sim: Simulator, tmp_path: Path) -> None:
    command = [sys.executable, "-c", OLD_CORE, "-i", source(tmp_path, xend_url=sim.url), "--list"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    said = " ".join(result.stderr.split())
    assert "dom0.xend.xen_domains needs ansible-core 2.19 or newer, and this is ansible-core 2.18.19" in said
    assert "cannot import name" not in said
    assert json.loads(result.stdout)["_meta"]["hostvars"] == {}
    assert not sim.requests


def test_the_oldest_ansible_core_is_the_one_that_the_collection_asks_for() -> None:
    asked_for = yaml.safe_load((TOP / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert asked_for == ">=" + ".".join(map(str, OLDEST_CORE)) + ".0"


# ---- as a user runs it


def test_ansible_inventory_fails_and_says_why(tmp_path: Path) -> None:
    path = source(tmp_path, xend_url=dead_url())
    result = run_ansible("inventory", "-i", path, "--list", folder=tmp_path)
    assert result.returncode != 0
    assert "Cannot connect to xend at" in " ".join(result.stderr.split())
