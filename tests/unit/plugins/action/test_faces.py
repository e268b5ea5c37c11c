# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugins, run by the real ansible-playbook, return what the modules' own main() returns, field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import secrets_of_options
from tests.simulator import ManualClock, Simulator
from tests.support.playing import play
from tests.support.running import MODULES, run, written

GUEST = (
    "(vm (name web1) (uuid 15c3f096-8212-b1a5-ca8d-e618dce382f6) (memory 64) (vcpus 1) (image (linux (kernel /k)))"
    " (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0))))"
)
_MADE_UP_UUID = re.compile(r"\b(?![12]5c3f096)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
SECRET = "hunter2secret"
NEW = {
    "name": "web2",
    "uuid": "25c3f096-8212-b1a5-ca8d-e618dce382f6",
    "memory": 64,
    "image": {"kernel": "/boot/vmlinuz", "options": {"vncpasswd": SECRET}},
    "vifs": [{"mac": "00:16:3e:00:00:02", "bridge": "xenbr0"}],
}

CASES: list[tuple[str, dict[str, Any], bool]] = [
    # module, options, check mode
    ("xen_domain", {"name": "web1", "memory": 64}, False),
    ("xen_domain", {"name": "web1", "memory": "128", "state": "paused"}, False),
    ("xen_domain", {"name": "web1", "memory": 64, "state": "paused"}, True),
    ("xen_domain", {"name": "web1", "vcpus": 4}, False),
    ("xen_domain", NEW, False),
    ("xen_domain", NEW, True),
    ("xen_domain", {"name": "web2"}, False),
    ("xen_domain", {"name": "web2", "config": f"(vm (name web2) (vncpasswd {SECRET}) (memory 64))"}, True),
    ("xen_domain", {"name": "web2", "extra_config": [f"(vncpasswd '{SECRET}"]}, False),
    ("xen_domain", {"name": "web1", "config": "(vm)", "memory": 64}, False),
    ("xen_domain", {"name": "web1", "state": "flying"}, False),
    ("xen_domain", {"name": "web1", "nonsense": 1, "vncpasswd": SECRET}, False),
    ("xen_domain", {"name": "web1", "image": f"vncpasswd {SECRET}"}, False),
    ("xen_domain", {"name": "web1", "vbds": [3]}, False),
    ("xen_domain", {"memory": 64}, False),
    ("xen_domain", {"name": "web1", "timeout": 0}, False),
    ("xen_domain", {"name": "web1", "vifs": [{"mac": "00:16:3e:00:00:01", "bridge": "xenbr1"}]}, True),
    ("xen_domain", {"name": "Domain-0", "state": "absent"}, False),
    ("xen_domains", {"domains": [{"name": "web1"}, NEW], "defaults": {"on_crash": "preserve"}}, False),
    ("xen_domains", {"domains": [{"name": "web1", "state": "absent", "force": True}, NEW], "serial": "1"}, True),
    ("xen_domains", {"domains": [{"name": "web2"}, {"name": "web1", "state": "paused", "after": ["web2"]}]}, False),
    ("xen_domains", {"domains": [{"name": "web2"}, {"name": "web1", "after": ["web3"]}]}, False),
    ("xen_domains", {"domains": [{"name": "web2", "image": f"vncpasswd {SECRET}"}]}, False),
    ("xen_domains", {"domains": [NEW, 7]}, False),
    ("xen_domains", {"domains": [NEW], "nonsense": 1}, False),
    ("xen_domain_info", {}, False),
    ("xen_domain_info", {"name": ["web1", "web9"], "gather": ["summary", "vcpus", "credit"], "sxp": True}, True),
    ("xen_domain_info", {"uuid": "none"}, False),
    ("xen_domain_info", {"xend_password": SECRET, "xend_username": "me"}, False),
    ("xen_domain_info", {"xend_url": f"http://joe:{SECRET}@host"}, False),
    ("xen_domain_info", {"xend_url": "ftp://host"}, False),
    ("xen_domain_info", {"xend_url": "unix:///nowhere", "connect_timeout": 0.5}, False),
    ("xen_domain_info", {"xend_url": f"ssh://joe:{SECRET}@host"}, False),
    ("xen_node_info", {"gather": ["release", "scheduler"], "log_lines": 2}, False),
    ("xen_node_info", {"gather": "everything"}, True),
    ("xen_credit", {"name": "web1"}, False),
    ("xen_credit", {"name": "web1", "weight": 512}, False),
    ("xen_credit", {"name": "Domain-0", "weight": 128, "cap": 50}, True),
    ("xen_credit", {"name": "web1", "weight": 0}, False),
    ("xen_credit", {"name": "web9"}, False),
    ("xen_migrate", {"name": "web1", "destination": "dom0b"}, True),
    ("xen_migrate", {"name": "web1", "destination": "dom0b", "live": False}, False),
    ("xen_migrate", {"name": "web9", "destination": "dom0b"}, False),
    ("xen_migrate", {"name": "web1", "destination": "nosuch.invalid"}, False),
    ("xen_migrate", {"name": "Domain-0", "destination": "dom0b", "destination_password": SECRET}, False),
    ("xen_migrate", {"name": "web1", "destination": "dom0b", "destination_url": "unix:///nowhere"}, False),
    ("xen_migrate", {"name": "web1", "destination": "dom0b", "destination_url": f"http://joe:{SECRET}@host"}, False),
    ("xen_migrate", {"name": "web1"}, False),
    ("xen_sedf", {"name": "web1", "period": "20ms"}, False),
    ("xen_sedf", {"name": "web1", "weight": "much"}, False),
]


def _simulator(stack: ExitStack) -> Simulator:
    """Return a xend of the same state each time."""
    sim = stack.enter_context(Simulator("4.1", clock=ManualClock(), tcp=None))
    sim.knows("dom0b", stack.enter_context(Simulator("4.1", clock=sim.host.clock, tcp=None)))
    sim.create(GUEST).unpause()
    sim.clear_log()
    return sim


@pytest.fixture(name="played", scope="module")
def _played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Any, dict[str, Any], list[str]]]]:
    """Run all cases in one play, each with a xend of its own; return how each ended, and what was written."""
    with ExitStack() as stack:
        sims = [_simulator(stack) for _case in CASES]
        tasks = [
            {f"dom0.xend.{module}": {"xend_url": sim.unix_url, **options}, "check_mode": check, "ignore_errors": True}
            for (module, options, check), sim in zip(CASES, sims)
        ]
        found = play(
            tmp_path_factory.mktemp("faces"),
            tasks,
            environment={"ANSIBLE_INJECT_INVOCATION": "true"},
            arguments=["-vvv"],
        )
        assert len(found.results) == len(CASES), found.shown
        assert "EXEC" not in found.shown, "a module was run"
        assert SECRET not in found.shown
        yield [(how, _neutral(result, sim), written(sim)) for (how, result), sim in zip(found.results, sims)]


def _neutral(result: dict[str, Any], sim: Simulator) -> dict[str, Any]:
    """Return a result without what tells one xend or one face from the other, and without what Ansible adds to it."""
    text = json.dumps(result).replace(sim.unix_url, "XEND")
    shown: dict[str, Any] = json.loads(_MADE_UP_UUID.sub("UUID", text))
    for key in ("exception", "_ansible_no_log", "_ansible_parsed"):
        shown.pop(key, None)
    shown["warnings"] = [each["event"]["msg"] if isinstance(each, dict) else each for each in shown.get("warnings", ())]
    return shown


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_both_faces_return_the_same(
    number: int, played: list[tuple[str, dict[str, Any], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, warning: warnings.append(warning))
    module, options, check = CASES[number]
    how, of_action, sent = played[number]
    with ExitStack() as stack:
        sim = _simulator(stack)
        given = {"xend_url": sim.unix_url, **options}
        of_module = _neutral(run(module, check=check, **given), sim)
        assert sent == written(sim)
    of_module |= {
        "msg": _with_full_name(of_module.get("msg", ""), module),
        "warnings": [each.replace(sim.unix_url, "XEND") for each in warnings],
    }
    of_action["msg"] = of_action.get("msg", "")
    assert (how == "failed") is of_module.pop("failed", False)
    assert of_action == {"changed": False, **of_module}
    assert SECRET not in json.dumps(of_action)


def _with_full_name(message: str, module: str) -> str:
    """Return what a module that Ansible has given its full name says of its options."""
    return re.sub(r"^Unsupported parameters for \(.*?\)", f"Unsupported parameters for (dom0.xend.{module})", message)


def test_secrets_are_listed_by_their_names() -> None:
    for module in MODULES.values():
        for name, rule in _options(module.WORK.argument_spec()):
            assert bool(rule.get("no_log")) is bool(list(secrets_of_options("secret", name)))


def _options(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, rule in spec.items():
        yield name, rule
        yield from _options(rule.get("options", {}))
