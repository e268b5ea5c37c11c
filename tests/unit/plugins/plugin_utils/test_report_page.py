# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report as Chromium shows it: search, filters, sorting, links, and no script but its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.filter.report_files import FilterModule
from tests.support.browser import NO_CHROMIUM, Browser, browser

pytestmark = pytest.mark.skipif(bool(NO_CHROMIUM), reason=NO_CHROMIUM)

report_files = FilterModule().filters()["report_files"]
NODE = {"nr_cpus": 4, "total_memory": 4096, "free_memory": 3072}
EVIL = "<script>alert(1)</script>"
BREAKOUT = "</script><img src=x onerror=\"document.title='owned'\">\u2028'\""
NAMES = "return Array.from(document.querySelectorAll('#rows tr')).filter(row => !row.hidden).map(row => row.cells[0].textContent)"


def guest(name: str, memory: int | None, state: str = "running", **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, "domid": 1, "memory": memory, "vcpus": 1, "uuid": "c0ffee00", **more}


HOSTS = {
    "xen1": {
        "node": NODE,
        "xend": {"span": "3.2", "releases": ["3.2"]},
        "domains": [
            guest("web10", 64, vifs=[{"ip": ["10.0.0.7"]}]),
            guest("web9", 256),
            guest("Zombie-old", None, "dying"),
            guest(EVIL, 32, "halted"),
        ],
    },
    "xen2": {"node": NODE, "xend": {}, "domains": [guest(BREAKOUT, 1024, "crashed")]},
    "xen3": {"failure": "Connection refused"},
}


@pytest.fixture(name="chromium", scope="module")
def _chromium() -> Iterator[Browser]:
    """Return one browser for all tests: it takes a second to start."""
    with browser() as opened:
        yield opened


@pytest.fixture(name="page")
def _page(chromium: Browser, tmp_path: Path) -> Browser:
    """Return the browser with the page open, wide and light."""
    path = tmp_path / "report.html"
    path.write_text(report_files(HOSTS, time="2026-11-26T08:00:00Z")[0]["content"], encoding="utf-8")
    chromium.resize(1280, 900)
    chromium.control("Emulation.setEmulatedMedia", media="", features=[])
    chromium.control("Emulation.setScriptExecutionDisabled", value=False)
    chromium.open(path)
    return chromium


def search(page: Browser, words: str) -> list[str]:
    """Type into the search; return the names of the guests that are left."""
    page.run("search.value = arguments[0]; search.dispatchEvent(new Event('input'))", words)
    page.wait("setTimeout(arguments[0], 50)")
    names: list[str] = page.run(NAMES)
    return names


def test_everything_is_shown_at_first(page: Browser) -> None:
    assert len(page.run(NAMES)) == 5
    assert page.run("return count.innerText") == "5 rows"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("WEB", ["web9", "web10"]),
        ("10.0.0.7", ["web10"]),
        ("xen1 dying", ["Zombie-old"]),
        ("<script>", [EVIL]),
        ("nobody", []),
    ],
)
def test_the_search_finds_rows_with_all_words(page: Browser, words: str, names: list[str]) -> None:
    assert search(page, words) == names
    assert page.run("return count.innerText") == f"{len(names)} of 5 rows"
    assert page.run("return document.getElementById('none').hidden") is bool(names)


def test_the_search_narrows_hosts_and_findings_too(page: Browser) -> None:
    search(page, "refused")
    shown = page.run(
        "return Array.from(document.querySelectorAll('[data-find]')).filter(e => !e.hidden).map(e => e.innerText)"
    )
    assert len(shown) == 2
    assert all("Connection refused" in text for text in shown)


def test_rows_are_filtered_by_state_and_by_findings(page: Browser) -> None:
    page.run("state.value = 'running'; state.dispatchEvent(new Event('change'))")
    assert page.run(NAMES) == ["web9", "web10"]
    page.run("state.value = ''; odd.click()")
    assert page.run("return count.innerText") == "2 of 5 rows"
    assert page.run(NAMES)[0] == "Zombie-old"


def test_a_column_is_sorted_up_and_down_and_what_is_not_known_comes_last(page: Browser) -> None:
    click = "document.querySelector('#guests th:nth-child(4) button').click();"
    memory = "return Array.from(document.querySelectorAll('#rows tr')).map(row => row.cells[3].textContent)"
    assert page.run(click + memory) == ["32 MiB", "64 MiB", "256 MiB", "1024 MiB", ""]
    assert page.run(click + memory) == ["1024 MiB", "256 MiB", "64 MiB", "32 MiB", ""]
    assert page.run("return document.querySelector('[aria-sort]').ariaSort") == "descending"


def test_names_are_sorted_as_people_count(page: Browser) -> None:
    page.run("document.querySelector('#guests th').firstChild.click()")
    names = page.run(NAMES)
    assert names.index("web9") < names.index("web10") < names.index("Zombie-old")


def test_a_slash_goes_to_the_search_and_escape_ends_it(page: Browser) -> None:
    press = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}));"
    assert page.run(press + "return document.activeElement.id", "/") == "search"
    search(page, "nobody")
    page.run(press, "Escape")
    assert len(page.run(NAMES)) == 5


@pytest.mark.parametrize(("hours", "words"), [(0, ""), (5, "5 h old"), (50, "2 d old")])
def test_the_page_says_how_old_it_is(chromium: Browser, tmp_path: Path, hours: int, words: str) -> None:
    path = tmp_path / "report.html"
    made = datetime.now(timezone.utc) - timedelta(hours=hours, minutes=1)
    path.write_text(report_files(HOSTS, time=made.strftime("%Y-%m-%dT%H:%M:%SZ"))[0]["content"], encoding="utf-8")
    chromium.open(path)
    assert chromium.run("return age.textContent") == words


def test_a_link_to_a_row_that_is_hidden_shows_it(page: Browser) -> None:
    search(page, "nobody")
    page.run("location.hash = '#h1g2'")
    page.wait("setTimeout(arguments[0], 50)")
    assert page.run("return document.querySelector(':target').hidden") is False


def test_a_name_that_is_a_script_is_text_and_nothing_of_it_runs(page: Browser) -> None:
    names = page.run(NAMES)
    assert EVIL in names
    assert BREAKOUT.replace("\u2028", "\\u2028") in names
    assert page.run("return [document.title, document.scripts.length, document.images.length]") == ["Xen hosts", 1, 0]


def test_a_script_that_got_into_the_page_would_not_run(page: Browser) -> None:
    done = page.run(
        "const script = document.createElement('script'); script.textContent = 'document.title = \"owned\"';"
        "document.body.append(script);"
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"document.title = 1\" id=trap></p>'); trap.click();"
        "return document.title"
    )
    assert done == "Xen hosts"


def test_nothing_is_asked_of_any_other_place(page: Browser) -> None:
    assert page.run("return performance.getEntriesByType('resource').length") == 0


def test_without_a_script_every_row_is_there_and_no_control(page: Browser, tmp_path: Path) -> None:
    page.control("Emulation.setScriptExecutionDisabled", value=True)
    page.open(tmp_path / "report.html", "?")
    found = page.control("DOM.getDocument", depth=-1)["root"]["nodeId"]
    rows = page.control("DOM.querySelectorAll", nodeId=found, selector="#rows tr")["nodeIds"]
    hidden = page.control("DOM.querySelectorAll", nodeId=found, selector="#tools[hidden], #guests tr:not([hidden])")[
        "nodeIds"
    ]
    assert (len(rows), len(hidden)) == (5, 7)
    page.control("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_light_or_dark_as_its_reader_is_and_can_be_read(page: Browser, scheme: str) -> None:
    page.control("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    contrast = """
        const light = text => text.match(/[0-9.]+/g).slice(0, 3).map(Number)
            .map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = light(getComputedStyle(document.body).backgroundColor);
        return [ground < 0.5, ...['body', 'time', 'a', '.bad', 'th'].map(query => {
            const ink = light(getComputedStyle(document.querySelector(query)).color);
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        })];
    """
    is_dark, *contrasts = page.run(contrast)
    assert is_dark is (scheme == "dark")
    assert min(contrasts) >= 4.5  # WCAG 2.1, level AA


@pytest.mark.parametrize("width", [320, 390, 800, 1000, 1920])
def test_nothing_is_wider_than_the_screen(page: Browser, width: int) -> None:
    page.resize(width, 800)
    assert page.run("return document.documentElement.scrollWidth") <= width


def test_on_paper_there_are_no_controls_and_all_rows(page: Browser) -> None:
    page.control("Emulation.setEmulatedMedia", media="print")
    shown = page.run(
        "const seen = e => e.getClientRects().length > 0;"
        "return [seen(tools), Array.from(document.querySelectorAll('#rows tr')).filter(seen).length]"
    )
    assert shown == [False, 5]
