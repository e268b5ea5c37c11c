# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role guests, run by the real ansible-playbook on simulated xends."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator import Simulator
from tests.support.running import READING_OPS, written

TOP = Path(__file__).resolve().parents[3]
RELEASES = ["3.0.0", "3.0.3", "3.2", "4.1"]
NAMESPACE = uuid.UUID("45c5dff2-e337-5e7b-83da-90fc6c2e53aa")
SMALL = {"memory": 64, "image": {"kernel": "/k"}}


def mark(sim: Simulator, name: str, list_name: str = "default") -> str:
    """Return the uuid that the role gives to a new guest of a list on the host of a xend."""
    of_list = uuid.uuid5(NAMESPACE, json.dumps([host_of(sim), list_name]))
    return str(uuid.uuid5(of_list, name))


def host_of(sim: Simulator) -> str:
    """Return the name of the host that a xend is for the inventory."""
    return f"xend-{sim.version}"


def config(name: str, *more: str) -> str:
    """Return a config that every release takes."""
    return f"(vm (name {name}) (memory 64) (vcpus 1) (image (linux (kernel /k) (vcpus 1))) {' '.join(more)})"


def settled(sim: Simulator, name: str, *more: str) -> None:
    """Let a guest run that the role has not created."""
    sim.create(config(name, *more)).unpause()


class Played:
    """What came of a run on one xend."""

    def __init__(self, done: subprocess.CompletedProcess[str], results: Path) -> None:
        """Keep what was shown, and what was left of guests_results."""
        self.shown = done.stdout + done.stderr
        self.failed = done.returncode != 0
        self.results: dict[str, Any] = json.loads(results.read_text())

    @property
    def changed(self) -> list[str]:
        """Return the names of the guests that were changed, or would be, sorted."""
        return sorted(name for name, result in self.results.items() if result["changed"])


def run_playbook(plays: object, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook with the ansible of this Python."""
    playbook = folder / "playbook.yml"
    playbook.write_text(json.dumps(plays))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook), *arguments],
        env={**environment, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def play_on(
    sims: list[Simulator], folder: Path, tasks: list[dict[str, Any]], *arguments: str, **more: Any
) -> list[Played]:
    """Run tasks on several xends at once. ``kept`` is what they leave of themselves, whatever happens."""
    urls = {host_of(sim): sim.unix_url for sim in sims}
    keep = {
        "content": "{{ kept | default(guests_results) | default({}) | to_json }}",
        "dest": f"{folder}/{{{{ inventory_hostname }}}}.json",
    }
    steps = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {
            "group/dom0.xend.xend": {"xend_url": "{{ urls[inventory_hostname] }}", "xend_password": "hunter1"}
        },
        "tasks": [{"block": tasks, "always": [{"ansible.builtin.copy": keep, "check_mode": False, "diff": False}]}],
        **more,
        "vars": {"urls": urls, "ansible_python_interpreter": sys.executable, **more.get("vars", {})},
    }
    done = run_playbook([steps], folder, "-i", "".join(f"{host}," for host in urls), *arguments)
    return [Played(done, folder / f"{host}.json") for host in urls]


ROLE = [{"ansible.builtin.import_role": {"name": "dom0.xend.guests"}}]


def play(sim: Simulator, folder: Path, variables: dict[str, Any] | str, *arguments: str) -> Played:
    """Run the role with these variables, or with a file of them."""
    if isinstance(variables, str):
        (folder / "variables.yml").write_text(variables)
        return play_on([sim], folder, ROLE, *arguments, vars_files=["variables.yml"])[0]
    return play_on([sim], folder, ROLE, *arguments, vars=variables)[0]


def sent(sim: Simulator) -> list[str]:
    """Return what was sent to change something, as "op name"."""
    changing = [request for request in sim.requests if request.method == "POST" and request.op not in READING_OPS]
    return [f"{request.op} {_whom(request.path, request.params.get('config', ['']))}" for request in changing]


def _whom(path: str, configs: list[str]) -> str:
    """Return the name of the domain that a request is about."""
    named = re.search(r"\(name ([^)]+)\)", configs[0])
    return named[1] if named else path.rsplit("/", 1)[1]


@pytest.fixture(name="sim")
def _sim() -> Iterator[Simulator]:
    """Return a late xend, whose guests go down quickly."""
    with Simulator("4.1", tcp=None, shutdown_delay=0.1) as sim:
        yield sim


DECLARED = {
    "guests_prune": True,
    "guests_prune_pattern": "stray-[0-9]+|Domain-0|migrating-.*",
    "guests_defaults": {**SMALL, "image": {"kernel": "/k", "root": "/dev/sda1 ro"}},
    "guests_list": [
        {"name": "web", "after": ["db"], "image": {"args": "4"}},
        {"name": "legacy", "image": None},
        {"name": "db", "memory": 96},
    ],
}


@pytest.fixture(name="sims")
def _sims() -> Iterator[list[Simulator]]:
    """Return a xend of each kind, with guests that the role has not made, and one that it has."""
    with ExitStack() as stack:
        sims = [stack.enter_context(Simulator(release, tcp=None, shutdown_delay=0.1)) for release in RELEASES]
        for sim in sims:
            for name in ("legacy", "stray-1", "a-stray-1", "migrating-x"):
                settled(sim, name)
            settled(sim, "gone", f"(uuid {mark(sim, 'gone')})")
            settled(sim, "other", f"(uuid {mark(sim, 'of another name')})")
        yield sims


def test_a_check_run_predicts_what_a_run_does_and_a_second_run_changes_nothing(
    sims: list[Simulator], tmp_path: Path
) -> None:
    for sim, foreseen in zip(sims, play_on(sims, tmp_path, ROLE, "--check", "--diff", vars=DECLARED)):
        assert foreseen.changed == ["db", "gone", "stray-1", "web"], foreseen.shown
        assert written(sim) == []
    for sim, done in zip(sims, play_on(sims, tmp_path, ROLE, vars=DECLARED)):
        assert done.changed == ["db", "gone", "stray-1", "web"], done.shown
        order = [line for line in sent(sim) if line.startswith(("shutdown", "create"))]
        assert sorted(order[:2]) == ["shutdown gone", "shutdown stray-1"]
        assert order[2:] == ["create db", "create web"]
        assert {"Domain-0", "legacy", "a-stray-1", "migrating-x", "other", "db", "web"} <= set(sim.names())
        assert not {"gone", "stray-1"} & set(sim.names())
        uuids = {name: result["domain"]["uuid"] for name, result in done.results.items() if result["domain"]}
        assert [name for name in sorted(uuids) if uuids[name] == mark(sim, name)] == ["db", "web"]
        sim.clear_log()
    for sim, done in zip(sims, play_on(sims, tmp_path, ROLE, vars=DECLARED)):
        assert done.changed == [], done.shown
        assert written(sim) == []


def test_guests_are_dealt_with_in_steps_down_before_up_each_with_its_options(sim: Simulator, tmp_path: Path) -> None:
    for name in ("base", "upper"):
        settled(sim, name)
    settled(sim, "renamed", f"(uuid {mark(sim, 'third')})")
    disks = [{"uname": "phy:vg0/a", "dev": "sda1"}, {"uname": "phy:vg0/b", "dev": "sdb1"}]
    variables = {
        "guests_defaults": {
            **SMALL,
            "vbds": disks,
            "on_crash": "preserve",
            "vcpus": "{{ 1 + 1 }}",
            "image": {"kernel": "/{{ 'k' }}", "args": "4"},
        },
        "guests_list": [
            {"name": "third", "after": ["raw", "second"], "vbds": disks[:1], "vcpus": None},
            {"name": "raw", "config": config("raw") + "\n"},
            {"name": "base", "state": "absent"},
            {"name": "second", "after": "raw", "image": {"root": "/dev/sda1"}},
            {"name": "upper", "state": "stopped", "after": "base"},
        ],
    }
    done = play(sim, tmp_path, variables)
    order = [line for line in sent(sim) if line.startswith(("shutdown", "create"))]
    assert order == ["shutdown upper", "shutdown base", "create raw", "create second", "create third"], done.shown
    domains = {name: done.results[name]["domain"] for name in ("raw", "second", "third")}
    assert {name: domain["on_crash"] for name, domain in domains.items()} == {
        "raw": "restart",
        "second": "preserve",
        "third": "preserve",
    }
    assert {name: domain["vcpus"] for name, domain in domains.items()} == {"raw": 1, "second": 2, "third": 1}
    assert {name: len(domain["vbds"]) for name, domain in domains.items()} == {"raw": 0, "second": 2, "third": 1}
    assert domains["second"]["image"]["args"] == "root=/dev/sda1 4"
    assert [name for name in domains if domains[name]["uuid"] == mark(sim, name)] == [
        "raw",
        "second",
    ]  # third's is taken


def test_the_mark_outlives_all_that_happens_to_a_guest_and_a_uuid_of_its_own_stays(
    sim: Simulator, tmp_path: Path
) -> None:
    settled(sim, "legacy")
    own = str(uuid.UUID(int=7))
    listed = {
        "replaced": {"recreate": "if_needed"},
        "saved": {},
        "managed": {"state": "defined"},
        "own": {"uuid": own},
        "legacy": {"recreate": "if_needed"},
    }

    def run(**changes: dict[str, Any]) -> dict[str, Any]:
        guests = [{"name": name, **options, **changes.get(name, {})} for name, options in listed.items()]
        done = play(sim, tmp_path, {"guests_defaults": SMALL, "guests_list": guests})
        assert not done.failed, done.shown
        assert [result["drift"] for result in done.results.values()] == [[]] * len(listed)
        return done.results

    first = run()
    changed = run(replaced={"image": {"kernel": "/new"}}, saved={"state": "saved", "save_file": "/saved"})
    assert changed["replaced"]["removed_config"]
    assert changed["saved"]["domain"] is None
    last = run(
        replaced={"image": {"kernel": "/new"}},
        saved={"restore_file": "/saved"},
        managed={"state": "running"},
    )
    assert [name for name, result in last.items() if result["changed"]] == ["saved", "managed"]
    uuids = {name: result["domain"]["uuid"] for name, result in last.items()}
    expected = {name: mark(sim, name) for name in ("replaced", "saved", "managed")}
    assert uuids == {**expected, "own": own, "legacy": first["legacy"]["domain"]["uuid"]}


def guests(*listed: object) -> dict[str, Any]:
    """Return the variables with that list."""
    return {"guests_list": list(listed)}


def pruning(*listed: object) -> dict[str, Any]:
    """Return the variables with that list, where what is not in it is pruned."""
    return {**guests(*listed), "guests_prune": True}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a circle": (
        guests({"name": "a", "after": ["c"]}, {"name": "b", "after": ["a"]}, {"name": "c", "after": ["b"]}),
        "a comes after c, which comes after b, which comes after a",
    ),
    "itself": (guests({"name": "a", "after": ["a"]}), "a comes after a"),
    "unknown": (guests({"name": "a", "after": ["nobody"]}), "a comes after nobody, which is not in guests_list"),
    "twice": (guests({"name": "a"}, {"name": "b", "new_name": "a"}), "More than one guest is to have the name a"),
    "no host": (guests({"name": "a", "wait_for": {}}), "wait_for of a needs a host"),
    "no list": ({}, "missing required arguments: guests_list"),
    "no dict": (guests("name=a"), "must be a dict"),
    "type": (guests({"name": "a", "memory": "lots"}), "argument 'memory' is of type str found in 'guests_list'"),
    "choice": (guests({"name": "a", "state": "up"}), "value of state must be one of"),
    "option": (guests({"name": "a", "memroy": 64}), "guests_list.memroy"),
    "default": (
        {**guests(), "guests_defaults": {"vcpus": "lots"}},
        "'vcpus' is of type str found in 'guests_defaults'",
    ),
    "own default": ({**guests(), "guests_defaults": {"uuid": "0" * 32}}, "guests_defaults.uuid"),
    "pattern": ({**guests(), "guests_prune": True, "guests_prune_pattern": "("}, "unterminated subpattern"),
    "blank": (pruning({"name": "web1 "}), "'web1 ' begins or ends with a blank"),
    "number": (
        pruning({"name": 8}),
        "name of entry 1 is 8, which is not text. Write it in quotes: YAML reads 010 as 8",
    ),
    "yes": (pruning({"name": "a"}, {"name": True}), "name of entry 2 is True, which is not text"),
    "nameless": (pruning({"name": ""}), "name of entry 1 is empty"),
    "new number": (pruning({"name": "a", "new_name": 8}), "new_name of a is 8, which is not text"),
    "after number": (pruning({"name": "8"}, {"name": "a", "after": [8]}), "after of a holds 8, which is not text"),
    "one file": (
        guests(*({"name": name, "state": "saved", "save_file": f"/var//{name[:1]}.chk"} for name in ("m1", "m2"))),
        "m1 and m2 both use the file /var/m.chk",
    ),
    "file of another": (
        guests({"name": "a", "state": "saved", "save_file": "/f"}, {"name": "b", "restore_file": "/./f"}),
        "a and b both use the file /f",
    ),
    "file and disk": (
        guests(
            {"name": "a", "state": "saved", "save_file": "/dev/vg0/b"},
            {"name": "b", "vbds": [{"uname": "phy:vg0/b", "dev": "sda1"}]},
        ),
        "save_file of a, /dev/vg0/b, is a disk of b",
    ),
    "two files": (
        guests({"name": "a", "save_file": "/f", "restore_file": "/g"}),
        "a has both save_file and restore_file",
    ),
    "file of one that is stopped": (
        guests({"name": "a", "state": "stopped", "save_file": "/f"}),
        "a: state: saved requires save_file",
    ),
    "config": (pruning({"name": "a", "config": "(vm"}), "a: config is not an s-expression"),
    "disk": (pruning({"name": "a", **SMALL, "vbds": [{"uname": "/x", "dev": "sda1"}]}), "a: vbds: uname '/x' of sda1"),
}
"""Variables, and what is said of them before xend is asked for anything."""

REFUSED_ON_SIGHT: dict[str, tuple[dict[str, Any], str]] = {
    "on the way": (
        guests({"name": "busy"}),
        "xend is saving or migrating a guest of the list: there is migrating-busy",
    ),
    "too little": (pruning({"name": "a", "memory": 64}), "a: There is no domain 'a', and the task does not set enough"),
    "no name of xend": (pruning({"name": "a b", **SMALL}), "a b: 'a b' cannot be the name of a domain"),
    "case": (pruning({"name": "Web1", **SMALL}), "guests_prune would remove web1, but guests_list has Web1"),
    "sign": (pruning({"name": "web-1", **SMALL}), "guests_prune would remove web1, but guests_list has web-1"),
    "zero": (
        pruning({"name": "web01", "state": "absent"}),
        "guests_prune would remove web1, but guests_list has web01",
    ),
    "new name": (pruning({"name": "a", "new_name": "web_1", **SMALL}), "would remove web1, but guests_list has web_1"),
    "pruned by pattern": (
        {**pruning({"name": "web1", **SMALL}, {"name": "10", **SMALL}), "guests_prune_pattern": "0.*"},
        "guests_prune would remove 010, but guests_list has 10",
    ),
}
"""Variables, and what is said of them once it is seen what is there, before anything is changed."""


@pytest.mark.parametrize("refused", [REFUSED, REFUSED_ON_SIGHT], ids=["unseen", "seen"])
def test_what_cannot_be_meant_is_refused_before_anything_is_changed(
    sim: Simulator, tmp_path: Path, refused: dict[str, tuple[dict[str, Any], str]]
) -> None:
    settled(sim, "migrating-busy")
    settled(sim, "web1", f"(uuid {mark(sim, 'web1')})")
    settled(sim, "010")
    tasks: list[dict[str, Any]] = [
        {
            "vars": {**variables, "case": case},
            "block": [{"ansible.builtin.include_role": {"name": "dom0.xend.guests"}}],
            "rescue": [
                {"ansible.builtin.set_fact": {"kept": "{{ kept | combine({case: ansible_failed_result.msg}) }}"}}
            ],
        }
        for case, (variables, _said) in refused.items()
    ]
    said = play_on([sim], tmp_path, [{"ansible.builtin.set_fact": {"kept": {}}}, *tasks])[0].results
    assert {case: said.get(case) for case in refused if refused[case][1] not in said.get(case, "")} == {}
    assert (written(sim) if refused is REFUSED_ON_SIGHT else sim.requests) == []


def test_numbers_that_differ_are_other_names(sim: Simulator, tmp_path: Path) -> None:
    for name in ("web1", "rack1-11", "a10"):
        settled(sim, name, f"(uuid {mark(sim, name)})")
    done = play(sim, tmp_path, pruning(*({"name": name, **SMALL} for name in ("web10", "web2", "rack11-1", "a1"))))
    assert not done.failed, done.shown
    assert sorted(sim.names()) == ["Domain-0", "a1", "rack11-1", "web10", "web2"]


def test_a_guest_with_the_mark_of_another_host_or_list_is_not_pruned(sim: Simulator, tmp_path: Path) -> None:
    with Simulator("3.2", tcp=None, shutdown_delay=0.1) as other:
        listed = guests(*({"name": name, **SMALL} for name in ("moved", "stays")))
        made = play(other, tmp_path, listed)
        uuids = {name: result["domain"]["uuid"] for name, result in made.results.items()}
    assert uuids == {name: mark(other, name) for name in ("moved", "stays")}
    for name, own in uuids.items():
        settled(sim, name, f"(uuid {own})")
    settled(sim, "of-a-list", f"(uuid {mark(sim, 'of-a-list', 'batch')})")
    assert play(sim, tmp_path, pruning({"name": "stays", **SMALL})).changed == []
    assert play(sim, tmp_path, {**pruning(), "guests_list_name": "batch"}).changed == ["of-a-list"]
    assert sorted(sim.names()) == ["Domain-0", "moved", "stays"]


def test_a_parked_guest_is_restored_and_never_created(sim: Simulator, tmp_path: Path) -> None:
    def run(state: str, *arguments: str) -> Played:
        mail = {"name": "mail", **SMALL, "save_file": "/var/mail.chk", "state": state}
        return play(sim, tmp_path, guests(mail), *arguments)

    nothing_there = run("running")
    assert nothing_there.failed
    assert sim.names() == ["Domain-0"]
    settled(sim, "mail", f"(uuid {mark(sim, 'mail')})")
    sim.clear_log()
    assert run("saved").changed == ["mail"]
    assert run("saved").changed == []
    for state in ("running", "paused"):
        assert [each["op"] for each in run(state, "--check").results["mail"]["operations"]][:1] == ["restore"]
    back = run("running")
    assert back.results["mail"]["domain"]["uuid"] == mark(sim, "mail")
    assert [line.split()[0] for line in sent(sim)] == ["save", "restore"]
    assert "out of date" not in back.shown
    again = run("running")
    assert again.changed == []
    assert "mail is there, so what /var/mail.chk holds of it is out of date" in again.shown


def test_a_parked_guest_of_which_xend_keeps_a_definition_is_not_started(sim: Simulator, tmp_path: Path) -> None:
    mail = {"name": "mail", **SMALL}
    play(sim, tmp_path, guests({**mail, "state": "defined"}))
    play(sim, tmp_path, guests(mail))
    parked = {**mail, "save_file": "/var/mail.chk"}
    assert play(sim, tmp_path, guests({**parked, "state": "saved"})).changed == ["mail"]
    sim.clear_log()
    done = play(sim, tmp_path, guests(parked))
    assert done.failed
    assert "mail does not run, and xend would start it from its definition, not from /var/mail.chk" in done.shown
    assert written(sim) == []


def test_a_guest_is_waited_for_before_another_that_comes_after_it(sim: Simulator, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as open_port, closing(socket.socket()) as closed_port:
        closed_port.bind(("127.0.0.1", 0))
        variables = {
            # The host's own Python cannot run modules.
            "ansible_python_interpreter": f"{{{{ '/none' if __guests_service is defined else '{sys.executable}' }}}}",
            "guests_defaults": {**SMALL, "wait_for": {"timeout": 2}},
            "guests_list": [
                {"name": "a", "vifs": [{"ip": "127.0.0.1"}], "wait_for": {"port": open_port.getsockname()[1]}},
                {"name": "b", "wait_for": {"host": "127.0.0.1", "port": closed_port.getsockname()[1]}, "after": "a"},
                {"name": "c", "after": "b", "wait_for": None},
                {"name": "d", "state": "paused", "after": "a"},
            ],
        }
        foreseen = play(sim, tmp_path, variables, "--check")
        assert (foreseen.failed, foreseen.changed) == (False, ["a", "b", "c", "d"]), foreseen.shown
        real = play(sim, tmp_path, variables)
    assert real.failed
    assert "b runs, and port" in real.shown
    assert real.changed == ["a", "b", "d"]
    assert "(item=a: port" in real.shown
    assert "(item=d: port" not in real.shown


def test_a_guest_that_does_not_go_down_in_time_is_named_and_left_alone(sim: Simulator, tmp_path: Path) -> None:
    settled(sim, "fine", f"(uuid {mark(sim, 'fine')})")
    sim.create(
        f"(vm (name deaf) (uuid {mark(sim, 'deaf')}) (memory 64) (vcpus 1) (image (linux (kernel /k) (args rig.ack_only))))"
    ).unpause()
    variables = {
        "guests_list": [{"name": "web", **SMALL}],
        "guests_prune": True,
        "guests_prune_shutdown_timeout": 0.5,
    }
    done = play(sim, tmp_path, variables)
    assert done.failed
    assert "deaf is still up 0.5 s after it was asked to shut down" in done.shown
    assert sim.names() == ["Domain-0", "deaf"]
    assert "deaf is still up" in done.results["deaf"]["msg"]
    assert done.changed == ["deaf", "fine"]  # deaf was asked


HOSTILE = r"""
guests_prune: true
guests_prune_pattern: !unsafe "{{ lookup('pipe', 'touch FOLDER/owned') }}"
guests_list:
  - name: !unsafe "{{ lookup('pipe', 'touch FOLDER/owned') }}"
    state: absent
  - name: !unsafe "it's \"quoted\", {% raw %} and $(touch FOLDER/owned)"
    state: absent
    after: [!unsafe "{{ lookup('pipe', 'touch FOLDER/owned') }}"]
  - name: "0123"
    state: absent
"""


def test_a_hostile_name_is_a_name(sim: Simulator, tmp_path: Path) -> None:
    settled(sim, "0123")
    done = play(sim, tmp_path, HOSTILE.replace("FOLDER", str(tmp_path)))
    assert not done.failed, done.shown
    assert done.changed == ["0123"]
    assert f"{{{{ lookup('pipe', 'touch {tmp_path}/owned') }}}}: absent" in done.shown
    assert not (tmp_path / "owned").exists()


def test_secrets_are_shown_by_no_verbosity(sim: Simulator, tmp_path: Path) -> None:
    variables = {
        "guests_defaults": SMALL,
        "guests_list": [
            {"name": "a", "vfbs": [{"vncpasswd": "hunter2"}]},
            {"name": "b", "config": config("b", "(device (vfb (type vnc) (vncpasswd hunter3)))")},
        ],
    }
    done = play(sim, tmp_path, variables, "-vvvv", "--diff")
    assert done.changed == ["a", "b"], done.shown
    assert "hunter" not in done.shown + json.dumps(done.results)


def test_the_example_of_the_readme_works_once_it_has_a_xend(sim: Simulator, tmp_path: Path) -> None:
    readme = (TOP / "roles" / "guests" / "README.md").read_text(encoding="utf-8")
    example = yaml.safe_load(readme.split("```yaml\n", 1)[1].split("```", 1)[0])
    example[0] |= {"connection": "local", "module_defaults": {"group/dom0.xend.xend": {"xend_url": sim.unix_url}}}
    done = run_playbook(example, tmp_path, "-i", "xen1,xen2,", "--check", "--diff")
    recaps = re.findall(r"^xen\d +: ok=\d+ +changed=(\d) .* failed=0 ", done.stdout, re.MULTILINE)
    assert recaps == ["2", "2"], done.stdout
    assert done.stdout.index("item=db1: running") < done.stdout.index("item=web1: running")
