# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook export and its role, run by the real ansible-playbook on simulated xends; and the examples of the filters."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator import Simulator
from tests.support.running import written
from tests.support.toolstacks import NO_LIBVIRT, NO_XL, XlParser, define

TOP = Path(__file__).resolve().parents[3]
ROLE = TOP / "roles" / "export"
WEB1 = """(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /boot/k) (root '/dev/sda1 ro')))
    (device (vbd (uname phy:vg0/web1) (dev sda1) (mode w)))
    (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0) (script vif-route)))
    (device (vfb (type vnc) (vncpasswd hunter2))))"""
UP = "(vm (name ../up) (memory 64) (vcpus 1) (image (linux (kernel /boot/k))))"


def playbook(folder: Path, name: str, *arguments: str, **environment: str) -> str:
    """Run a playbook in a folder; return what it shows. It must succeed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), name, *arguments],
        cwd=folder,
        env={**kept, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "PWD": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def inventory(folder: Path, **urls: str) -> str:
    """Write an inventory of hosts with their xends; return its path."""
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {name: {"xend_url": url} for name, url in urls.items()}
    (folder / "xens.yml").write_text(json.dumps({"xens": {"vars": variables, "hosts": hosts}}))
    return str(folder / "xens.yml")


def files(folder: Path) -> dict[str, int]:
    """Return the mode of each file in the export, by its path."""
    export = folder / "export"
    return {str(path.relative_to(export)): path.stat().st_mode & 0o777 for path in sorted(export.glob("*/*"))}


def test_each_host_has_a_folder_with_its_guests_and_only_looks_are_sent(tmp_path: Path) -> None:
    with Simulator("3.2", tcp=None) as first, Simulator("4.1", tcp=None) as second:
        first.create(WEB1).unpause()
        first.create(UP)
        second.create("(vm (name db1) (memory 64) (vcpus 1) (image (linux (kernel /k))))").unpause()
        first.clear_log()
        second.clear_log()
        xens = inventory(tmp_path, xen1=first.unix_url, xen2=second.unix_url)
        runs = [
            playbook(tmp_path, "dom0.xend.export", "-i", xens, "--diff", "-vv", *more)
            for more in (["--check"], [], [], ["--check"])
        ]
        assert written(first) == written(second) == []
    assert ["changed=0" in run for run in runs] == [False, False, True, True]
    assert [run.count("changed=3 ") for run in runs] == [2, 2, 0, 0]
    assert "hunter2" not in "".join(runs)
    modes = files(tmp_path)
    odd = next(path for path in modes if path.startswith("xen1/_"))[: -len(".cfg")]
    stems = (odd, "xen1/web1", "xen2/db1")
    assert sorted(modes) == sorted(
        ["xen1/index.md", "xen2/index.md", *(f"{stem}.{end}" for stem in stems for end in ("cfg", "xml"))]
    )
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "export" / "xen1").stat().st_mode & 0o777 == 0o700
    page = (tmp_path / "export" / "xen1" / "index.md").read_text()
    assert "* The interface 0 is connected by the script 'vif-route', which the new host must have, too.\n" in page


def test_a_check_run_writes_nothing(tmp_path: Path) -> None:
    with Simulator("3.2", tcp=None) as sim:
        sim.create(WEB1)
        playbook(tmp_path, "dom0.xend.export", "-i", inventory(tmp_path, xen1=sim.unix_url), "--check")
    assert not (tmp_path / "export").exists()


@pytest.mark.skipif(bool(NO_XL or NO_LIBVIRT), reason=NO_XL or NO_LIBVIRT)
def test_xl_and_libvirt_take_what_was_exported(tmp_path: Path) -> None:
    with Simulator("4.0", tcp=None, hvm=True) as sim:
        sim.create(WEB1).unpause()
        playbook(tmp_path, "dom0.xend.export", "-i", inventory(tmp_path, xen1=sim.unix_url))
    config = (tmp_path / "export" / "xen1" / "web1.cfg").read_text()
    parser = XlParser()
    assert parser.string(config, "extra") == "root=/dev/sda1 ro"
    assert parser.disk(parser.strings(config, "disk")[0]).target == "/dev/vg0/web1"
    define([tmp_path / "export" / "xen1" / "web1.xml"])


def test_without_xend_url_the_xend_of_the_environment_is_taken_and_export_dir_and_formats_are_variables(
    tmp_path: Path,
) -> None:
    with Simulator("3.2", tcp=None) as sim:
        sim.create(WEB1)
        arguments = ["-e", "export_hosts=localhost", "-e", f"export_dir={tmp_path}/export"]
        playbook(
            tmp_path, "dom0.xend.export", *arguments, "-e", '{"export_formats": ["xl"]}', XEND_URL=sim.unix_url, PWD="/"
        )
    assert sorted(files(tmp_path)) == ["localhost/index.md", "localhost/web1.cfg"]


# ---- what the role and the filters say of themselves


def load(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def test_each_variable_has_the_default_that_its_spec_says() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert load("defaults/main.yml") == {name: spec["default"] for name, spec in options.items()}
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    assert all(f"\n| `{name}` | {spec['type']} | " in readme for name, spec in options.items())


@pytest.mark.parametrize("name", ["export_files", "to_libvirt_xml", "to_xl_config"])
def test_the_examples_of_a_filter_work_one_after_the_other(name: str, tmp_path: Path) -> None:
    source = ast.parse((TOP / "plugins" / "filter" / f"{name}.py").read_text())
    (examples,) = (
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES"
    )
    tasks = yaml.safe_load(examples)
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    with Simulator("3.2", tcp=None) as sim:
        sim.create(WEB1).unpause()
        shown = playbook(tmp_path, "play.yml", XEND_URL=sim.unix_url)
    assert f"ok={len(tasks)} " in shown
