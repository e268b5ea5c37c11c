# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test over this clone, without containers.

    python -m tests.tools.ansible_test sanity|units|integration [ARGUMENT...]

ansible-test wants to stand in a folder called ansible_collections/NAMESPACE/NAME that is no link, downloads pip, and
takes each program called python3.x for a Python. So it is given a copy of the clone's files, a home of its own that
has a stand-in for the download, and a PATH with the Pythons that really start.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ansible_test
import yaml

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / ".build"
TREE = BUILD / "at" / "ansible_collections" / "dom0" / "xend"
HOME = BUILD / "athome"
PYTHONS = BUILD / "pythons"

COMMANDS = {
    "sanity": ["sanity", "--local", "--color", "no"],
    "units": ["units", "--venv", "--color", "no"],
    "integration": ["integration", "--venv", "--python", "default", "--color", "no"],
}
# What pip says while all goes well: hundreds of lines, on every Python, for every test.
CHATTER = re.compile(
    r"(Collecting|Downloading|Installing collected|Looking in|Obtaining|Preparing metadata|Processing|Requirement already"
    r"|Successfully installed|Using cached|\[notice\]|━|WARNING: Location '|Ignoring \S+: markers)"
)
# Only these run on managed nodes, and so on an old Python; `make unit` runs all on the controller's.
MODULE_TESTS = ("tests/unit/plugins/modules", "tests/unit/plugins/module_utils")


def copy_tree() -> None:
    """Bring TREE up to date with what git tracks or would track; what ansible-test wrote there itself stays."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        check=True,
        capture_output=True,
    ).stdout
    wanted = {name for name in os.fsdecode(listing).split("\0") if name and (TOP / name).is_file()}
    if not TREE.exists():
        TREE.mkdir(parents=True)
        # Its own repository: in that of the clone it is an ignored folder, and ansible-test would skip every file.
        subprocess.run(["git", "init", "-q", "."], cwd=TREE, check=True)
    for folder, folders, files in os.walk(TREE):
        here = Path(folder).relative_to(TREE)
        folders[:] = [name for name in folders if (here / name).as_posix() not in {".git", "tests/output"}]
        for name in files:
            if (here / name).as_posix() not in wanted:
                (TREE / here / name).unlink()
    for name in wanted:
        source, target = TOP / name, TREE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def furnish_home() -> None:
    """Fill HOME: pip's settings and cache are the user's own; get_pip.py lies where a download would be kept."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    internals = Path(ansible_test.__path__[0], "_internal", "python_requirements.py").read_text(encoding="utf-8")
    for release in set(re.findall(r"\bpip='([\d.]+)'", internals)):
        # The name carries the release of pip that ansible-test asks for.
        shutil.copy(TOP / "tests" / "tools" / "get_pip.py", cache / f"get_pip_{release.replace('.', '_')}.py")
    for name in (".cache/pip", ".config/pip", ".pip", ".netrc"):
        link = HOME / name
        if not link.is_symlink() and (Path.home() / name).exists():
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(Path.home() / name)


def run(arguments: list[str]) -> int:
    """Run ansible-test in TREE, without pip's chatter, and return its exit status."""
    path = [f"{sys.prefix}/bin", str(PYTHONS), "/usr/local/bin", "/usr/bin", "/bin"]
    # It sets ANSIBLE_* itself, and for its own tree.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {"HOME": str(HOME), "PATH": os.pathsep.join(path)}
    with subprocess.Popen(
        ["ansible-test", *arguments],
        cwd=TREE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            if not CHATTER.match(line.lstrip()):
                print(line, end="", flush=True)
    return process.returncode


def oldest_python() -> list[str]:
    """Have the units run on the oldest Python there is: the newest is `make unit`'s, and each one costs minutes."""
    found = sorted(PYTHONS.glob("python3.*"), key=lambda path: int(path.name.rpartition(".")[2]))
    return ["--python", found[0].name[len("python") :]] if found else []


def promised_python() -> str:
    """Return the oldest Python that modules are promised to run on, such as 3.9."""
    settings = yaml.safe_load((TOP / "tests" / "config.yml").read_text(encoding="utf-8"))
    return str(settings["modules"]["python_requires"]).removeprefix(">=")


def main(command: str, *more: str) -> int:
    """Run one command of ansible-test and return its exit status."""
    if command == "sanity" and not shutil.which("shellcheck"):
        print("skipped: the shellcheck part of ansible-test sanity: the program is not installed")
    if command != "integration" and not (PYTHONS / f"python{promised_python()}").exists():
        print(f"skipped: {command} on Python {promised_python()}, the oldest for modules: it does not start here")
    copy_tree()
    furnish_home()
    arguments = [*COMMANDS[command], *more]
    if command == "units" and not more:
        arguments += [*oldest_python(), *(f"{folder}/" for folder in MODULE_TESTS)]
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
