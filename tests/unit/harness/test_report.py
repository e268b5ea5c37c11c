# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role report, run by the real ansible-playbook on simulated xends."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator import Simulator
from tests.support.estate import web
from tests.support.running import written

TOP = Path(__file__).resolve().parents[3]
ROLE = TOP / "roles" / "report"
TIME = "2099-01-01T00:00:00Z"
NOBODY: dict[str, Any] = {"xend_url": "http://127.0.0.1:9"}
PASSING = (
    "xen2 migrating-db1: A save or a migration of db1 is under way, or hangs. Do not create db1 meanwhile: two guests would "
    "write to its disks."
)
UNREACHABLE: dict[str, Any] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}


class Made:
    """What a run has shown and written."""

    def __init__(self, done: subprocess.CompletedProcess[str], folder: Path) -> None:
        """Keep it."""
        self.shown = done.stdout + done.stderr
        self.failed = done.returncode != 0
        self.folder = folder / "report"
        self.files = {path.name: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*"))}

    @property
    def findings(self) -> list[str]:
        """Return what needs attention, as "host guest: words"."""
        found = json.loads(self.files["report.json"])["findings"]
        return [f"{each['host']} {each['guest']}: {each['words']}" for each in found if each["level"] != "note"]


def play(
    folder: Path,
    hosts: dict[str, dict[str, Any]],
    *arguments: str,
    before: list[dict[str, Any]] | None = None,
    **more: Any,
) -> Made:
    """Run the role on hosts, each with its variables."""
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "report_time": TIME}
    (folder / "xens.yml").write_text(json.dumps({"xens": {"vars": variables, "hosts": hosts}}))
    step = {
        "hosts": "xens",
        "gather_facts": False,
        "module_defaults": {"group/dom0.xend.xend": {"xend_url": "{{ xend_url | default(omit) }}"}},
        "tasks": [*(before or []), {"ansible.builtin.import_role": {"name": "dom0.xend.report"}}],
        **more,
    }
    (folder / "play.yml").write_text(json.dumps([step]))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml", "-i", "xens.yml", *arguments],
        cwd=folder,
        env={**kept, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "PWD": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Made(done, folder)


def test_one_page_covers_all_hosts_whatever_becomes_of_some(tmp_path: Path) -> None:
    secret = {"name": "web1", "memory": 64, "vfbs": [{"type": "vnc", "vncpasswd": "hunter2"}]}
    with Simulator("3.0.0", tcp=None) as first, Simulator("4.1", tcp=None) as second:
        first.create(web(1)).unpause()
        second.create(web(2)).unpause()
        second.create("(vm (name migrating-db1) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
        first.clear_log()
        second.clear_log()
        hosts: dict[str, dict[str, Any]] = {
            "xen1": {"xend_url": first.unix_url, "guests_list": [secret]},
            "xen2": {"xend_url": second.unix_url, "report_guests": []},
            "xen3": NOBODY,
            "xen4": UNREACHABLE,
        }
        made = play(tmp_path, hosts, "--diff", "-vv")
        again = play(tmp_path, hosts)
        assert written(first) == written(second) == []
    assert not made.failed, made.shown
    assert sorted(made.files) == ["report.csv", "report.html", "report.json"]
    assert {path.stat().st_mode & 0o777 for path in made.folder.glob("*")} == {0o600}
    silent = {each.split(" ")[0]: each for each in made.findings if ": No answer: " in each}
    assert sorted(silent) == ["xen3", "xen4"]
    assert "Cannot connect to xend at http://127.0.0.1:9: Connection refused" in silent["xen3"]
    assert "Connection refused" in silent["xen4"]
    assert made.findings[2:] == [
        "xen1 web1: It has an ip, so on xend 3.0.0 it does not survive a reboot.",
        "xen1 web1: Not as declared: memory: declared 64, found 128",
        "xen1 web1: Not as declared: vfbs: declared 1, found 0",
        PASSING,
        "xen2 web2: It runs here. It is declared nowhere.",
    ]
    assert [row[:3] for row in csv.reader(made.files["report.csv"].splitlines())][1:4] == [
        ["xen1", "Domain-0", "running"],
        ["xen1", "web1", "running"],
        ["xen2", "Domain-0", "running"],
    ]
    assert "hunter2" not in made.shown + "".join(made.files.values())
    assert again.files["report.html"].count("<tr id=") == made.files["report.html"].count("<tr id=") == 5


def test_a_host_that_the_play_has_left_out_is_on_the_page(tmp_path: Path) -> None:
    fail = {"ansible.builtin.fail": {"msg": "no"}, "when": "inventory_hostname == 'xen1'"}
    with Simulator("3.2", tcp=None) as sim:
        made = play(tmp_path, {"xen1": NOBODY, "xen2": {"xend_url": sim.unix_url}}, before=[fail])
    assert made.findings == ["xen1 : No answer: It was not asked, as the play had left it out before."]


def test_batches_end_in_one_page_of_all_hosts(tmp_path: Path) -> None:
    with Simulator("3.2", tcp=None) as sim:
        made = play(tmp_path, {name: {"xend_url": sim.unix_url} for name in ("xen1", "xen2", "xen3")}, serial=2)
    assert made.findings == []
    assert made.files["report.html"].count('<div class="host"') == 3


def test_a_check_run_writes_nothing_and_a_second_run_of_the_same_time_changes_nothing(tmp_path: Path) -> None:
    hosts = {"xen1": NOBODY}
    assert play(tmp_path, hosts, "--check").files == {}
    assert "changed=2 " in play(tmp_path, hosts).shown
    assert "changed=0 " in play(tmp_path, hosts).shown


def test_the_variables_have_their_effect(tmp_path: Path) -> None:
    given = {"report_dir": f"{tmp_path}/report", "report_title": "<b>Ours</b>", "report_mode": "0640"}
    made = play(tmp_path, {"xen1": {**NOBODY, **given}})
    assert "<title>&lt;b&gt;Ours&lt;/b&gt;</title>" in made.files["report.html"]
    assert {path.stat().st_mode & 0o777 for path in made.folder.glob("*")} == {0o640}


def test_a_time_that_is_none_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    made = play(tmp_path, {"xen1": {**NOBODY, "report_time": "yesterday"}})
    assert made.failed
    assert "report_time has to be like 2026-11-26T08:00:00Z, in UTC" in made.shown


# ---- what the role says of itself


def test_the_picture_of_the_guide_is_small() -> None:
    picture = (TOP / "docs" / "docsite" / "static" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000


def load(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def test_each_variable_has_the_default_that_its_spec_says() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    declared = {
        "report_guests": "{{ guests_list | default(none) }}",
        "report_defaults": "{{ guests_defaults | default({}) }}",
    }
    assert load("defaults/main.yml") == {
        name: spec.get("default", declared.get(name)) for name, spec in options.items()
    }


@pytest.mark.parametrize(
    "name", ["report_dir", "report_title", "report_time", "report_mode", "report_guests", "report_defaults"]
)
def test_each_variable_is_in_the_readme(name: str) -> None:
    spec = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"][name]
    assert f"\n| `{name}` | {spec['type']} | " in (ROLE / "README.md").read_text(encoding="utf-8")
