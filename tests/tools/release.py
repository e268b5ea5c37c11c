# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cut a release: the changelog from its fragments, the version in galaxy.yml, the archive, a commit and a tag.

    python -m tests.tools.release VERSION [--no-import]

It refuses what is no release before it touches anything, puts everything back if a step fails, and sends nothing
anywhere: the steps that do are printed. --no-import leaves galaxy-importer out; the gates have judged the same tree.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.tools.build_check import build

TOP = Path(__file__).resolve().parents[2]
RELEASE = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
VERSION_LINE = re.compile(r"^version: .*$", re.MULTILINE)
LAST_STEPS = """\
{version} is built, committed and tagged; nothing has left this machine. Look at it, and send it:
    git show v{version}
    git push --follow-tags
    ansible-galaxy collection publish {archive}
or take it back:
    git tag -d v{version} && git reset --hard HEAD~1"""


def run(*command: str) -> str:
    """Run a command at the top of the clone; what it prints. Raises CalledProcessError."""
    return subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.PIPE, text=True).stdout


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers, which compare as versions do."""
    return tuple(int(part) for part in version.split("."))


def released() -> list[str]:
    """Return the versions that the changelog holds, oldest first."""
    path = TOP / "changelogs" / "changelog.yaml"
    known = yaml.safe_load(path.read_text(encoding="utf-8"))["releases"] if path.exists() else {}
    return sorted(known, key=numbers)


def refusals(version: str) -> list[str]:
    """Return why no release of this version can be cut now; nothing if it can."""
    if not RELEASE.fullmatch(version):
        return [f"VERSION={version} is not three numbers with dots, such as 0.2.0"]
    found = [
        f"VERSION={version} is not newer than {last}, the last release in the changelog"
        for last in released()[-1:]
        if numbers(version) <= numbers(last)
    ]
    if run("git", "tag", "--list", f"v{version}"):
        found.append(f"there is a tag v{version} already")
    changed = run("git", "status", "--porcelain")
    if changed:
        found.append(f"the tree is not clean; commit these, or put them away:\n{changed.rstrip()}")
    if not any((TOP / "changelogs" / "fragments").glob("*.y*ml")):
        found.append("changelogs/fragments holds no fragment: nothing has changed that a user could notice")
    return found


def set_version(version: str) -> None:
    """Write the version into galaxy.yml."""
    path = TOP / "galaxy.yml"
    text, count = VERSION_LINE.subn(f"version: {version}", path.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"galaxy.yml has {count} lines that begin with version:")
    path.write_text(text, encoding="utf-8")


def cut(version: str, *, judged: bool) -> Path:
    """Make the release; return its archive."""
    set_version(version)
    today = dt.datetime.now(dt.timezone.utc).date().isoformat()
    run("antsibull-changelog", "release", "--version", version, "--date", today)
    run("antsibull-changelog", "lint")
    archive = build()
    if judged:
        run(sys.executable, "-m", "tests.tools.galaxy", str(archive))
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", f"Release {version}")
    run("git", "tag", "--annotate", f"v{version}", "--message", f"dom0.xend {version}")
    return archive


def put_back(commit: str) -> None:
    """Undo what cut() did before it failed. The tree was clean: nothing but its own work can be lost."""
    run("git", "reset", "--quiet", "--hard", commit)
    run("git", "clean", "--quiet", "--force", "-d")


def main(arguments: list[str] | None = None) -> int:
    """Cut the release, or say why not; the exit status."""
    parser = argparse.ArgumentParser(prog="make release VERSION=...")
    parser.add_argument("version")
    parser.add_argument("--no-import", action="store_true")
    options = parser.parse_args(arguments)
    found = refusals(options.version)
    if found:
        print("no release:", *found, sep="\n", file=sys.stderr)
        return 1
    before = run("git", "rev-parse", "HEAD").strip()
    try:
        archive = cut(options.version, judged=not options.no_import)
    except (subprocess.CalledProcessError, ValueError, KeyboardInterrupt) as error:
        put_back(before)
        print(f"no release: {error!r}; all is as it was\n{getattr(error, 'stdout', None) or ''}", file=sys.stderr)
        return 1
    print(LAST_STEPS.format(version=options.version, archive=archive.relative_to(TOP)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
