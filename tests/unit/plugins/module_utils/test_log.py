# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a log: which lines, and no password in them, in whatever way xend writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.info.log import last_lines
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK, SECRETS, masked
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, replies


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(vfb (vncpasswd s3cret) (type vnc))", f"(vfb (vncpasswd {MASK}) (type vnc))"),
        ("(vncpasswd 's3 cret')", f"(vncpasswd {MASK})"),
        ("(vncpasswd s3 cret)", f"(vncpasswd {MASK})"),
        ("['vfb', ['vncpasswd', 's3cret'], ['vnc', 1]]", f"['vfb', ['vncpasswd', {MASK}], ['vnc', 1]]"),
        ("[('vncpasswd', 's3cret'), ('vnc', 1)]", f"[('vncpasswd', {MASK}), ('vnc', 1)]"),
        ("['vncpasswd',\n 's3cret']", f"['vncpasswd',\n {MASK}]"),
        ("['vncpasswd', 's3', 'cret']", f"['vncpasswd', {MASK}]"),
        ("{'vncpasswd': 's3cret', 'vnc': 1}", f"{{'vncpasswd': {MASK}, 'vnc': 1}}"),
        ("{u'vncpasswd': u's3cret', 'vnc': 1}", f"{{u'vncpasswd': {MASK}, 'vnc': 1}}"),
        ('{"vncpasswd": "s3\'cret", "vnc": 1}', f'{{"vncpasswd": {MASK}, "vnc": 1}}'),
        (r"{'vncpasswd': 's3\'cret', 'vnc': 1}", f"{{'vncpasswd': {MASK}, 'vnc': 1}}"),
        (r"'{\'vncpasswd\': \'s3\\\'cret\', \'vnc\': 1}'", rf"'{{\'vncpasswd\': {MASK}, \'vnc\': 1}}'"),
        ("{'vncpasswd': ['s3', 'cret'], 'vnc': 1}", f"{{'vncpasswd': {MASK}], 'vnc': 1}}"),
        ("{'vncpasswd': 's3cret torn", f"{{'vncpasswd': {MASK}"),
        ("{'passwd': 's3cret'}", f"{{'passwd': {MASK}}}"),
        ("vncpasswd=s3cret vnc=1", f"vncpasswd={MASK} vnc=1"),
        ("the password is s3cret", f"the password {MASK}"),
        ("(vncpasswd)", "(vncpasswd)"),
        ("(vncpasswd ) (vnc 1)", "(vncpasswd ) (vnc 1)"),
        ("no passwords here, nor novncpasswd x", "no passwords here, nor novncpasswd x"),
        ("set a passwd\n[next] INFO line", "set a passwd\n[next] INFO line"),
    ],
)
def test_a_password_is_masked_and_the_rest_left(text: str, shown: str) -> None:
    assert masked(text) == shown


PASSWORDS = st.text(st.sampled_from("aZ9 '\"\\()[]{},;:=#\n\té"), max_size=12).map(lambda text: f"S3{text}CRET")


@given(PASSWORDS, st.sampled_from(SECRETS), st.integers(0, 3))
def test_no_password_survives_in_a_list_or_a_dictionary_quoted_so_often(password: str, key: str, depth: int) -> None:
    device: Sxp = ["device", ["vfb", ["vnc", "1"], [key, password], ["type", "vnc"]]]
    for shown in (repr(device), repr({"type": "vnc", key: password, "vnc": 1}), dumps(device), repr([(key, password)])):
        text = shown
        for _time in range(depth):
            text = repr([text])
        assert "S3" not in masked(f"DEBUG config is {text} in all")
        assert "CRET" not in masked(f"DEBUG config is {text} in all")


@given(st.text(st.sampled_from("vncpasswd 'passwd'\"\\()[]{},:=\n"), max_size=200))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(masked(text), str)


@pytest.mark.parametrize(
    ("text", "count", "lines"),
    [
        ("a\nb\nc\n", 2, ["b", "c"]),
        ("a\nb\nc", 2, ["b", "c"]),
        ("a\n", 5, ["a"]),
        ("a\n\nb\n", 2, ["", "b"]),
        ("", 5, []),
        ("caf\udce9\n", 1, ["caf\\xe9"]),
        ("x: ['vncpasswd',\n 's3cret']\n", 1, [f" {MASK}]"]),
    ],
)
def test_the_last_lines_are_shown(text: str, count: int, lines: list[str]) -> None:
    assert last_lines(text, count) == lines


@pytest.mark.parametrize("file", FILES)
def test_a_recorded_log_without_passwords_is_shown_as_it_is(file: str) -> None:
    for each in replies(file):
        if each.target in ("/xend/node/log", "/xend/node/dmesg") and each.method == "GET" and each.content_type:
            assert last_lines(each.text, 1000) == each.text.splitlines()
