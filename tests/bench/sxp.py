# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast a listing of many domains is read: by the collection's parser, and by the loop of sexpdata that it replaces.

The listings are made of guests that a real xend was recorded to print. sexpdata takes a single quote for Lisp's, so
its own loop is given the same listing in double quotes; and it makes numbers of atoms, which costs it some time.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import sexpdata

TOP = Path(__file__).resolve().parents[2]
os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", str(TOP / ".build"))

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import loads

VERSIONS = ("3.0.0", "4.1")
SIZES = (1_000, 10_000)
ROUNDS = 3


def guest(version: str) -> str:
    """Return the recorded guest that has a bit of everything."""
    path = TOP / "tests" / "recordings" / f"xend-{version}.jsonl.gz"
    exchanges = map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    body: str = next(each["response"]["body"] for each in exchanges if each["slug"] == "create-full-get")
    return body.removesuffix("''")


def listing(version: str, size: int) -> str:
    """Return what ``?detail=1`` answers on a host with so many guests."""
    one = guest(version)
    many = (
        one.replace("(domid 1)", f"(domid {number})").replace("(name full)", f"(name guest{number})")
        for number in range(size)
    )
    return "(" + " ".join(many) + ")"


def for_sexpdata(text: str) -> str:
    """Return *text* with its strings in double quotes."""
    return re.sub(r"'((?:[^'\\]|\\.)*)'", lambda match: '"' + match[1].replace('"', '\\"') + '"', text)


def read_domains(text: str) -> Sequence[Domain]:
    """Return the domains of a listing, as the modules and the inventory have them."""
    return [Domain.from_sxp(tree) for tree in loads(text)]


def best(work: Callable[[], Sequence[object]], size: int) -> float:
    """Return the seconds of the fastest of some rounds."""
    seconds = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
        if len(found) != size:
            raise AssertionError(f"{len(found)} domains were read, not {size}")
    return min(seconds)


def main() -> None:
    """Print a table."""
    print(f"reading a listing of domains (the best of {ROUNDS}; MB/s of text)")
    print(f"{'xend':<6} {'domains':>8} {'MB':>6}  {'read by':<24} {'seconds':>8} {'MB/s':>7} {'us/domain':>10}")
    for version in VERSIONS:
        for size in SIZES:
            text = listing(version, size)
            theirs = for_sexpdata(text)
            works: list[tuple[str, Callable[[], Sequence[object]]]] = [
                ("ours", partial(loads, text)),
                ("ours, then as Domains", partial(read_domains, text)),
                ("sexpdata's own loop", partial(sexpdata.loads, theirs, nil=None, true=None)),
            ]
            for name, work in works:
                seconds = best(work, size)
                megabytes = len(text) / 1e6
                print(
                    f"{version:<6} {size:>8} {megabytes:>6.1f}  {name:<24} {seconds:>8.3f} {megabytes / seconds:>7.1f}"
                    f" {seconds / size * 1e6:>10.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
