# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gates. `make` calls them with the environment that they need: `make lint`, not `nox -s lint`.

All sessions run in .venv, which make builds: an environment for each would take minutes. Those of antsibull-nox are
configured in antsibull-nox.toml. Arguments after `--` are passed on: `nox -s unit -- -k inventory`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import antsibull_nox
import nox

TOP = Path(__file__).resolve().parent
SITE = TOP / ".build" / "docs"
COLLECTION = "ansible_collections.dom0.xend"
TYPED = (
    f"{COLLECTION}.plugins",
    f"{COLLECTION}.tests.unit",
    *(f"tests.{name}" for name in ("simulator", "conformance", "support", "bench", "tools", "xm")),
)
REAL_XEND = ("XEND_URL", "XEND_USERNAME", "XEND_PASSWORD", "XEND_CA_PATH")

nox.options.default_venv_backend = "none"
nox.options.envdir = ".build/nox"

antsibull_nox.load_antsibull_nox_toml()


def run(session: nox.Session, *command: str, env: dict[str, str | None] | None = None) -> None:
    """Run a command. When the run is interrupted, wait for what the command tidies up."""
    session.run(*command, env=env, interrupt_timeout=None)


# ---- make lint, together with the sessions lint and extra-checks of antsibull-nox


@nox.session
def codeqa(session: nox.Session) -> None:
    """Ruff: faults in Python."""
    session.run("ruff", "check", ".")


@nox.session(name="format-check")
def format_check(session: nox.Session) -> None:
    """Ruff: the layout of Python. `make format` writes it."""
    session.run("ruff", "format", "--check", ".")


@nox.session(name="license-check")
def license_check(session: nox.Session) -> None:
    """Reuse: each file has a copyright and a license."""
    session.run("reuse", "lint", "--lines")


@nox.session
def changelog(session: nox.Session) -> None:
    """Judge the fragments in changelogs/."""
    session.run("antsibull-changelog", "lint")


@nox.session
def lists(session: nox.Session) -> None:
    """Compare the list of plugins in the README with plugins/ and roles/."""
    session.run("python", "-m", "tests.tools.readme_plugins")


@nox.session(name="action-groups")
def action_groups(session: nox.Session) -> None:
    """Compare the action group with the modules, and with what ansible-doc shows of them."""
    session.run("python", "-m", "tests.tools.action_groups")


@nox.session(name="docs-check")
def docs_check(session: nox.Session) -> None:
    """Judge the documentation of plugins and roles, and the guides."""
    session.run(
        *("antsibull-docs", "lint-collection-docs", "--plugin-docs"), *("--validate-collection-refs", "self", ".")
    )


@nox.session(name="ansible-lint")
def ansible_lint(session: nox.Session) -> None:
    """Judge playbooks and roles."""
    session.run("ansible-lint", "--offline")


# ---- the other stages of make test


@nox.session
def typecheck(session: nox.Session) -> None:
    """Mypy over each package, under the name that it is imported by, and over this file."""
    session.run("mypy", "-m", "noxfile", *(word for package in TYPED for word in ("-p", package)))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site in .build/docs/html, without the network. A warning is an error."""
    shutil.rmtree(SITE, ignore_errors=True)
    pages = SITE / "rst"
    pages.mkdir(parents=True)
    pages.chmod(0o755)  # antsibull-docs refuses a folder that others can write to
    session.run(
        *("antsibull-docs", "--config-file", "docs/docsite/antsibull-docs.cfg", "collection", "--use-current"),
        *("--squash-hierarchy", "--fail-on-error", "--cleanup", "everything", "--dest-dir", str(pages), "dom0.xend"),
    )
    # docs/docsite/index.rst is the front page, and names the guides. The list of plugins becomes a page of its own.
    index = (pages / "index.rst").rename(pages / "plugins.rst")
    listed = re.sub(r"^Guides$.*?(?=^\.\. _plugin_index)", "", index.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    index.write_text(listed, encoding="utf-8")
    shutil.copytree("docs/docsite/static", pages / "static", ignore=shutil.ignore_patterns("*.css"))
    for page in ("docs/docsite/index.rst", "docs/WIRE.md", "docs/TRAPS.md", "CHANGELOG.md"):
        shutil.copy(page, pages)
    session.run(
        *("sphinx-build", "-b", "html", "-W", "--keep-going", "-q", "-c", "docs/docsite"),
        *("-d", str(SITE / "doctrees"), str(pages), str(SITE / "html")),
    )
    session.log("the site is in .build/docs/html; begin with index.html")


@nox.session
def sanity(session: nox.Session) -> None:
    """ansible-test sanity, on every Python that starts here."""
    run(session, "python", "-m", "tests.tools.ansible_test", "sanity", *session.posargs)


@nox.session(name="build-check")
def build_check(session: nox.Session) -> None:
    """Build the collection, install it elsewhere, and read its documentation from there."""
    run(session, "python", "-m", "tests.tools.build_check")


@nox.session
def galaxy(session: nox.Session) -> None:
    """Show the built collection to galaxy-importer and ansible-builder."""
    run(session, "python", "-m", "tests.tools.galaxy")


@nox.session
def molecule(session: nox.Session) -> None:
    """Run every scenario, two at a time, on simulated xends only: call molecule yourself for a real one."""
    simulated: dict[str, str | None] = dict.fromkeys(REAL_XEND)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    destroy_scenarios(session, simulated)
    try:
        run(session, "molecule", "test", "--all", "--workers", "2", env=simulated)
    finally:
        destroy_scenarios(session, simulated)


def destroy_scenarios(session: nox.Session, environment: dict[str, str | None]) -> None:
    """End what an interrupted run left: molecule would take it for created."""
    if any(Path(os.environ["ANSIBLE_HOME"]).glob("tmp/molecule.*/xend-*")):
        run(session, "molecule", "destroy", env=environment)


@nox.session
def integration(session: nox.Session) -> None:
    """ansible-test integration."""
    run(session, "python", "-m", "tests.tools.ansible_test", "integration", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """Compare the simulator with what real xends answered."""
    run(session, "python", "-m", "tests.conformance", *session.posargs)


@nox.session(name="units-oldest")
def units_oldest(session: nox.Session) -> None:
    """Run the unit tests of the modules on the oldest Python that starts here, from 3.9 on."""
    run(session, "python", "-m", "tests.tools.ansible_test", "units", *session.posargs)


@nox.session
def unit(session: nox.Session) -> None:
    """Run pytest over tests/unit, three at a time: on two cores, one of them usually waits."""
    run(session, "pytest", "-q", "-n", "3", *(session.posargs or ["tests/unit"]))


# ---- not in make test


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Measure the branches of plugins/ that the unit tests take, in the processes that they start, too."""
    tests = session.posargs or ["tests/unit"]
    run(session, "pytest", "-q", "-n", "2", "--cov", "--cov-report", "term-missing:skip-covered", *tests)


# ---- make test


@nox.session(default=False)
def test(session: nox.Session) -> None:
    """Run the targets of make after `--`, each under a heading and with its wall time.

    The output of the last one ends the run: the times are printed before it. A failure ends the run, unless KEEP_GOING
    is set: then the others run too, and the exit status is still that of a failure.
    """
    if not session.posargs:
        session.error("name the stages, as `make test` does")
    *stages, last = session.posargs
    times: dict[str, int] = {}
    failed = []
    began = time.monotonic()
    with beside(ASIDE if ASIDE in stages else "", times) as aside_passed:
        # Those that use other files than the one aside come first.
        for stage in sorted(stages, key=lambda stage: stage not in BESIDE):
            if stage not in BESIDE:
                failed += [] if aside_passed() else [ASIDE]
            if stage != ASIDE:
                failed += [] if stage_passes(session, stage, times) else [stage]
                print(f"---- {stage}: {times[stage]} s")
    print("\n==== wall time by stage, in seconds")
    for name, seconds in {**times, "all so far": round(time.monotonic() - began)}.items():
        print(f"{name:>12} {seconds:5}")
    failed += [] if stage_passes(session, last, times) else [last]
    if failed:
        session.error(f"these stages FAILED: {' '.join(dict.fromkeys(failed))}")


ASIDE = "sanity"
"""The stage that runs aside: it takes minutes on one core."""

BESIDE = ("lint", "typecheck", "docs", "build-check", "galaxy", "conformance")
"""The stages that may run beside it."""


@contextlib.contextmanager
def beside(stage: str, times: dict[str, int]) -> Iterator[Callable[[], bool]]:
    """Run a stage aside, if there is one; yield a function that waits for it, shows its output and returns whether it passed."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        command = [os.environ.get("MAKE", "make"), "--no-print-directory", stage] if stage else ["true"]
        with subprocess.Popen(command, stdout=output, stderr=output) as process:  # noqa: S603 - the name of a stage

            def passed() -> bool:
                status = process.wait()
                if stage and stage not in times:
                    times[stage] = round(time.monotonic() - began)
                    output.seek(0)
                    print(
                        f"\n==== {stage}, beside those before\n{output.read()}---- {stage}: {times[stage]} s",
                        flush=True,
                    )
                if status and not os.environ.get("KEEP_GOING"):
                    raise nox.command.CommandFailed
                return not status

            try:
                yield passed
            finally:
                process.terminate()


def stage_passes(session: nox.Session, stage: str, times: dict[str, int]) -> bool:
    """Run a stage and note how long it took; whether it passed."""
    print(f"\n==== {stage}", flush=True)
    began = time.monotonic()
    try:
        run(session, os.environ.get("MAKE", "make"), "--no-print-directory", stage)
    except nox.command.CommandFailed:
        print(f"\n==== {stage} FAILED after {time.monotonic() - began:.0f} s", flush=True)
        if not os.environ.get("KEEP_GOING"):
            raise
        return False
    finally:
        times[stage] = round(time.monotonic() - began)
    return True
