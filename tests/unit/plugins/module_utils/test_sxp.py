# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""The s-expressions of xend: what is read, what is refused, and that whatever is written is read back the same.

Two oracles that share no code with ours: Python's own ``ast.literal_eval``, and Python's ``repr()`` of bytes, which
is the ``repr()`` of strings in the Python 2 that xend runs on.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import MAX_DEPTH, Sxp, SxpError, dumps, loads
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, replies, reply
from tests.simulator import PERSONALITIES
from tests.simulator import sxp as xend_sxp

# ---- what hypothesis draws

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_FROM_BYTES = st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
_NASTY = st.text("'\"\\()[]{};#!<>@=,+*?$%^& \n\t\r\v\f\0\x1b\x7f\x80\xa0\xff\u2028\U0001f600xn0a")
ATOMS = _TEXT | _FROM_BYTES | _NASTY
TREES: st.SearchStrategy[Sxp] = st.recursive(ATOMS, lambda children: st.lists(children, max_size=6), max_leaves=40)

QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
BARE = re.compile(r"[A-Za-z0-9._:/~ ()-]*")


def nested(depth: int) -> Sxp:
    """Return so many lists in one another."""
    tree: Sxp = "x"
    for _level in range(depth):
        tree = [tree]
    return tree


# ---- writing


@given(TREES)
def test_whatever_is_written_is_read_back_the_same(tree: Sxp) -> None:
    assert loads(dumps(tree), alone=True) == tree


@given(TREES)
def test_what_is_written_is_printable_ascii_on_one_line(tree: Sxp) -> None:
    assert re.fullmatch(r"[ -~]*", dumps(tree))


@given(TREES)
def test_outside_of_quotes_only_what_every_release_takes_for_an_atom_is_written(tree: Sxp) -> None:
    assert BARE.fullmatch(QUOTED.sub("", dumps(tree)))


@given(ATOMS)
def test_what_is_quoted_means_the_same_to_python(atom: str) -> None:
    written = dumps(atom)
    if written.startswith("'"):
        assert ast.literal_eval("b" + written) == atom.encode("utf-8", "surrogateescape")
    else:
        assert written == atom


@pytest.mark.parametrize(
    ("atom", "written"),
    [
        ("web1", "web1"),
        ("phy:vg0/root", "phy:vg0/root"),
        ("00:16:3e:00:00:01", "00:16:3e:00:00:01"),
        ("a~b_c-d.e", "a~b_c-d.e"),
        ("007", "007"),
        ("", "''"),
        ("@", "'@'"),
        ("w!", "'w!'"),
        ("/dev/sda1 ro", "'/dev/sda1 ro'"),
        ("a=b", "'a=b'"),
        ("it's", r"'it\'s'"),
        ('say "x"', "'say \"x\"'"),
        ("a\\b", r"'a\\b'"),
        ("a\nb\rc\td", r"'a\nb\rc\td'"),
        ("\0\x1b\x7f", r"'\000\033\177'"),
        ("é", r"'\303\251'"),
        ("\U0001f600", r"'\360\237\230\200'"),
        ("\udce9", r"'\351'"),
        ("web1\n", r"'web1\n'"),
        ("\u0661", r"'\331\241'"),
    ],
)
def test_an_atom_is_quoted_where_any_release_needs_it(atom: str, written: str) -> None:
    assert dumps(atom) == written


def test_lists_are_written_with_single_blanks() -> None:
    assert dumps(["vm", ["name", "web1"], [], ["args", ""]]) == "(vm (name web1) () (args ''))"


@pytest.mark.parametrize("tree", [1, None, True, 1.5, {"a": "b"}, b"ab", ["name", 5], ["name", None], {"a"}])
def test_what_is_neither_text_nor_list_is_not_written(tree: Any) -> None:
    with pytest.raises(SxpError, match="only text and lists"):
        dumps(tree)


def test_a_tuple_is_written_as_a_list() -> None:
    pair: Any = ("name", ("a", "b"))
    assert dumps(pair) == "(name (a b))"


@pytest.mark.parametrize("lone", ["\ud800", "a\udfffb"])
def test_text_that_no_bytes_stand_for_is_not_written(lone: str) -> None:
    with pytest.raises(SxpError, match="no UTF-8 for"):
        dumps(["name", lone])


def test_the_deepest_list_allowed_is_written_and_read() -> None:
    assert loads(dumps(nested(MAX_DEPTH))) == nested(MAX_DEPTH)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
def test_a_list_nested_too_deep_is_not_written(depth: int) -> None:
    with pytest.raises(SxpError, match="nested over"):
        dumps(nested(depth))


# ---- reading


@given(st.binary())
def test_python_2s_repr_of_any_bytes_is_read_as_those_bytes(raw: bytes) -> None:
    assert loads(repr(raw)[1:]) == raw.decode("utf-8", "surrogateescape")


@given(st.text(st.characters(max_codepoint=127)))
@example("it's")
@example('it\'s "both"')
def test_pythons_repr_of_ascii_text_is_read_as_that_text(text: str) -> None:
    assert loads(repr(text)) == text == ast.literal_eval(repr(text))


_ESCAPES = st.sampled_from([r"\a", r"\b", r"\t", r"\n", r"\v", r"\f", r"\r", "\\\\", r"\'", r"\"", r"\x41", r"\xFf"])
_OCTAL = st.integers(0, 255).map(lambda number: f"\\{number:03o}")
_PLAIN = st.sampled_from(["a", "0", " ", "(", ")", "#", "!", "{", ";", "x41", "101"])


@given(st.lists(_ESCAPES | _OCTAL | _PLAIN).map("".join), st.sampled_from(["'", '"']))
def test_an_escape_means_what_it_means_to_python(body: str, quote: str) -> None:
    raw: bytes = ast.literal_eval(f"b{quote}{body}{quote}")
    assert loads(quote + body + quote) == raw.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        pytest.param("()", [], id="nothing"),
        pytest.param("( )", [], id="a blank"),
        pytest.param("(ls )", ["ls"], id="an empty listing"),
        pytest.param("(ls  node domain vnet)", ["ls", "node", "domain", "vnet"], id="two blanks"),
        pytest.param("(kernel )", ["kernel"], id="the empty text up to 4.0"),
        pytest.param("(kernel '')", ["kernel", ""], id="the empty text from 4.1 on"),
        pytest.param('(kernel "")', ["kernel", ""], id="the empty text in double quotes"),
        pytest.param("(domain (name a))''", ["domain", ["name", "a"]], id="the empty text behind it, from 4.1 on"),
        pytest.param("''", "", id="the empty text alone"),
        pytest.param("0", "0", id="a number alone"),
        pytest.param("(period '100000000')", ["period", "100000000"], id="a long"),
        pytest.param("(state '??????')", ["state", "??????"], id="a state unknown yet"),
        pytest.param('(a "it\'s")', ["a", "it's"], id="double quotes"),
        pytest.param("(a 'say \"x\"')", ["a", 'say "x"'], id="double quotes in single ones"),
        pytest.param(r"(a 'caf\xc3\xa9')", ["a", "café"], id="UTF-8"),
        pytest.param(r"(a 'caf\351')", ["a", "caf\udce9"], id="Latin-1 in octal"),
        pytest.param(r"(a '\x5a\132Z')", ["a", "ZZZ"], id="hexadecimal and octal"),
        pytest.param(r"(a '\q')", ["a", r"\q"], id="an escape unknown to 3.0.4 and later"),
        pytest.param(r"(a '\x4')", ["a", r"\x4"], id="half a hexadecimal escape"),
        pytest.param(r"(a '\18')", ["a", r"\18"], id="half an octal escape"),
        pytest.param("(a '\\é')", ["a", "\\é"], id="a backslash before a letter of two bytes"),
        pytest.param("(a 'x\ny')", ["a", "x\ny"], id="a newline in a text"),
        pytest.param("(a 'x # y')", ["a", "x # y"], id="a hash in a text"),
        pytest.param("(a # b)\n c)", ["a", "c"], id="a comment"),
        pytest.param("# first\n(a)", ["a"], id="a comment in front"),
        pytest.param("(a b#c\nd)", ["a", "b", "d"], id="a comment ends an atom"),
        pytest.param("(a)# the end", ["a"], id="a comment behind"),
        pytest.param("(a\tb\nc\vd\fe\rf)", list("abcdef"), id="every blank"),
        pytest.param("(a b'c d\"e)", ["a", "b'c", 'd"e'], id="a quote inside of an atom"),
        pytest.param("(a 'b'c)", ["a", "b", "c"], id="an atom right behind a text"),
        pytest.param("(a(b)c)", ["a", ["b"], "c"], id="a list right behind an atom"),
        pytest.param("(mode w!)", ["mode", "w!"], id="an exclamation mark, as 4.0 reads it"),
        pytest.param(
            "(nil t None True inf 007 -1 1e5 @)",
            ["nil", "t", "None", "True", "inf", "007", "-1", "1e5", "@"],
            id="words",
        ),
        pytest.param("(a . b)", ["a", ".", "b"], id="a dot is an atom"),
        pytest.param("(a , `b |c| :d)", ["a", ",", "`b", "|c|", ":d"], id="what other dialects read otherwise"),
        pytest.param("(a) (b)", ["a"], id="a second expression"),
        pytest.param(
            "\"{'cap': 0, 'weight': 256L}\"", "{'cap': 0, 'weight': 256L}", id="a dictionary is one quoted text"
        ),
        pytest.param(
            "(xend.err \"(22, 'Invalid argument')\")", ["xend.err", "(22, 'Invalid argument')"], id="an error"
        ),
    ],
)
def test_what_xend_prints_and_takes_is_read(text: str, tree: Sxp) -> None:
    assert loads(text) == tree


@pytest.mark.parametrize("separator", list("<>{}[];"))
@pytest.mark.parametrize("place", ["({} a)", "(a b{})", "(a b{}c)", "{}"])
def test_a_sign_that_xend_takes_for_a_separator_is_refused_outside_of_quotes(separator: str, place: str) -> None:
    with pytest.raises(SxpError, match="put the whole value in quotes") as caught:
        loads(place.format(separator))
    assert caught.value.position == place.index("{}")


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "there is no expression", 0),
        (" \n ", "there is no expression", 3),
        ("# only a comment", "there is no expression", 16),
        (")", "a closing parenthesis that nothing opened", 0),
        (" )(", "a closing parenthesis that nothing opened", 1),
        ("(a", "the text ends too early", 2),
        ("(a (b)", "the text ends too early", 6),
        ("(a 'b)", "a string that is not closed", 3),
        ('(a "b)', "a string that is not closed", 3),
        ("(a 'b\\')", "a string that is not closed", 3),
        ("(a '\\", "a string that is not closed", 3),
        ("(a \x00)", "unexpected character '\\x00'", 3),
        ("(a b\x7f)", "unexpected character '\\x7f'", 4),
        ("(a\xa0b)", "unexpected character '\\xa0'", 2),
    ],
)
def test_an_error_says_what_is_wrong_and_where(text: str, reason: str, position: int) -> None:
    with pytest.raises(SxpError) as caught:
        loads(text)
    assert (caught.value.reason, caught.value.position) == (reason, position)
    assert f"{reason} at character {position}: " in str(caught.value)


def test_an_error_shows_the_text_around_it_and_not_all_of_it() -> None:
    text = "(" + "a" * 1000 + " {" + "b" * 1000 + ")"
    with pytest.raises(SxpError) as caught:
        loads(text)
    assert caught.value.excerpt == "a" * 19 + " {" + "b" * 39
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("rest", ["", " ", "\n", " # a comment", "#a\n#b"])
def test_an_expression_stands_alone_with_blanks_and_comments(rest: str) -> None:
    assert loads("(a)" + rest, alone=True) == ["a"]


@pytest.mark.parametrize("rest", ["''", "(b)", " b", ")", "\n'", "\0", " # comment\n x"])
def test_more_text_is_an_error_where_an_expression_has_to_stand_alone(rest: str) -> None:
    assert loads("(a)" + rest) == ["a"]
    with pytest.raises(SxpError, match="more text after the end") as caught:
        loads("(a)" + rest, alone=True)
    assert caught.value.position == 3


# ---- the simulated xends read and print by themselves


def in_latin_1(tree: Sxp) -> Any:
    """Return *tree* as xend has it: bytes, here one character each."""
    if isinstance(tree, list):
        return [in_latin_1(item) for item in tree]
    return tree.encode("utf-8", "surrogateescape").decode("latin-1")


@pytest.mark.parametrize("version", sorted(PERSONALITIES))
@given(tree=TREES)
@example(tree=["mode", "w!"])
def test_every_release_reads_what_is_written_as_the_same(version: str, tree: Sxp) -> None:
    assert xend_sxp.parse(dumps(tree), PERSONALITIES[version].dialect) == [in_latin_1(tree)]


@pytest.mark.parametrize("version", sorted(PERSONALITIES))
@given(tree=TREES)
def test_what_a_release_prints_is_read_as_what_it_meant(version: str, tree: Sxp) -> None:
    dialect = PERSONALITIES[version].dialect
    printed = xend_sxp.show(in_latin_1(tree), dialect).encode("latin-1").decode("utf-8", "surrogateescape")
    if dialect.empty:
        assert loads(printed, alone=True) == tree
    elif isinstance(tree, list):
        assert loads(printed, alone=True) == without_empty(tree)


def without_empty(tree: Sxp) -> Sxp:
    """Return *tree* without its empty atoms, which print as nothing up to 4.0."""
    return [without_empty(item) for item in tree if item != ""] if isinstance(tree, list) else tree


# ---- reading what is none


@given(_FROM_BYTES | _NASTY | _TEXT)
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for alone in (False, True):
        outcome = read_or_refused(text, alone=alone)
        if isinstance(outcome, SxpError):
            assert -1 <= outcome.position <= len(text)


def read_or_refused(text: str, *, alone: bool = False) -> Sxp | SxpError:
    """Return the expression, or the one error that there may be."""
    try:
        return loads(text, alone=alone)
    except SxpError as error:
        return error


@pytest.mark.parametrize("text", ["(a '\\n\ud800')", "'\\'\udfff'"])
def test_text_that_no_bytes_stand_for_is_read_or_refused_as_well(text: str) -> None:
    assert isinstance(read_or_refused(text), (str, list, SxpError))


@pytest.mark.parametrize("sign", ["(", "((a)", "(a ", "(''(b"])
@pytest.mark.parametrize("times", [MAX_DEPTH + 1, 100_000])
def test_endless_nesting_is_refused(sign: str, times: int) -> None:
    with pytest.raises(SxpError):
        loads(sign * times)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("'" + "\\'" * 200_000, id="escaped quotes without an end"),
        pytest.param("'" * 200_001, id="quotes"),
        pytest.param("(" + "'" + "a" * 400_000, id="a long text without an end"),
        pytest.param("(" + "a " * 200_000, id="many atoms without an end"),
        pytest.param("#" * 400_000, id="a long comment"),
        pytest.param(" " * 400_000, id="blanks"),
        pytest.param('("' + "\\" * 400_001 + '"', id="backslashes"),
    ],
)
def test_a_long_text_that_is_none_ends_in_a_short_error(text: str) -> None:
    with pytest.raises(SxpError) as caught:
        loads(text, alone=True)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>Bad Gateway</body></html>",
        "\n <!DOCTYPE html>",
        "\x7fELF\x02\x01\x01\x00",
        "\x1f\udc8b\x08\x00",
        '{"json": true}',
        "[1, 2]",
    ],
)
def test_other_formats_are_refused(text: str) -> None:
    with pytest.raises(SxpError):
        loads(text)


# ---- what real xends printed


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_expression_is_read_and_survives_being_written(file: str) -> None:
    texts = [each.text for each in replies(file) if each.is_sxp]
    assert texts
    for text in texts:
        tree = loads(text)
        assert loads(dumps(tree), alone=True) == tree


@pytest.mark.parametrize("file", FILES)
def test_nothing_but_the_empty_text_follows_a_recorded_expression(file: str) -> None:
    for each in replies(file):
        if each.is_sxp:
            text = each.text[: -len("''")] if each.text.endswith(")''") else each.text
            loads(text, alone=True)


@pytest.mark.parametrize("file", ["xend-3.0.0.jsonl", "xend-3.2.jsonl", "xend-4.1.jsonl"])
def test_a_listing_cut_off_anywhere_is_refused(file: str) -> None:
    text = reply(file, "save-paused-detail").text
    assert len(loads(text)) > 1
    for end in {*range(0, len(text), 5), *range(len(text) - 100, len(text))}:
        with pytest.raises(SxpError):
            loads(text[:end])
