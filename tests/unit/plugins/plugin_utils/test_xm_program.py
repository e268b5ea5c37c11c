# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Config files are Python 2: what of it is followed, what is left unknown, and what is too much."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("ansible.errors", reason="ansible-test hides the controller's code from the tests of modules")

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.program import LONGEST, Read, read
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import Long, Unicode, Unknown


def run(text: str, **variables: str) -> Read:
    return read(text, {"nodename": "dom0.example.net"}, variables)


# A program, and the value of x that it leaves.
FOLLOWED = {
    "print statement": ("print 'a', 1\nx = 1\nprint\nif x: print 'y'; x = 2\n", 2),
    "print to a file": ("import sys\nprint >>sys.stderr, 'a%d' % (\n 1)\nx = 3", 3),
    "print over lines": ("print 'a' + \\\n  'b'\nx = 4", 4),
    "print as a function": ("print('a', 1)\nx = 5", 5),
    "backticks": ("n = 3\nx = 'vm' + `n` + `n+1`", "vm34"),
    "octal": ("x = 0755 + 0o1 + 00", 494),
    "hexadecimal": ("x = 0x1F", 31),
    "not equal": ("x = 1 <> 2 and 'yes' or 'no'", "yes"),
    "raise and except of old": ("try:\n  raise ValueError, 'no'\nexcept ValueError, e:\n  x = 6", 6),
    "except of several": ("try:\n  y = {}['a']\nexcept (KeyError, IndexError), e:\n  x = 7", 7),
    "tabs and spaces": ("if 1:\n\tx = 1\n        x = 8\n", 8),
    "tab behind blanks": ("if 1:\n    if 1:\n\tx = 9\n", 9),
    "carriage returns": ("if 1:\r\n  x = 10\r\n", 10),
    "form feed": ("\fx = 11\n", 11),
    "division": ("x = (7 / 2, -7 / 2, 7.0 / 2, 7 // 2, 7 % 4)", (3, -4, 3.5, 3, 3)),
    "true division": ("from __future__ import division\nx = 7 / 2", 3.5),
    "unknown escapes": (r"x = 'C:\new\u0041\N\d\x41\101'", "C:\new\\u0041\\N\\dAA"),
    "raw text": (r"x = r'a\b' + R'\n'", "a\\b\\n"),
    "byte text": ("x = b'a' + B\"b\"", "ab"),
    "joined literals": ("x = ['a,b,w' 'c,d,w']", ["a,b,wc,d,w"]),
    "backslash at the end": ("x = 12 \\", 12),
    "bare except of a missing name": ("try: y = vmid\nexcept: y = 3\nx = y", 3),
    "round": ("x = [int(round(2.5)), round(-0.5), round(2.675, 1)]", [3, -1.0, 2.7]),
    "percent": ("x = '%s-%03d-%x-%5.1f|%-4s|%%' % ('a', 7, 255, 2.25, 'b')", "a-007-ff-  2.2|b   |%"),
    "percent with a star": ("x = '%*d' % (4, 7)", "   7"),
    "percent of names": ("x = '%(a)s%(b)02d' % {'a': 'vm', 'b': 3}", "vm03"),
    "percent of a float": ("x = '%s %d' % (1.5 * 1024, 2.9)", "1536.0 2"),
    "format": ("x = '{0}-{1:02d}-{name}'.format('a', 3, name='b')", "a-03-b"),
    "text of a list": ("x = str([1, 'a', None, (2,)])", "[1, 'a', None, (2,)]"),
    "slices": ("x = 'abcdef'[1:-1:2] + [1, 'z'][-1]", "bdz"),
    "methods": ("x = ' Web1.example '.strip().split('.')[0].lower().replace('web', 'w')", "w1"),
    "join": ("x = ','.join(['a', 'b'] * 2)", "a,b,a,b"),
    "old string module": ("import string\nx = string.join(string.split('a b'), '-') + string.lower('C')", "a-bc"),
    "list methods": ("x = [3, 1]\nx.append(2)\nx.sort()\nx.extend(['a'])\nx.insert(0, 'b')\nx += ['c']", ["b", 1, 2, 3, "a", "c"]),
    "one list, two names": ("y = ['a']\nx = y\ny.append('b')", ["a", "b"]),
    "another list": ("y = ['a']\nx = y[:]\ny.append('b')", ["a"]),
    "list that is doubled, two names": ("y = ['a']\nx = y\ny *= 2", ["a", "a"]),
    "list that is only looked at": ("x = ['a']\ny = isinstance(x, list) and any(x)", ["a"]),
    "finally behind an exception": ("x = 1\ntry:\n  try: y = 1 / 0\n  finally: x = 2\nexcept: pass", 2),
    "finally behind a break": ("x = 1\nfor i in 'ab':\n  try: break\n  finally: x += 1", 2),
    "list of a name of Python": ("vars = ['a']\nx = vars[0]", "a"),
    "changed members": ("x = ['a', 'b']\nx[0] += ',c'\nx[1] = 'd'", ["a,c", "d"]),
    "dictionary": ("d = dict(a=1)\nd['b'] = 2\nx = d.has_key('b') and d.get('c', 5)", 5),
    "loop": ("x = 0\nfor i in range(5):\n  if i == 1: continue\n  if i == 4: break\n  x += i\nelse: x = 99", 5),
    "loop over pairs": ("x = []\nfor a, (b, c) in [(1, (2, 3))]:\n  x.append(a + b + c)", [6]),
    "while": ("x = 1\nwhile x < 100: x *= 3\nelse: x += 1", 244),
    "list comprehension leaves its name": ("y = [i for i in 'abc' if i != 'b']\nx = (y, i)", (["a", "c"], "c")),
    "generator": ("x = ''.join(c for c in 'abc')", "abc"),
    "conditional expression": ("x = 1 if '' else 2", 2),
    "chained comparison": ("x = 1 < 2 <= 2 and not 3 < 2", True),
    "function with defaults": ("def f(a, b=2, *c, **d): return a + b + len(c) + d.get('e', 0)\nx = f(1) + f(1, 1, 1, e=4)", 10),
    "function without return": ("def f(): pass\nx = f()", None),
    "function in a function": ("def f(n):\n  def g(m): return m + n\n  return g(1)\nx = f(2)", 3),
    "lambda with defaults": ("v = 'vg'\nf = lambda p, v=v: v + p\nx = map(f, ['a', 'b'])", ["vga", "vgb"]),
    "filter and reduce": ("x = reduce(lambda a, b: a * b, filter(None, [1, 0, 3, 4]))", 12),
    "import in a function": ("def f():\n  import os\n  return os.path.basename('/a/b')\nx = f()", "b"),
    "deleted": ("x = 1\ny = 2\ndel y\ntry: x = y\nexcept NameError: x = 3", 3),
    "finally": ("try:\n  x = 1\nfinally:\n  x = 2", 2),
    "assert": ("assert 1 < 2, 'no'\nx = 1", 1),
    "conversions": ("x = (int('0x1f', 16), float('1.5'), str(3), oct(8), hex(255), chr(65), ord('A'), len('ab'))",
                    (31, 1.5, "3", "010", "0xff", "A", 65, 2)),
    "zip and enumerate": ("x = [(i, a, b) for i, (a, b) in enumerate(zip('ab', [1, 2]))]", [(0, "a", 1), (1, "b", 2)]),
    "sorted": ("x = sorted([3, 1, 2])[0] + max(1, 2) + min([3, 4]) + sum([1, 2])", 9),
    "name of the host": ("import os, socket\nx = os.uname()[1].split('.')[0] + '/' + socket.gethostname()", "dom0/dom0.example.net"),
    "exit that is not reached": ("import sys\nx = 1\nif x == 2: sys.exit(1)", 1),
    "global": ("def f():\n  global y\n  return 1\nx = f()", 1),
    "semicolons": ("x = 1; x = x + 1; print x; x = x + 1", 3),
    "comment behind print": ("print 'a' # x = 2\nx = 1 # 2", 1),
    "quote in a comment": ("# it's\nx = 'a#b' # don't\n", "a#b"),
    "triple quotes": ("x = '''a\n\tb'''\n", "a\n\tb"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWED)
def test_python_2_is_followed(name: str) -> None:
    text, expected = FOLLOWED[name]
    value = run(text).values["x"]
    assert (value, type(value)) == (expected, type(expected))


def test_types_of_python_2_are_kept_apart() -> None:
    values = run(
        "a = u'x'\nb = 1L\nc = ur'\\d\\u0041'\nd = 0xFFL + 1\ne = 2 ** 63\nf = 'a' + u'b'\ng = '%s' % u'b'\nh = 9L / 2\ni = 'a'.decode('ascii')"
        "\nj = 'a'.replace('a', u'b')\nk = u'a'.split()[0]\nl = ','.join(['a', u'b'])"
    ).values
    assert all(isinstance(values[name], Unicode) for name in "acfgijkl")
    assert all(isinstance(values[name], Long) for name in "bdeh")
    assert values["d"] == 256
    assert values["h"] == 4


# A program whose x only the host can tell, and the words for where it comes from.
UNKNOWN = {
    "file": ("x = open('/etc/hostname').read().strip()", "open()"),
    "command": ("import commands\nx = 'a' + commands.getoutput('hostname')", "commands.getoutput"),
    "environment": ("import os\nx = int(os.environ['MB']) + 1", "os.environ"),
    "changed or not, by and": (
        "import os\nx = ['a']\nos.path.exists('/a') and x.append('b')\nx = x[0]",
        "os.path.exists",
    ),
    "changed or not, by a choice": (
        "import os\nx = ['a']\ny = x.append('b') if os.path.exists('/a') else None\nx = x[0]",
        "os.path.exists",
    ),
    "changed or not, by a function": (
        "import os\ndef f(l): l.append('b')\nx = ['a']\nif os.path.exists('/a'): f(x)\nx = x[0]",
        "os.path.exists",
    ),
    "changed or not, inside": (
        "import os\ny = ['a']\nd = {'l': y}\nif os.path.exists('/a'): d['l'].append('b')\nx = y[0]",
        "os.path.exists",
    ),
    "changed or not, under two names": (
        "import os\ny = ['a']\nx = y\nif os.path.exists('/a'): y += ['b']\nx = x[0]",
        "os.path.exists",
    ),
    "changed or not, in a comprehension": (
        "import os\ny = ['a']\nz = [y.append(i) for i in os.listdir('/')]\nx = y[0]",
        "os.listdir",
    ),
    "changed or not, by another name": (
        "import os\ny = ['a']\nif os.path.exists('/a'):\n  l = y\n  l.append('b')\nx = y[0]",
        "os.path.exists",
    ),
    "changed or not, by a loop": (
        "import os\ny = ['a']\nz = []\nif os.path.exists('/a'):\n  for l in (y, z): l.append('b')\nx = y[0]",
        "os.path.exists",
    ),
    "changed or not, by a default": (
        "import os\ny = ['a']\ndef f(l=y): l.append('b')\nif os.path.exists('/a'): f()\nx = y[0]",
        "os.path.exists",
    ),
    "changed or not, behind a return": (
        "y = ['a']\ndef f(l):\n  import os\n  if os.path.exists('/a'): return\n  l.append('b')\nf(y)\nx = y[0]",
        "os.path.exists",
    ),
    "changed or not, by a generator": (
        "y = ['a']\ndef f(l):\n  l.append('b')\n  yield 1\nlist(f(y))\nx = y[0]",
        "a function with yield",
    ),
    "changed or not, by a key": (
        "y = ['a']\nz = sorted([1, 2], key=lambda a, l=y: l.append(a))\nx = y[0]",
        "sorted()",
    ),
    "changed or not, behind a comparison": (
        "import os\ny = ['a']\n1 < os.getpid() < y.append('b')\nx = y[0]",
        "os.getpid",
    ),
    "changed or not, in a method": (
        "y = ['a']\nclass A:\n  def f(self, l=y): l.append('b')\nA().f()\nx = y[0]",
        "a classdef statement",
    ),
    "changed by a function of a module": (
        "import random\ny = ['a', 'b']\nrandom.shuffle(y)\nx = y[0]",
        "random.shuffle",
    ),
    "changed inside by a function of a module": (
        "import helper\nd = {'l': ['a']}\nhelper.f(d)\nx = d['l'][0]",
        "the module helper",
    ),
    "length of a list that may have changed": (
        "import os\ny = ['a']\nif os.path.exists('/a'): y.append('b')\nx = len(y)",
        "os.path.exists",
    ),
    "member that may be there": (
        "import os\ny = ['a']\nif os.path.exists('/a'): y.append('b')\nx = y[1]",
        "os.path.exists",
    ),
    "loop over a list that may have changed": (
        "import os\ny = ['a']\nif os.path.exists('/a'): y.append('b')\nx = 0\nfor i in y: x += 1",
        "os.path.exists",
    ),
    "truth of a list that may have changed": (
        "import os\ny = []\nif os.path.exists('/a'): y.append('b')\nx = 2\nif not y: x = 1",
        "os.path.exists",
    ),
    "comparison of a list that may have changed": (
        "import os\ny = ['a']\nif os.path.exists('/a'): y.append('b')\nx = y == ['a']",
        "os.path.exists",
    ),
    "length of a list with a file in it": ("y = ['a']\ny += open('/a').readlines()\nx = len(y)", "open()"),
    "key that may be there": ("import os\nd = {}\nif os.path.exists('/a'): d['a'] = 1\nx = d['a']", "os.path.exists"),
    "key that is not known": ("import os\nd = {'a': 1}\nd[os.environ['K']] = 2\nx = d['a']", "os.environ"),
    "update that is not known": ("import os\nd = {'a': 1}\nd.update(os.environ)\nx = d.get('a')", "os.environ"),
    "text of a list inside a list": ("import os\nx = '%s' % [[os.environ]]", "os.environ"),
    "attempt of a member": (
        "import os\ntry:\n  y = os.environ['A']\n  x = 1\nexcept KeyError:\n  x = 2",
        "whether something before this line fails",
    ),
    "value from before another file": ("vg = 'a'\nexecfile('/f')\nx = vg + 'b'", "what line 2 runs"),
    "condition from before another file": ("vg = 'a'\nexecfile('/f')\nx = 1\nif vg == 'a': x = 2", "what line 2 runs"),
    "number that grows after another file": ("x = 1\nexecfile('/f')\nx += 1", "what line 2 runs"),
    "name that another file may set": (
        "execfile('/f')\ntry: vg\nexcept NameError: vg = 'a'\nx = vg",
        "whether something before this line fails",
    ),
    "random": ("import random\nx = '%02x' % random.randint(0, 255)", "random.randint"),
    "variable": ("x = 'vm%d' % vmid", "the variable vmid, which the file does not set"),
    "module": ("from evil import y\nx = y(1)[2].z", "the module evil"),
    "condition": ("import os\nx = 1\nif os.path.exists('/a'): x = 2", "os.path.exists"),
    "other branch": ("import os\nif os.path.exists('/a'): y = 2\nelse: x = 1", "os.path.exists"),
    "loop": ("x = 1\nfor l in open('/a'): x = x + 1", "open()"),
    "while": ("import os\nx = 0\nwhile os.path.exists('/a%d' % x): x = x + 1", "os.path.exists"),
    "return": ("def f(a):\n  import os\n  if os.path.exists(a): return 1\n  return 2\nx = f('/a')", "os.path.exists"),
    "attempt": (
        "try:\n  f = open('/a')\n  x = 1\nexcept IOError:\n  x = 2",
        "whether something before this line fails",
    ),
    "import that may fail": (
        "try:\n  import other\n  x = 1\nexcept ImportError:\n  x = 2",
        "whether there is a module other",
    ),
    "class": ("class x: pass", "a classdef statement"),
    "with": ("with open('/a') as f: x = 1", "a with statement"),
    "yield": ("def f():\n  yield 1\nx = f()", "a function with yield"),
    "dunder": ("x = ().__class__", "the attribute __class__"),
    "dunder chain": ("x = ''.__class__.__mro__[1].__subclasses__()", "the attribute __class__"),
    "dunder of a function": ("def f(): pass\nx = f.__globals__['os']", "the attribute __globals__"),
    "getattr": ("x = getattr('', '__class__')", "getattr()"),
    "eval": ("x = eval('1')", "eval()"),
    "set": ("x = set([1])", "set()"),
    "module internals": ("import os\nx = os.path.os.system('id')", "os.path.os"),
    "star": ("def f(*a): return a\nx = f(*[1])", "a call with * or **"),
    "order of a dictionary": ("x = 'a%s' % {'b': 1, 'c': 2}", "the order of a dictionary"),
    "order of types": ("x = 1 < 'a'", "an order between different types"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_only_the_host_knows_is_unknown(name: str) -> None:
    text, why = UNKNOWN[name]
    value = run(text).values["x"]
    assert isinstance(value, Unknown)
    assert value.why == why


ANYTHING = {
    "statement": "execfile('/f')",
    "in an if": "if os.path.exists('/f'):\n  execfile('/f')",
    "in a loop": "for line in open('/f'): exec line",
    "in a while": "while os.path.exists('/f'): exec 'a = 1'",
    "in a with": "with open('/f') as f: exec f",
    "in an assignment": "y = execfile('/f')",
    "behind and": "os.path.exists('/f') and execfile('/f')",
    "in a choice": "y = execfile('/f') if os.path.exists('/f') else None",
    "in a comprehension": "[execfile(f) for f in ['/f']]",
    "in a comprehension over what is unknown": "[execfile(f) for f in os.listdir('/')]",
    "by map": "map(execfile, ['/f'])",
    "under another name": "run = execfile\nrun('/f')",
    "locals": "locals()['a'] = 1",
    "locals in a loop": "for k, v in [('a', 1)]: globals()[k] = v",
    "locals, perhaps": "if os.path.exists('/f'): vars()['a'] = 1",
    "update": "locals().update({'a': 1})",
    "update, perhaps": "if os.path.exists('/f'): locals().update({'a': 1})",
    "locals, under another name": "names = locals()\nnames['a'] = 1",
    "locals, given away": "from helper import load\nload(locals())",
    "deleted from locals": "del locals()['memory']",
    "eval": "eval(compile(open('/f').read(), '/f', 'exec'))",
    "by apply": "apply(execfile, ('/f',))",
    "in a namespace": "names = {}\nexec open('/f') in names\ny = names['a']",
    "by a function": "def f(p): execfile(p)\nf('/f')",
    "by a function, perhaps": "def f(p): execfile(p)\nif os.path.exists('/f'): f('/f')",
    "by a function, behind and": "def f(p): execfile(p)\nos.path.exists('/f') and f('/f')",
    "by a function for each file": "def f(p): execfile(p)\nmap(f, os.listdir('/'))",
    "by a default, perhaps": "def f(p, run=execfile): run(p)\nif os.path.exists('/f'): f('/f')",
    "by a lambda, perhaps": "f = lambda p: execfile(p)\nos.path.exists('/f') and f('/f')",
    "of a module": "import __builtin__\n__builtin__.execfile('/f')",
    "from a module": "from __builtin__ import execfile as run\nrun('/f')",
    "by its name": "getattr(__builtins__, 'execfile')('/f')",
    "in a frame": "import sys\nsys._getframe().f_locals['a'] = 1",
    "all of a module": "from helper import *",
    "all of a module, perhaps": "if os.path.exists('/f'):\n  from helper import *",
    "all of a module that may be missing": "try:\n  from helper import *\nexcept ImportError: pass",
    "behind a comparison": "1 < os.getpid() < execfile('/f')",
    "as more arguments": "f(*execfile('/f'))",
    "in a dictionary of what is unknown": "y = {f: execfile(f) for f in os.listdir('/')}",
    "in a generator over what is unknown": "y = list(execfile(f) for f in os.listdir('/'))",
    "in a set": "y = {execfile(f) for f in ['/f']}",
}


@pytest.mark.parametrize("name", ANYTHING)
def test_what_may_set_anything_is_known_to(name: str) -> None:
    done = run(f"import os\nmemory = 64\n{ANYTHING[name]}\nvcpus = 2\n")
    assert done.open_ended >= 3
    assert "memory" in done.unsure
    assert "vcpus" not in done.unsure
    assert [text for line, text in done.notes if line == done.open_ended and text.startswith("what this sets")]


def test_what_is_never_run_sets_nothing() -> None:
    done = run("memory = 64\nif 0: execfile('/f')\nx = 'a%(memory)s' % locals()\ndef f(): execfile('/f')\n")
    assert (done.open_ended, done.unsure) == (0, {})


def test_what_is_set_before_another_file_is_reported_as_it_was() -> None:
    done = run("memory = 64\ndisk = ['a']\nexecfile('/f')\ndisk += ['b']\nvcpus = 2\nexecfile('/g')\n")
    assert (done.values["memory"], done.values["disk"], done.values["vcpus"]) == (64, ["a", "b"], 2)
    assert done.unsure == {"memory": 3, "disk": 3, "vcpus": 6}


def test_what_runs_another_file_later_is_known_by_then() -> None:
    for text in ("run = execfile\nmemory = 64\nrun('/f')", "names = locals()\nmemory = 64\nnames['memory'] = 32"):
        assert run(text).unsure["memory"] == 3


def test_numbers_beyond_the_machine_are_long() -> None:
    assert isinstance(run("x = 0xffffffffffffffff").values["x"], Long)
    assert not isinstance(run("x = 0x7fffffffffffffff").values["x"], Long)


def test_order_of_a_dictionary_in_a_comprehension_is_named() -> None:
    assert [text for _line, text in run("d = {'a': 1, 'b': 2}\nx = [k for k in d]").notes if "dictionary" in text]


def test_list_that_may_have_changed_is_unknown_under_all_its_names() -> None:
    values = run("import os\nx = ['a']\ny = x\nif os.path.exists('/a'): y.append('b')\n").values
    assert isinstance(values["x"], list)
    assert [type(member) for member in values["x"]] == [Unknown]


def test_call_is_read_once_and_from_the_left() -> None:
    text = (
        "x = []\ndef f(a, l=x):\n  l.append(a)\n  return str(a)\ny = f(1).replace(f(2), f(3)).strip().strip().strip()\n"
    )
    assert run(text).values["x"] == [1, 2, 3]
    assert isinstance(run("x = open('a')" + ".read()" * 200).values["x"], Unknown)


def test_continue_of_an_inner_loop_ends_no_outer_one() -> None:
    text = "import os\nx = []\nfor i in 'ab':\n  if os.path.exists(i):\n    for j in i: continue\n  x.append(i)\n"
    assert run(text).values["x"] == ["a", "b"]


def test_break_that_may_happen_makes_the_loop_unknown() -> None:
    values = run("import os\nx = []\nfor i in 'ab':\n  if os.path.exists(i): break\n  x.append(i)\n").values
    assert [type(member) for member in values["x"]] == [Unknown]  # type: ignore[attr-defined]


def test_nothing_is_imported_or_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    text = f"import evil\nfrom worse import *\nimport os\nos.system('touch {trace}')\nopen('{trace}', 'w')\nexec \"open('{trace}', 'w')\"\n"
    notes = run(text + "os.mkdir('/nowhere')\n").notes
    assert not trace.exists()
    assert (1, "the module evil is not imported") in notes
    assert (2, "the module worse is not imported") in notes
    assert (4, "os.system is not run") in notes
    assert (5, "open() is not run") in notes
    assert (6, "exec() is not run") in notes


def test_harmless_imports_are_not_named() -> None:
    assert run("import os, sys\nimport socket, commands\nx = os.uname()[1]\n").notes == []


# A program, and what its refusal says.
REFUSED = {
    "number with an underscore": ("memory = 1_024", "line 1: this is no Python"),
    "walrus": ("x = (y := 1)", "line 1: this is no Python"),
    "text that is formatted": ("x = 1\ny = f'{x}'", "line 2: this is no Python"),
    "arguments by name only": ("def f(a, *, b=1): pass", "line 1: this is no Python"),
    "endless loop": ("while 1: pass", "line 1: the file takes more than 100000 steps"),
    "endless loop that grows": ("x = [1]\nwhile 1: x.append(1)", "the file takes more than"),
    "quotes without end": ('x = "' + '\\"' * 100000, "line 1: this is no Python"),
    "large function that is called often": (
        "def f():\n  if 0:\n" + "    x = 1\n" * 20000 + "while 1: f()",
        "the file takes more than",
    ),
    "large function that is made often": ("while 1:\n def f():\n" + "    x = 1\n" * 20000, "the file takes more than"),
    "many values in a text": ("x = '%d' * 30000 % ((1,) * 9000)", "the file"),
    "long list that is looked through": (
        "import os\ny = [os.x] + [0] * 9000\nwhile 1: z = len(str(y))",
        "the file takes more than",
    ),
    "recursion": ("def f(n):\n  def g(m, h):\n    return h(m, h)\n  return g(n, g)\nx = f(1)", "more than 30 deep"),
    "function that calls itself": (
        "def f(n): return f(n)\nx = f(1)",
        "line 1: xm refuses the file: a function of it cannot see the file's own names, such as f",
    ),
    "tower of powers": ("x = 10 ** 10 ** 10", "line 1: the file makes a number of more than 4096 bits"),
    "shift": ("x = 1 << 10 ** 9", "number of more than 4096 bits"),
    "product": ("x = 3\nwhile 1: x = x * x", "number of more than 4096 bits"),
    "long text": ("x = 'a' * 10 ** 9", "line 1: the file makes a text of more than 65536 characters"),
    "doubled text": ("x = 'a'\nwhile 1: x += x", "text of more than"),
    "replaced text": ("x = ('a' * 60000).replace('a', 'b' * 60000)", "text of more than"),
    "joined text": ("x = ('a' * 60000).join('b' * 100)", "text of more than"),
    "wide text": ("x = 'a'.ljust(10 ** 9)", "text of more than"),
    "wide number": ("x = '%1000000000d' % 1", "ValueError"),
    "wide number by a star": ("x = '%*d' % (10 ** 9, 1)", "ValueError"),
    "wide format": ("x = '{0:1000000000d}'.format(1)", "ValueError"),
    "attribute in a format": ("x = '{0.__class__}'.format('')", "ValueError"),
    "long list": ("x = [0] * 10 ** 9", "list of more than 10000 members"),
    "long range": ("x = range(10 ** 9)", "list of more than 10000 members"),
    "list of lists": ("x = [0]\nfor i in range(60): x = [x, x]\ny = str(x)", "the file"),
    "list in itself": ("x = []\nx.append(x)\ny = '%s' % x", "nests lists in lists"),
    "lists that are compared": (
        "x = [0]\ny = [0]\nfor i in range(60):\n  x = [x, x]\n  y = [y, y]\nz = x == y",
        "the file",
    ),
    "deep expression": ("x = " + "-" * 50000 + "1", "the file"),
    "deep brackets": ("x = " + "(" * 50000 + ")" * 50000, "no Python"),
    "long sum": ("x = " + "1+" * 50000 + "1", "the file"),
    "long int": ("x = int('9' * 60000)", "ValueError"),
    "long file": ("#" * 10_000_000, f"the file has more than {LONGEST} characters, which no config of a guest has"),
    "null byte": ("x = '\0'\n\0", "no Python"),
    "XML": ("<?xml version='1.0'?>", "the file is XML"),
    "s-expression": ("(vm (name a))", "the file is an s-expression"),
    "syntax": ("x = 1\ny = = 2\n", "line 2: this is no Python"),
    "Python 3": ("x = 1\ny = f'{x}'\nprint(y", "no Python"),
    "bad indent": ("x = 1\n  y = 2\n", "line 2: this is no Python"),
    "exit": ("import sys\nsys.exit(3)", "line 2: the file ends xm with sys.exit()"),
    "raise": ("raise ValueError('x')", "line 1: xm refuses the file: it raises ValueError here"),
    "assert": ("assert 0, 'x'", "it raises AssertionError here"),
    "key": ("x = {'a': 1}['b']", "it raises KeyError here"),
    "member": ("x = [][3]", "it raises IndexError here"),
    "type": ("x = 'a' + 1", "it raises TypeError here"),
    "division": ("x = 1 / 0", "it raises ZeroDivisionError here"),
    "unpacking": ("a, b = 'x'.split()", "it raises ValueError here"),
    "generator": ("v = 1\nx = list(v for i in 'ab')", "cannot see the file's own names, such as v"),
    "return outside": ("return 1", "line 1: return, break or continue"),
    "break outside": ("break", "line 1: return, break or continue"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_too_much_and_broken_files_are_refused_in_one_sentence(name: str) -> None:
    text, expected = REFUSED[name]
    start = time.monotonic()
    with pytest.raises(XmError) as caught:
        run(text)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert time.monotonic() - start < 10


def test_latin_1_is_read_with_and_without_a_coding_line() -> None:
    text = b"# -*- coding: latin-1 -*-\nx = 'Gr\xfc\xdfe'\n".decode("utf-8", "surrogateescape")
    assert run(text).values["x"] == "Gr\xfc\xdfe"
    assert run(text).notes == []
    _line, note = run(text.split("\n", 1)[1]).notes[0]
    assert "has no coding line" in note


def test_byte_order_mark_is_no_part_of_the_file() -> None:
    assert run("\ufeffx = 1\n# gr\u00fcn\n").notes == []


def test_order_of_a_dictionary_is_named() -> None:
    assert "order" in run("x = []\nfor k in {'a': 1, 'b': 2}: x.append(k)\n").notes[0][1]
    assert run("x = []\nfor k in sorted({'a': 1, 'b': 2}.keys()): x.append(k)\n").notes == []


def test_unknown_is_not_called_twice() -> None:
    assert run("x = y\n", y="told").values["x"] == "told"
