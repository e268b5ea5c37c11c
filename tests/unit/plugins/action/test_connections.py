# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other hosts than localhost: the real ansible-playbook reaches a xend through its own connections."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.support.playing import Played, play
from tests.support.running import written
from tests.support.sshd import MISSING, Sshd

needs_sshd = pytest.mark.skipif(bool(MISSING), reason=MISSING)
OTHER = "nobody"
CAN_SUDO = (
    bool(shutil.which("sudo"))
    and not subprocess.run(["sudo", "-n", "-u", OTHER, "true"], capture_output=True, check=False).returncode
    if shutil.which("sudo")
    else False
)
needs_sudo = pytest.mark.skipif(not CAN_SUDO, reason="sudo is not installed, or wants a password")
GUEST = "(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /k))))"
PYTHON_2 = next(iter(sorted((Path.home() / ".pyenv" / "versions").glob("2.7*/bin"))), None)
SECRET = "hunter2secret"


@pytest.fixture(name="sim")
def _sim() -> Iterator[Simulator]:
    with Simulator("4.1") as sim:
        sim.create(GUEST).unpause()
        sim.clear_log()
        yield sim


def on(host: Sshd, tmp_path: Path, *tasks: dict[str, Any], extra: str = "", **keywords: Any) -> Played:
    """Run tasks on a host, through Ansible's ssh connection."""
    line = (
        f"xen1 ansible_host=127.0.0.1 ansible_port={host.port} ansible_user={host.user} "
        f"ansible_ssh_common_args='{host.arguments}' ansible_python_interpreter=/nowhere/python {extra}\n"
    )
    return play(tmp_path, tasks, inventory=line, **keywords)


def modules_run(found: Played) -> bool:
    """Return whether a module was put on a host."""
    return "AnsiballZ" in found.shown or "PUT " in found.shown


@needs_sshd
@pytest.mark.parametrize("pipelining", ["False", "True"])
def test_host_of_the_play_needs_nothing_but_ssh(sim: Simulator, tmp_path: Path, pipelining: str) -> None:
    look = {"dom0.xend.xen_domain": {"name": "web1", "memory": 64, "xend_url": sim.unix_url}}
    pause = {"dom0.xend.xen_domain": {"name": "web1", "state": "paused", "xend_url": sim.url}}
    with Sshd(tmp_path, banner="Welcome\n", before="echo garbage") as host:
        environment = {"ANSIBLE_PIPELINING": pipelining}
        found = on(host, tmp_path, look, pause, environment=environment, arguments=["-vvv"])
    assert [(how, result["changed"]) for how, result in found.results] == [("ok", False), ("ok", True)], found.shown
    assert written(sim) == ["pause"]
    assert not modules_run(found)


@needs_sshd
def test_file_on_the_host_is_overwritten_with_permission_only(sim: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "mail.chk"
    file.write_text("the memory of another guest")
    save: dict[str, Any] = {"name": "web1", "state": "saved", "save_file": str(file)}
    one = {**save, "xend_url": sim.unix_url}
    permitted = {**one, "overwrite_save_file": True}
    tasks: list[dict[str, Any]] = [
        {"dom0.xend.xen_domain": one, "check_mode": True, "ignore_errors": True},
        {"dom0.xend.xen_domain": one, "ignore_errors": True},
        {"dom0.xend.xen_domains": {"domains": [save], "xend_url": sim.unix_url}, "ignore_errors": True},
        {"dom0.xend.xen_domain": permitted, "check_mode": True},
        {"dom0.xend.xen_domain": permitted},
        {"dom0.xend.xen_domain": one},
    ]
    with Sshd(tmp_path) as host:
        found = on(host, tmp_path, *tasks)
    told = [str(result) for _how, result in found.results[:3]]
    assert all(f"{file} exists on the host of web1, and xend would overwrite it" in text for text in told), told
    # The last task finds no guest to save, so nothing would be overwritten.
    assert [result["changed"] for _how, result in found.results[3:]] == [True, True, False], found.shown
    assert written(sim) == ["save"]


@needs_sshd
@pytest.mark.skipif(PYTHON_2 is None, reason="no Python 2.7 is installed")
def test_host_with_an_old_python_is_enough(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path, path=f"{PYTHON_2}:/bin") as host:
        found = on(host, tmp_path, {"dom0.xend.xen_node_info": {"xend_url": sim.unix_url}})
    assert found.only["node"]["xen_major"] == 4


@needs_sshd
@pytest.mark.parametrize("shell", [each for each in ("/bin/bash", "/bin/csh") if shutil.which(each)])
def test_shell_of_the_host_makes_no_difference(sim: Simulator, tmp_path: Path, shell: str) -> None:
    with Sshd(tmp_path, shell=shell) as host:
        found = on(host, tmp_path, {"dom0.xend.xen_credit": {"name": "web1", "xend_url": sim.unix_url}})
    assert found.only["credit"] == {"weight": 256, "cap": 0}


@needs_sshd
def test_url_of_ssh_reaches_a_host_that_is_not_in_the_inventory(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        options = {"name": "web1", "xend_url": f"{host.url}{sim.unix_path}", "xend_ssh_args": host.arguments}
        found = play(tmp_path, [{"dom0.xend.xen_domain_info": options}], arguments=["-vvv"])
    assert found.only["domains"][0]["name"] == "web1"
    assert not modules_run(found)


@needs_sshd
def test_environment_of_the_controller_is_not_that_of_a_host(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        found = on(host, tmp_path, {"dom0.xend.xen_node_info": {}}, environment={"XEND_URL": sim.unix_url})
    assert (
        "Cannot connect to xend at unix:///var/lib/xend/xend-socket or http://127.0.0.1:8000 on xen1: "
        in found.only["msg"]
    )
    assert sim.requests == []


@needs_sshd
def test_environment_of_the_task_is_that_of_a_host(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        found = on(host, tmp_path, {"dom0.xend.xen_node_info": {}, "environment": {"XEND_URL": sim.unix_url}})
    assert found.only["node"]["xen_major"] == 4


@needs_sshd
def test_https_runs_the_module_on_the_host(tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        task = {"dom0.xend.xen_node_info": {"xend_url": "https://127.0.0.1:1"}, "ignore_errors": True}
        found = on(host, tmp_path, task, arguments=["-vvv"])
    assert modules_run(found)


@needs_sshd
@needs_sudo
def test_become_is_heeded(sim: Simulator, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    pause = {"dom0.xend.xen_domain": {"name": "web1", "state": "paused", "xend_url": sim.url}, "become": True}
    look = {"dom0.xend.xen_node_info": {"xend_url": f"unix://{locked}/socket"}, "become": True}
    with Sshd(tmp_path) as host:
        found = on(host, tmp_path, pause, look, arguments=["-vvv"], become_user=OTHER)
    assert found.results[0][1]["changed"], found.shown
    assert "Permission denied" in found.results[1][1]["msg"]
    assert "<xen1> XEND RELAY POST /xend/domain/web1" in found.shown
    assert not modules_run(found)


TTY_USER = "games"
SUDOERS = Path("/etc/sudoers.d/dom0-xend-test")


@pytest.fixture(name="requiretty")
def _requiretty() -> Iterator[None]:
    """Have sudo want a terminal for one user, as that of Red Hat Enterprise Linux 5 and 6 does for all."""
    if os.geteuid():
        pytest.skip("only root can change what sudo wants")
    SUDOERS.touch(0o440)
    SUDOERS.write_text(f"Defaults>{TTY_USER} requiretty\n")
    try:
        yield
    finally:
        SUDOERS.unlink()


@needs_sshd
@needs_sudo
@pytest.mark.usefixtures("requiretty")
def test_a_sudo_that_wants_a_terminal_gets_one(sim: Simulator, tmp_path: Path) -> None:
    disks = [{"uname": f"phy:vg0/{'x' * 200}{number}", "dev": f"sd{chr(97 + number)}"} for number in range(15)]
    guest = {"name": "web2", "memory": 64, "image": {"kernel": "/k"}, "vfbs": [{"vncpasswd": SECRET}], "vbds": disks}
    with Sshd(tmp_path) as host:
        found = on(
            host,
            tmp_path,
            {"dom0.xend.xen_domain": {**guest, "xend_url": sim.url}},
            {"dom0.xend.xen_node_info": {"xend_url": "unix:///nowhere/socket"}},
            extra="ansible_become=true",
            become_user=TTY_USER,
            arguments=["-vvvvv"],
        )
    created, unreachable = (result for _how, result in found.results)
    assert created["changed"], found.shown
    assert written(sim) == ["create", "wait_for_devices", "unpause"]
    assert "No such file or directory" in unreachable["msg"]
    config = next(request.params["config"][0] for request in sim.requests if request.op == "create")
    assert SECRET in config
    assert f"{'x' * 200}14" in config
    assert SECRET not in found.shown
    assert "dom0.xend-" not in found.shown
    assert not modules_run(found)


PASSWORD = "sesame-of-games"
ASKS = f"{TTY_USER} ALL=({OTHER}) ALL\nDefaults:{TTY_USER} timestamp_timeout=0\n"
MOUNTS = 'mount --bind "$1" /etc/shadow && mount --bind "$2" /etc/sudoers.d && shift 2 && exec "$@"'


@pytest.fixture(name="asking", params=["", f"Defaults:{TTY_USER} requiretty\n"], ids=["no terminal", "requiretty"])
def _asking(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Return a command that runs another where a user has a password, and sudo asks for it: nothing on the machine changes."""
    hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=False)
    alone = ["unshare", "--mount", "--"]
    if (
        os.geteuid()
        or hashed.returncode
        or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("it takes root, openssl, and mounts of its own")
    lines = Path("/etc/shadow").read_text().splitlines()
    theirs = [line for line in lines if not line.startswith(f"{TTY_USER}:")]
    shadow, sudoers = tmp_path / "shadow", tmp_path / "sudoers.d"
    shadow.touch(0o600)
    shadow.write_text("\n".join([*theirs, f"{TTY_USER}:{hashed.stdout.strip()}:20000:0:99999:7:::", ""]))
    sudoers.mkdir(0o755)
    (sudoers / "test").touch(0o440)
    (sudoers / "test").write_text(ASKS + request.param)
    return [*alone, "sh", "-c", MOUNTS, "sh", str(shadow), str(sudoers)]


@needs_sshd
@needs_sudo
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_a_sudo_that_wants_a_password_gets_it(sim: Simulator, tmp_path: Path, asking: list[str]) -> None:
    tmp_path.chmod(0o755)
    # Whoever logs in goes on as a user for whom sudo asks: root is never asked.
    shell = f"setpriv --reuid={TTY_USER} --regid={TTY_USER} --clear-groups /bin/sh"
    pause = {"dom0.xend.xen_domain": {"name": "web1", "state": "paused", "xend_url": sim.url}}
    with Sshd(tmp_path, shell=shell, inside=asking) as host:
        right, wrong, none = told = [
            on(
                host,
                tmp_path,
                pause,
                extra=f"ansible_become=true {password}",
                arguments=["-vvvvv"],
                become_user=OTHER,
            )
            for password in (f"ansible_become_password={PASSWORD}", "ansible_become_password=wrong", "")
        ]
    assert right.only["changed"], right.shown
    assert written(sim) == ["pause"]
    for failed in (wrong, none):
        assert "password" in failed.only["msg"].lower(), failed.only
        assert "Traceback" not in failed.shown
    assert PASSWORD not in right.shown
    assert not any(modules_run(each) for each in told)


@needs_sudo
def test_become_on_localhost_reaches_the_socket_as_that_user(sim: Simulator, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    task = {
        "dom0.xend.xen_node_info": {"xend_url": f"unix://{locked}/socket"},
        "become": True,
        "become_user": OTHER,
    }
    found = play(tmp_path, [task], arguments=["-vvv"])
    assert "Permission denied" in found.only["msg"]
    assert not modules_run(found)
    itself = {**task, "dom0.xend.xen_node_info": {"xend_url": sim.unix_url}, "become_user": getpass.getuser()}
    assert play(tmp_path, [itself]).only["node"]["xen_major"] == 4


@needs_sshd
def test_no_secret_is_in_a_command_line_or_shown(sim: Simulator, tmp_path: Path) -> None:
    guest = {"name": "web2", "memory": 64, "image": {"kernel": "/k"}, "vfbs": [{"vncpasswd": SECRET}]}
    with Sshd(tmp_path) as host:
        found = on(host, tmp_path, {"dom0.xend.xen_domain": {**guest, "xend_url": sim.unix_url}}, arguments=["-vvvvv"])
    assert found.only["changed"], found.shown
    assert SECRET in next(request.params["config"][0] for request in sim.requests if request.op == "create")
    assert SECRET not in found.shown
    assert "dom0.xend-" not in found.shown  # no reply, in base64 or not, is printed by the connection


@needs_sshd
def test_host_that_is_down_is_unreachable(tmp_path: Path) -> None:
    found = on(Sshd(tmp_path), tmp_path, {"dom0.xend.xen_node_info": {}})
    assert found.results[0][0] == "unreachable"


@needs_sshd
@pytest.mark.parametrize("retries", ["0", "3"])
@pytest.mark.parametrize("what", ["relay", "connection"])
def test_what_breaks_in_the_middle_is_in_doubt_and_never_sent_twice(
    sim: Simulator, tmp_path: Path, what: str, retries: str
) -> None:
    sim.faults.append(Fault("pause", "hang"))
    task = {"dom0.xend.xen_domain": {"name": "web1", "state": "paused", "xend_url": sim.unix_url}}
    with Sshd(tmp_path) as host:

        def break_it() -> None:
            deadline = time.monotonic() + 60
            while "pause" not in written(sim) and time.monotonic() < deadline:
                time.sleep(0.02)
            host.kill_relays() if what == "relay" else host.drop()

        thread = threading.Thread(target=break_it)
        thread.start()
        found = on(host, tmp_path, task, environment={"ANSIBLE_SSH_RETRIES": retries})
        thread.join()
        deadline = time.monotonic() + 10
        while host.relays() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not host.relays()
    assert found.results[0][0] == "failed", found.shown
    assert "may have carried out the request" in found.only["msg"]
    assert written(sim) == ["pause"]


@needs_sshd
def test_twenty_megabytes_come_back(tmp_path: Path) -> None:
    with Simulator("4.1", tcp=None) as sim, Sshd(tmp_path) as host:
        sim.faults.append(
            Fault(
                "node", "status", status=200, body="(node (host d0))" + " " * (20 << 20), content_type="application/sxp"
            )
        )
        found = on(host, tmp_path, {"dom0.xend.xen_node_info": {"xend_url": sim.unix_url}})
    assert found.only["node"]["host"] == "d0", found.shown[-2000:]
