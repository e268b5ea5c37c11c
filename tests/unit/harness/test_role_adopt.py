# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role adopt, run by the real ansible-playbook on simulated xends, with folders that stand for /etc/xen of their hosts."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator import Simulator
from tests.support.configs import put
from tests.support.playing import Played, play
from tests.support.running import written

TOP = Path(__file__).resolve().parents[3]
ROLE = TOP / "roles" / "adopt"
XEND = {"group/dom0.xend.xend": {"xend_url": "{{ url }}"}}
WEB1 = 'name = "web1"\nkernel = "/k"\nmemory = 256\ndisk = ["phy:vg0/web1,sda1,w"]\nvif = ["bridge=xenbr0"]\n'
PASSWORD = 'name = "win1"\nbuilder = "hvm"\nkernel = "/k"\nmemory = 64\nvnc = 1\nvncpasswd = "hunter2"\n'


def guest(name: str, *more: str, memory: int = 64) -> str:
    """Return a config that every release takes."""
    return f"(vm (name {name}) (memory {memory}) (vcpus 1) (image (linux (kernel /k) (vcpus 1))) {' '.join(more)})"


def run_role(
    role: str, folder: Path, xends: dict[str, Simulator], *arguments: str, **variables: Any
) -> tuple[Played, str]:
    """Run a role on hosts, each with a xend and, below the folder, what stands for its /etc/xen; return the recap, too."""
    lines = [f"{host} url={sim.unix_url} adopt_path={folder}/{host}/xen" for host, sim in xends.items()]
    played = play(
        folder,
        [{"ansible.builtin.import_role": {"name": f"dom0.xend.{role}"}}],
        inventory="\n".join([*lines, ""]),
        variables={"ansible_python_interpreter": sys.executable, **variables},
        arguments=arguments,
        connection="local",
        module_defaults=XEND,
    )
    return played, played.shown.partition("PLAY RECAP")[2]


def guests_of(folder: Path, host: str) -> dict[str, Any]:
    """Return the guests that were written for a host, by name."""

    class Loader(yaml.SafeLoader):
        """Reads what is marked as no template."""

    Loader.add_constructor("!unsafe", lambda _loader, node: node.value)
    text = (folder / "host_vars" / host / "guests.yml").read_text(encoding="utf-8")
    return {each["name"]: each for each in yaml.load(text, Loader)["guests_list"]}  # noqa: S506 - it is a safe one


@pytest.mark.parametrize("version", ["3.0.3", "4.1", *(["3.1"] if os.environ.get("HARNESS") == "full" else [])])
def test_what_is_adopted_is_as_declared_and_a_second_run_changes_nothing(version: str, tmp_path: Path) -> None:
    devices = "(device (vbd (uname phy:vg0/web1) (dev sda1) (mode w))) (device (vif (bridge xenbr0)))"
    put(
        tmp_path / "xen1" / "xen",
        {
            "web1": WEB1 + 'extra = "{{ 6 * 7 }}"\n',
            "auto/web1": "-> ../web1",
            "auto/web 2\n": 'name = "web2"\nkernel = "/k"\nextra = "{{ 6 * 7 }}"\n',
            "evil": "import evil\nkernel = evil.kernel\n",
        },
    )
    with Simulator(version, tcp=None) as sim:
        sim.create(
            guest("web1", devices, memory=512).replace("(kernel /k)", "(kernel /k) (args '{{ 6 * 7 }}')")
        ).unpause()
        sim.create(guest("old7")).unpause()
        sim.create(guest("held"))
        sim.clear_log()
        report = {"adopt_report_file": f"{tmp_path}/report.md"}
        runs = [
            run_role(role, tmp_path, {"xen1": sim}, **variables)
            for role, variables in (("adopt", {}), ("adopt", report), ("adopt", report), ("guests", {}))
        ]
        assert written(sim) == []
    assert ["changed=0 " in recap for _played, recap in runs] == [False, False, True, True]
    assert all("failed=0 " in recap for _played, recap in runs)
    guests = guests_of(tmp_path, "xen1")
    states = {name: each["state"] for name, each in guests.items()}
    assert states == {"web1": "running", "old7": "running", "held": "paused", "web2": "stopped"}
    assert guests["web1"]["memory"] == 512
    assert guests["web1"]["image"]["args"] == guests["web2"]["image"]["args"] == "{{ 6 * 7 }}"
    unless = "" if version == "3.0.3" else ", unless xend manages web1"
    sentence = (
        f"web1 runs with memory 512 MiB, {tmp_path}/xen1/xen/web1 says 256: a reboot of the host loses that{unless}."
    )
    assert sentence in runs[0][0].shown
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert f"## web1 (running)\n\n* {sentence}\n".replace("_", "\\_") in page
    assert "evil: line 1: the module evil is not imported." in page


def test_a_check_run_writes_nothing(tmp_path: Path) -> None:
    put(tmp_path / "xen1" / "xen", {"auto/win1": PASSWORD})
    with Simulator("3.1", tcp=None) as sim:
        _played, recap = run_role("adopt", tmp_path, {"xen1": sim}, "--check")
    assert "failed=0" in recap
    assert not (tmp_path / "host_vars").exists()


def test_passwords_are_never_shown_and_may_go_into_a_vault(tmp_path: Path) -> None:
    put(tmp_path / "xen1" / "xen", {"auto/win1": PASSWORD})
    (tmp_path / "vault").write_text("of the vault\n", encoding="ascii")
    with Simulator("3.1", tcp=None) as sim:
        first, _recap = run_role("adopt", tmp_path, {"xen1": sim}, "-vvv", "--diff")
        secrets = tmp_path / "host_vars" / "xen1" / "guests_secrets.yml"
        assert secrets.stat().st_mode & 0o777 == 0o600
        assert yaml.safe_load(secrets.read_text())["guests_secrets"] == {"win1": {"image_vncpasswd": "hunter2"}}
        vault = ["--vault-password-file", str(tmp_path / "vault")]
        program = Path(sys.executable).parent / "ansible-vault"
        subprocess.run([str(program), "encrypt", *vault, str(secrets)], check=True, capture_output=True)
        again, recap = run_role("adopt", tmp_path, {"xen1": sim}, *vault, "-vvv")
        declared = run_role("guests", tmp_path, {"xen1": sim}, *vault)[0]
    assert "changed=0 " in recap
    assert "failed=0" in recap
    assert secrets.read_text().startswith("$ANSIBLE_VAULT")
    assert "hunter2" not in first.shown + again.shown + declared.shown
    assert "hunter2" not in (tmp_path / "host_vars" / "xen1" / "guests.yml").read_text()


def test_the_work_of_somebody_is_only_replaced_on_request(tmp_path: Path) -> None:
    put(tmp_path / "xen1" / "xen", {"auto/web1": WEB1})
    file = put(tmp_path / "host_vars" / "xen1", {"guests.yml": "guests_list: []\n"}) / "guests.yml"
    with Simulator("3.1", tcp=None) as sim:
        played, recap = run_role("adopt", tmp_path, {"xen1": sim})
        assert "failed=1" in recap
        assert f"{file}: there is another content already. Set adopt_overwrite" in played.shown
        assert file.read_text() == "guests_list: []\n"
        _played, recap = run_role("adopt", tmp_path, {"xen1": sim}, adopt_overwrite=True)
    assert "failed=0" in recap
    assert list(guests_of(tmp_path, "xen1")) == ["web1"]


def test_the_list_can_be_shown_instead(tmp_path: Path) -> None:
    put(tmp_path / "xen1" / "xen", {"auto/win1": PASSWORD})
    with Simulator("3.1", tcp=None) as sim:
        played, _recap = run_role("adopt", tmp_path, {"xen1": sim}, adopt_write=False, adopt_check=False)
    assert "vncpasswd: \\\"{{ guests_secrets['win1']['image_vncpasswd'] }}\\\"" in played.shown
    assert "hunter2" not in played.shown
    assert not (tmp_path / "host_vars").exists()


def test_nothing_is_written_if_the_role_guests_would_change_something(tmp_path: Path) -> None:
    put(tmp_path / "xen1" / "xen", {})
    with Simulator("3.1", tcp=None) as sim:
        sim.create(guest("web1")).unpause()
        sim.clear_log()
        options = {"guests_defaults": {"vbds": [{"uname": "phy:vg0/new", "dev": "sdb", "mode": "w"}]}}
        played, recap = run_role("adopt", tmp_path, {"xen1": sim}, **options)
        assert written(sim) == []
        assert "failed=1" in recap
        assert "The role guests would change, or complain of, web1. Nothing is written." in played.shown
        assert not (tmp_path / "host_vars").exists()
        _played, recap = run_role("adopt", tmp_path, {"xen1": sim}, adopt_check=False, **options)
    assert "failed=0" in recap


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"adopt_path": "/nowhere"}, "The folder of the configs is not there: adopt_path names it."),
        ({"adopt_path": "etc/xen"}, "adopt_path must be the whole path of a folder"),
        ({"adopt_release": "5.0"}, "The release of xend is not known: adopt_release must be one of 3.0.0"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(variables: dict[str, str], sentence: str, tmp_path: Path) -> None:
    put(tmp_path / "xen1" / "xen", {})
    arguments = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    with Simulator("3.1", tcp=None) as sim:
        played, recap = run_role("adopt", tmp_path, {"xen1": sim}, *arguments)
    assert "failed=1" in recap
    assert sentence in played.shown


def test_three_hosts_with_forty_guests(tmp_path: Path) -> None:
    counts = {"xen1": ("3.0.3", 12), "xen2": ("3.1", 14), "xen3": ("4.1", 14)}
    with ExitStack() as stack:
        xends = {host: stack.enter_context(Simulator(version, tcp=None)) for host, (version, _count) in counts.items()}
        for host, (_version, count) in counts.items():
            files: dict[str, str | bytes] = {"xend-config.sxp": "(xend-unix-server yes)"}
            for number in range(count):
                name = f"{host}-g{number}"
                file = f'name = "{name}"\nkernel = "/k"\nmemory = 64\nvcpus = 1\nvfb = ["type=vnc,vncpasswd=hunter{number}"]\n'
                files[name] = file
                if number % 4 != 3:
                    files[f"auto/{name}"] = f"-> ../{name}"
                if number % 5 != 4:
                    vfb = "" if host == "xen1" else f"(device (vfb (type vnc) (vncpasswd hunter{number})))"
                    xends[host].create(guest(name, vfb, memory=64 + number % 3 * 64)).unpause()
            put(tmp_path / host / "xen", files)
            xends[host].clear_log()
        _played, first = run_role("adopt", tmp_path, xends)
        _played, second = run_role("adopt", tmp_path, xends)
        declared, third = run_role("guests", tmp_path, xends)
        assert [written(sim) for sim in xends.values()] == [[], [], []]
    assert [recap.count("changed=0 ") for recap in (first, second, third)] == [0, 3, 3]
    assert [recap.count("failed=0 ") for recap in (first, second, third)] == [3, 3, 3]
    assert "hunter" not in declared.shown
    assert sum(len(guests_of(tmp_path, host)) for host in counts) == 40
    assert {each["state"] for host in counts for each in guests_of(tmp_path, host).values()} == {"running", "stopped"}


# ---- what the role says of itself


def test_each_variable_has_the_default_that_its_spec_says() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert defaults == {name: spec["default"] for name, spec in options.items()}
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    assert all(f"\n| `{name}` | {spec['type']} | " in readme for name, spec in options.items())
