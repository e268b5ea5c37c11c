# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets among the options of a module: none reaches the log of the machine or a result, in whatever way a task ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.dom0.xend.plugins.module_utils.model import secrets
from tests.simulator import ManualClock, Simulator
from tests.support.running import MODULES, run, use_clock

MARK = "q7Q"
"""Every secret here holds this, and nothing else does."""
KERNEL = "/srv/xen/img/vmlinuz"

SPELLINGS = [
    f"(vncpasswd a{MARK}b)",
    f"('vncpasswd' a{MARK}b)",
    f'("vncpasswd" "a{MARK}b")',
    rf"('vnc\x70asswd' a{MARK}b)",
    f"(vncpasswd # the password, (as of today)\n a{MARK}b)",
    f"# (vncpasswd a{MARK}b)\n",
    f"(vncpasswd (a{MARK}b (c{MARK}d)))",
    f"(vncpasswd a{MARK}b c{MARK}d)",
    rf"(vncpasswd 'a\'b{MARK}')",
    rf"(vncpasswd 'a\\b{MARK}\n')",
    rf"(vncpasswd '\x61{MARK}')",
    f"(vncpasswd 'a{MARK}b",
    f"(odd 'text) (vncpasswd 'a{MARK}b')",
    f"{{'vncpasswd': 'a{MARK}b'}}",
]

HIDING: list[dict[str, Any]] = [
    *({"config": f"(vm (name web1) (memory 64) (image (linux (kernel {KERNEL}) {text})))"} for text in SPELLINGS),
    *({"config": text} for text in SPELLINGS),
    *({"extra_config": [text]} for text in SPELLINGS),
    *({"extra_config": text} for text in SPELLINGS),
    {"config": {"vm": {"vncpasswd": f"a{MARK}"}}},
    {"config": [f"(vm (vncpasswd a{MARK}))"]},
    {"extra_config": [{"vncpasswd": f"a{MARK}"}]},
    {"extra_config": [["vncpasswd", f"a{MARK}"]]},
    {"vncpasswd": f"a{MARK}"},
    {"vfb": [f"type=vnc,vncpasswd=a{MARK}"]},
    *({"image": {"kernel": KERNEL, "options": {"vncpasswd": value}}} for value in (f"a'\"\\{MARK}\n", [f"a{MARK}"])),
    {"image": {"kernel": KERNEL, "options": f"vnc=1 vncpasswd=a{MARK}"}},
    {"image": f"kernel={KERNEL} options='vncpasswd=a{MARK}'"},
    {"image": json.dumps({"kernel": KERNEL, "options": {"vncpasswd": f"a\\{MARK}"}})},
    {"image": f"vncpasswd a{MARK}"},
    *({"vfbs": [{"vncpasswd": value}]} for value in (f"a'\"\\{MARK}\n", [f"a{MARK}"])),
    {"vfbs": [f"vncpasswd=a{MARK}"]},
    {"vfbs": [f"vncpasswd a{MARK}"]},
    {"vfbs": [["vncpasswd", f"a{MARK}"]]},
    {"vfbs": {"vncpasswd": f"a{MARK}"}},
]

ENDS: list[dict[str, Any]] = [
    {},
    {"xend_url": "ftp://host"},
    {"timeout": 0},
    {"timeout": "soon"},
    {"memory": 64, "config": "(vm)"},
    {"name": None},
    {"state": "flying"},
    {"vbds": "sda1"},
    {"nmae": "web1"},
]
"""Ways for a task to end: well or refused by xend, and then refused by each of those who judge it before."""

ALSO: list[dict[str, Any]] = [{}, {"nonsense": 1}]
"""With an option that there is not, Ansible itself refuses the task."""

URLS = [
    f"http://joe:{MARK}@host:8000",
    f"http://joe:{MARK}%40host",
    f"http://joe:{MARK}%2540host",
    f"http://joe:{MARK}",
    f"http://joe:a/{MARK}@host",
    f"http://joe:a/{MARK}%40host",
    f"http://joe:1/{MARK}%40host",
    f"http://{MARK}@host",
    f"joe:{MARK}@host",
    f"unix://joe:{MARK}@host/socket",
    f"http://host:8000/?token={MARK}",
    f"http://host:8000/#{MARK}",
]


@pytest.fixture(name="sim")
def _sim(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    clock = ManualClock()
    use_clock(monkeypatch, clock)
    with Simulator("4.1", clock=clock, tcp=None) as sim:
        yield sim


@pytest.mark.parametrize("hiding", HIDING, ids=range(len(HIDING)))
def test_no_result_holds_a_secret(sim: Simulator, hiding: dict[str, Any]) -> None:
    for end in ENDS:
        guest: dict[str, Any] = {} if "config" in hiding else {"memory": 64, "image": {"kernel": KERNEL}}
        options = {"xend_url": sim.unix_url, "name": "web1", **guest, **hiding, **end}
        given = {key: value for key, value in options.items() if value is not None}
        result = run("xen_domain", check=True, **given)
        assert MARK not in json.dumps(result), result
        assert end == {} or result["failed"]


@pytest.mark.parametrize("hiding", HIDING, ids=range(len(HIDING)))
def test_no_result_of_many_domains_holds_a_secret(sim: Simulator, hiding: dict[str, Any]) -> None:
    guest: dict[str, Any] = {} if "config" in hiding else {"memory": 64, "image": {"kernel": KERNEL}}
    own = {"name": "web1", **guest, **hiding}
    for end in ({}, {"nmae": 1}, {"domains": [own, own]}, {"domains": [own, {"memory": 64}]}, {"timeout": 0}):
        result = run("xen_domains", check=True, **{"xend_url": sim.unix_url, "domains": [own], **end})
        assert MARK not in json.dumps(result), result
        if "config" not in hiding:
            shared = {"domains": [{"name": "web1"}, {"name": "web2"}], "defaults": {**guest, **hiding}, **end}
            assert MARK not in json.dumps(run("xen_domains", check=True, xend_url=sim.unix_url, **shared))


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_result_holds_a_password_that_is_in_the_url(module: str, url: str) -> None:
    for more in ALSO:
        options: dict[str, Any] = {"xend_url": url, **more}
        if module == "xen_domains":
            options["domains"] = [{"name": "web1"}]
        elif module != "xen_node_info":
            options["name"] = "web1"
        if module == "xen_migrate":
            options["destination"] = "xen2"
        result = run(module, **options)
        assert "nonsense" in result["msg"] if more else "xend_url" in result["msg"]
        assert MARK not in json.dumps(result)


def test_the_environment_may_hold_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XEND_URL", URLS[0])
    for more in ALSO:
        assert MARK not in json.dumps(run("xen_node_info", **more))


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_library_that_is_missing_is_no_way_out(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(secrets, "SEXPDATA_IMPORT_ERROR", "no")
    monkeypatch.setattr("ansible_collections.dom0.xend.plugins.module_utils.module.SEXPDATA_IMPORT_ERROR", "no")
    result = run("xen_domain", name="web1", config=f"(vm {text})")
    assert "sexpdata" in result["msg"]
    assert MARK not in json.dumps(result)


def test_what_is_no_secret_is_shown(sim: Simulator) -> None:
    options: dict[str, Any] = {
        "extra_config": ["(target 1)", "(vncpasswd s3cret)"],
        "vfbs": [{"vncdisplay": 1, "vncpasswd": "s3cret"}],
        "memory": 64,
        "image": {"kernel": KERNEL, "args": "console=hvc0", "options": {"vnc": 1, "vncpasswd": "s3cret"}},
    }
    result = run("xen_domain", xend_url=sim.unix_url, name="web1", **options)
    config = result["operations"][0]["config"]
    assert "(vnc 1) (vncpasswd '********')" in config
    assert "(target 1)" in config
    assert result["domain"]["memory"] == 64
    if "invocation" in result:
        shown = result["invocation"]["module_args"]
        assert shown["extra_config"] == ["(target 1)", "(vncpasswd '********')"]
        assert shown["vfbs"][0]["vncdisplay"] == 1
        assert shown["image"]["options"] == {"vnc": 1, "vncpasswd": "********"}
        assert shown["image"]["args"] == "console=hvc0"
    whole = f"(vm (name web1) (memory 32) (vcpus 1) (image (linux (kernel {KERNEL}) (vncpasswd s3cret))))"
    result = run("xen_domain", xend_url=sim.unix_url, name="web1", config=whole, recreate="always")
    assert result["removed_config"].startswith("(domain (domid 1) ")
    assert "(memory 32)" in next(each["config"] for each in result["operations"] if "config" in each)


def test_a_config_that_cannot_be_read_is_shown_up_to_its_first_password() -> None:
    message = run("xen_domain", name="web1", config="(vm (name {web1) (vncpasswd s3cret))")["msg"]
    assert "at character 10: '(vm (name {web1) (vncpasswd" in message
    assert "s3cret" not in message


def test_a_password_that_is_not_as_declared_is_drift_without_the_passwords(sim: Simulator) -> None:
    options: dict[str, Any] = {"xend_url": sim.unix_url, "name": "web1", "memory": 64, "image": {"kernel": KERNEL}}
    run("xen_domain", **options, extra_config=["(vncpasswd 0ld)"])
    result = run("xen_domain", **options, extra_config=["(vncpasswd n3w)"])
    assert "0ld" not in json.dumps(result)
    assert "n3w" not in json.dumps(result)


# ---- the log of the machine

LOGGING = """
import json, sys
from ansible.module_utils import basic
from tests.unit import conftest
from tests.support.running import run
basic.has_journal = False
for module, options in json.load(sys.stdin):
    run(module, check=True, **options)
"""
IN_PLACE_OF_DEV = """
set -e
mount --make-rprivate /
for device in null zero random urandom; do touch "$1/$device"; mount --bind "/dev/$device" "$1/$device"; done
mount --rbind "$1" /dev
shift
exec "$@"
"""
"""Only this process and its children see the folder as /dev."""


def logged(tasks: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return what modules say to the log of the machine, /dev/log, in whose place a socket of ours is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(f"{folder}/log")
        alone = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c", IN_PLACE_OF_DEV, "sh", folder]
        try:
            tried = subprocess.run([*alone, "true"], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("needs the command unshare, to put a socket in the place of /dev/log")
        if tried.returncode:
            pytest.skip(f"needs a mount namespace, to put a socket in the place of /dev/log: {tried.stderr.strip()}")
        with ThreadPoolExecutor(1) as reader:
            lines = reader.submit(lambda: list(iter(lambda: log.recv(1 << 20).decode("utf-8", "replace"), "")))
            try:
                subprocess.run(
                    [*alone, sys.executable, "-c", LOGGING],
                    input=json.dumps(tasks),
                    text=True,
                    check=True,
                    cwd=Path(__file__).resolve().parents[4],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                )
            finally:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                    end.sendto(b"", f"{folder}/log")
            return lines.result()


def test_the_log_of_the_machine_holds_no_secret() -> None:
    tasks = [("xen_domain", {"name": f"task{n}", "xend_url": "ftp://host", **each}) for n, each in enumerate(HIDING)]
    tasks += [("xen_sedf", {"name": f"url{n}", "xend_url": url}) for n, url in enumerate(URLS)]
    lines = logged(tasks)
    said = [line for line in lines if "Invoked with" in line]
    assert len(said) > len(SPELLINGS) + len(URLS)
    assert all("ansible-" in line and "state=running" in line for line in said if "name=task" in line)
    assert [line for line in lines if MARK in line] == []


def test_the_journal_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    class Journal:
        """What is sent to systemd's journal."""

        said: list[dict[str, object]] = []  # noqa: RUF012

        @classmethod
        def send(cls, **fields: object) -> None:
            cls.said.append(fields)

    monkeypatch.setattr(basic, "has_journal", True)
    monkeypatch.setattr(basic, "journal", Journal, raising=False)
    for each in HIDING:
        run("xen_domain", name="web1", xend_url="ftp://host", **each)
    assert len(Journal.said) > len(SPELLINGS)
    assert Journal.said[0]["NAME"] == "web1"
    assert [entry for entry in Journal.said if MARK in repr(entry)] == []


# ---- what has another shape than its option


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"vbds": "sda1"}, "vbds"),
        ({"vbds": ["sda1"]}, "vbds[0]"),
        ({"vbds": [{"uname": "phy:x", "dev": "sda1"}, 5]}, "vbds[1]"),
        ({"vbds": [["sda1"]]}, "vbds[0]"),
        ({"vifs": "br0"}, "vifs"),
        ({"vfbs": [True]}, "vfbs[0]"),
        ({"image": "/boot/vmlinuz"}, "image"),
        ({"image": ["/boot/vmlinuz"]}, "image"),
        ({"image": "{kernel: /boot/vmlinuz"}, "image"),
        ({"image": {"kernel": KERNEL, "options": "acpi"}}, "image.options"),
    ],
)
def test_what_is_no_dictionary_is_said_with_the_name_of_its_option(options: dict[str, Any], option: str) -> None:
    for more in ALSO:
        result = run("xen_domain", name="web1", **options, **more)
        assert result["failed"]
        assert result["msg"].startswith(f"{option} must be a dictionary")


def test_a_dictionary_may_still_be_given_as_text(sim: Simulator) -> None:
    result = run(
        "xen_domain",
        xend_url=sim.unix_url,
        name="web1",
        memory=64,
        image=f"kernel={KERNEL}",
        vifs=["bridge=xenbr0", '{"bridge": "xenbr1"}'],
    )
    assert [vif["bridge"] for vif in result["domain"]["vifs"]] == ["xenbr0", "xenbr1"]
