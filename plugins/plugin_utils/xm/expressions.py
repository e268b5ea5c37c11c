# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate the expressions of a config file without running any of its code.

A value that only the host knows is an Unknown, and so is every value computed from it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.changes import (
    FRAMES,
    LOOKING,
    NAMESPACES,
    RUNS_CODE,
    reachable,
    runs_code,
    spoil,
    spoiled,
    unknown_within,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.functions import (
    BUILTINS,
    DICT_METHODS,
    FUNCTIONS,
    LIST_METHODS,
    READING_METHODS,
    dict_method,
    list_method,
    members_of,
    text_method,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.operators import binary, compared, unary
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.scope import (
    EXCEPTIONS,
    Defined,
    LoopEnded,
    Names,
    Raised,
    Returned,
    Scope,
    catches,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.text import Unordered
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import (
    Budget,
    Long,
    Module,
    TooMuch,
    Unicode,
    Unknown,
    XmVars,
    first_unknown,
)

MOST_CALLS = 30
"""The deepest nesting of calls of the file's functions."""

UNAME = ("sysname", "nodename", "release", "version", "machine")
"""The fields of os.uname(), in its order."""

Members = dict[object, object]

_CONSTANTS: Mapping[str, object] = {"True": True, "False": False, "None": None}
PYTHON_ERRORS = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    ZeroDivisionError,
    OverflowError,
    AttributeError,
)
"""The errors that evaluating a file raises as running it would."""


_LARGEST_INT = 2**63 - 1
"""sys.maxint of a 64-bit host; a larger number is a long."""


def raised(error: Exception, line: int) -> Raised:
    """Return an error of Python as an exception of the file."""
    return Raised(next(kind.__name__ for kind in PYTHON_ERRORS if isinstance(error, kind)), line)


class Expressions:
    """Evaluates expressions. ``host`` is what is known of os.uname(), ``variables`` are those of xm's command line."""

    def __init__(self, host: Mapping[str, str], variables: Mapping[str, str]) -> None:
        """Begin with the names that xm defines for a file."""
        self.budget = Budget()
        self.host = host
        self.variables = variables
        self.file = Scope({**variables, "os": Module("os"), "sys": Module("sys"), "xm_vars": XmVars()})
        self.scope = self.file
        self.open_ended = 0
        self.read: set[str] = set()
        self.met = 0  # how often a value was unknown
        self.guarded: list[str] = []
        self.true_division = False
        self.depth = 0

    def value(self, node: ast.expr) -> object:
        """Return the value of an expression. Raises Raised and TooMuch."""
        self.budget.spend()
        try:
            value = self._READERS.get(type(node), Expressions._unread)(self, node)
        except Unordered:
            value = Unknown("the order of a dictionary", node.lineno)
        # What Python raises here, it would raise in the file, which may catch it.
        except PYTHON_ERRORS as error:
            raise raised(error, node.lineno) from None
        if not isinstance(value, Unknown):
            return value
        self.met += 1
        # What an operator makes of locals() holds none of the file's names.
        plain = isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare))
        return replace(value, many=False, runs=value.runs and not plain)

    def _unread(self, node: ast.expr) -> object:
        """Return the unknown value of a kind of expression that is not read."""
        unknown = Unknown(f"{type(node).__name__.lower()} expressions", node.lineno)
        self.skipped([node], unknown)
        return unknown

    def spoil_all(self, values: Iterable[object], unknown: Unknown) -> None:
        """Make every list and dictionary unknown that code that is not followed may change, if it gets these values."""
        for value in reachable(values, self.budget):
            if isinstance(value, Unknown) or (isinstance(value, Defined) and self._runs_code(value)):
                self.sets_anything(unknown.line)
            spoil(value, unknown, keep=False)

    def _runs_code(self, function: Defined) -> bool:
        """Return whether a function may set any name."""
        nodes = list(ast.walk(function.node))
        self.budget.spend(len(nodes))
        return any(map(runs_code, nodes))

    def truth(self, value: object) -> object:
        """Return whether a value is true, as far as it is known."""
        if isinstance(value, Unknown):
            return value
        return spoiled(value) or bool(value)

    def over(self, node: ast.expr) -> object:
        """Return what a loop goes through, an unknown value if only the host knows how often."""
        value = self.value(node)
        return spoiled(value) or value

    def _constant(self, node: ast.Constant) -> object:
        if node.kind == "u":
            return Unicode(node.value)
        if isinstance(node.value, int) and node.value > _LARGEST_INT:
            return Long(node.value)
        if node.value is None or isinstance(node.value, (str, int, float)):
            return node.value
        return Unknown("this kind of number", node.lineno)

    def _name(self, node: ast.Name) -> object:
        self.read.add(node.id)
        names = self.scope.find(node.id)
        if names is not None:
            return names[node.id]
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if node.id in BUILTINS or node.id in EXCEPTIONS or node.id in _HIGHER:
            return Module(node.id)
        if node.id in _OPAQUE:
            return Unknown(f"{node.id}()", node.lineno, runs=node.id in RUNS_CODE)
        if node.id in ("os", "sys"):
            return Module(node.id)
        # In a function, or where the file catches a NameError, a missing name is an error of the file.
        is_needed = self.scope.is_function or any(catches(kind, "NameError") for kind in self.guarded)
        if is_needed and not self.open_ended:
            raise Raised("NameError", node.lineno, node.id)
        return Unknown(f"the variable {node.id}, which the file does not set", node.lineno)

    def _list(self, node: ast.List) -> object:
        return [self.value(item) for item in node.elts]

    def _tuple(self, node: ast.Tuple) -> object:
        return tuple(self.value(item) for item in node.elts)

    def _dict(self, node: ast.Dict) -> object:
        found: dict[object, object] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            if key is None:
                return self._unread(node)
            name = self.value(key)
            self.budget.size(name)
            member = self.value(item)
            if unknown := first_unknown(name):
                spoil(found, unknown, keep=True)
            else:
                found[name] = member
        return found

    def _binary(self, node: ast.BinOp) -> object:
        left, right = self.value(node.left), self.value(node.right)
        return self.combined(node.op, left, right, node.lineno)

    def combined(self, sign: ast.operator, left: object, right: object, line: int) -> object:
        """Return ``left SIGN right``. A list plus an unknown value is a list with an unknown member."""
        if isinstance(sign, ast.Add) and isinstance(left, list) and isinstance(right, Unknown):
            return [*left, replace(right, many=True)]
        if isinstance(sign, ast.Add) and isinstance(right, list) and isinstance(left, Unknown):
            return [replace(left, many=True), *right]
        # Adding lists looks at none of their members. Everything else may.
        is_joined = isinstance(left, list) and isinstance(sign, (ast.Add, ast.Mult))
        if unknown := first_unknown(left, right) if is_joined else unknown_within([left, right], self.budget):
            return unknown
        try:
            return binary(sign, left, right, self.budget, true_division=self.true_division)
        except Unordered:
            return Unknown("the order of a dictionary", line)

    def _unary(self, node: ast.UnaryOp) -> object:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            value = self.truth(value)
        return value if isinstance(value, Unknown) else unary(node.op, value)

    def _logical(self, node: ast.BoolOp) -> object:
        value: object = None
        for place, part in enumerate(node.values):
            value = self.value(part)
            truth = self.truth(value)
            # An unknown operand decides the result, whatever follows: that may be evaluated, or not.
            if isinstance(truth, Unknown):
                self.skipped(node.values[place + 1 :], truth)
                return truth
            if truth is isinstance(node.op, ast.Or):
                return value
        return value

    def _compare(self, node: ast.Compare) -> object:
        left: object = self.value(node.left)
        result: object = True
        for place, (sign, other) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.value(other)
            result = self._unsure(sign, left, right) or compared(sign, left, right, node.lineno, self.budget)
            if isinstance(result, Unknown):
                self.skipped(node.comparators[place + 1 :], result)
            if isinstance(result, Unknown) or not result:
                return result
            left = right
        return result

    def _unsure(self, sign: ast.cmpop, left: object, right: object) -> Unknown | None:
        """Return the unknown value in a comparison, if there is one."""
        # Searching a text costs steps, so that a small file cannot take long.
        self.budget.spend(len(right) // 64 if isinstance(right, str) else 0)
        if isinstance(sign, (ast.Is, ast.IsNot)):
            return first_unknown(left, right)
        return unknown_within([left, right], self.budget)

    def _choice(self, node: ast.IfExp) -> object:
        test = self.truth(self.value(node.test))
        if isinstance(test, Unknown):
            self.skipped([node.body, node.orelse], test)
            return test
        return self.value(node.body if test else node.orelse)

    def _subscript(self, node: ast.Subscript) -> object:
        holder, place = self.value(node.value), self._place(node.slice)
        if isinstance(holder, Unknown):
            return replace(holder, runs=holder.runs or place in (*RUNS_CODE, *NAMESPACES))
        if unknown := first_unknown(place) or self._unsure_member(holder, place):
            return unknown
        if not isinstance(holder, (str, list, tuple, dict)):
            raise TypeError("object is not subscriptable")
        self.budget.size(place)
        return holder[place]  # type: ignore[index, call-overload]

    def _unsure_member(self, holder: object, place: object) -> Unknown | None:
        """Return why only the host knows a member, None if it is known. All of a list is as known as the list."""
        return None if place == slice(None, None, None) else spoiled(holder)

    def _place(self, node: ast.expr) -> object:
        """Return the value between the brackets."""
        if not isinstance(node, ast.Slice):
            return self.value(node)
        bounds = [None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)]
        return first_unknown(*bounds) or slice(*bounds)

    def _attribute(self, node: ast.Attribute) -> object:
        return self._attribute_of(self.value(node.value), node)

    def _attribute_of(self, holder: object, node: ast.Attribute) -> object:
        """Return an attribute of a value."""
        if isinstance(holder, Unknown):
            return replace(holder, runs=holder.runs or node.attr in (*RUNS_CODE, *NAMESPACES, *FRAMES))
        if isinstance(holder, Module):
            return self._member(f"{holder.name}.{node.attr}", node.lineno)
        return Unknown(f"the attribute {node.attr}", node.lineno)

    def _member(self, name: str, line: int) -> object:
        """Return a member of a module."""
        if name in FUNCTIONS or name in ("os.path", "os.uname", "sys.exit", *_HOST_FUNCTIONS):
            return Module(name)
        return Unknown(name, line, runs=name.rpartition(".")[2] in (*RUNS_CODE, *NAMESPACES, *FRAMES))

    def _lambda(self, node: ast.Lambda) -> object:
        return self.defined(node)

    def defined(self, node: ast.FunctionDef | ast.Lambda) -> Defined:
        """Return a function as a value. Its defaults are evaluated now."""
        nodes = list(ast.walk(node))
        self.budget.spend(len(nodes))
        yields = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in nodes)
        return Defined(node, tuple(self.value(default) for default in node.args.defaults), self.scope, yields)

    def _comprehension(self, node: ast.ListComp) -> object:
        """Return the list of a comprehension, which in Python 2 sees all names and leaves its own behind."""
        found: list[object] = []
        unknown = self._looped(node.generators, lambda: found.append(self.value(node.elt)))
        self.budget.items(len(found))
        if unknown:
            self.skipped([node], unknown)
        return unknown or found

    def _generator(self, node: ast.GeneratorExp | ast.SetComp) -> object:
        """Return the items of a generator as a list. Like a function, it sees the file's names only in its first loop."""
        found: list[object] = []
        first = self.over(node.generators[0].iter)

        def add() -> None:
            found.append(self.value(node.elt))

        return self._apart(node, lambda: self._looped(node.generators, add, first)) or found

    def _dict_comprehension(self, node: ast.DictComp) -> object:
        """Return a dictionary from a comprehension."""
        found: dict[object, object] = {}
        first = self.over(node.generators[0].iter)

        def add() -> None:
            key, member = self.value(node.key), self.value(node.value)
            if unknown := first_unknown(key):
                spoil(found, unknown, keep=True)
            else:
                self.budget.size(key)
                found[key] = member

        return self._apart(node, lambda: self._looped(node.generators, add, first)) or found

    def _apart(self, node: ast.expr, action: Callable[[], Unknown | None]) -> Unknown | None:
        """Do something in a scope of its own, and forget what *node* changes if only the host knows how often that happens."""
        before, self.scope = self.scope, self.scope.inner({})
        try:
            unknown = action()
        finally:
            self.scope = before
        if unknown:
            self.skipped([node], unknown)
        return unknown

    def _looped(
        self, loops: list[ast.comprehension], action: Callable[[], object], first: object = None
    ) -> Unknown | None:
        """Run something for each round of nested loops; return an unknown value that was met."""
        if not loops:
            action()
            return None
        over = self.over(loops[0].iter) if first is None else first
        if isinstance(over, Unknown):
            return over
        self.iterated(loops[0].iter, over)
        for member in members_of(over, self.budget):
            self.assign(loops[0].target, member)
            holds = self._all_true(loops[0].ifs)
            if isinstance(holds, Unknown):
                return holds
            if holds and (unknown := self._looped(loops[1:], action)):
                return unknown
        return None

    def _all_true(self, tests: list[ast.expr]) -> object:
        """Return whether all conditions of a comprehension hold. As in Python, those after one that does not are not evaluated."""
        for test in tests:
            holds = self.truth(self.value(test))
            if isinstance(holds, Unknown) or not holds:
                return holds
        return True

    def assign(self, target: ast.expr, value: object) -> None:
        """Assign a value to a name, to several names, or to a member of a list or a dictionary."""
        if isinstance(target, ast.Name):
            self.scope.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Subscript):
            self._assign_member(target, value)

    def _unpack(self, targets: list[ast.expr], value: object) -> None:
        """Assign the members of a value to as many targets."""
        unknown = value if isinstance(value, Unknown) else spoiled(value)
        members = [unknown] * len(targets) if unknown else members_of(value, self.budget)
        if len(members) != len(targets):
            raise ValueError("wrong number of values to unpack")
        for target, member in zip(targets, members, strict=True):
            self.assign(target, member)

    def _assign_member(self, target: ast.Subscript, value: object) -> None:
        """Change a member of a list or a dictionary."""
        holder, place = self.value(target.value), self._place(target.slice)
        unknown = first_unknown(place) or (spoiled(holder) if isinstance(holder, list) else None)
        if isinstance(holder, Unknown) and holder.runs:
            self.sets_anything(target.lineno)
        # An unknown index may be any member, so none of the members is known any more.
        elif isinstance(holder, (list, dict)) and unknown:
            spoil(holder, unknown, keep=False)
        elif isinstance(holder, list) and isinstance(place, slice):
            members = members_of([replace(value, many=True)] if isinstance(value, Unknown) else value, self.budget)
            holder[place] = members
            self.budget.items(len(holder))
        elif isinstance(holder, (list, dict)):
            self.budget.size(place)
            holder[place] = value  # type: ignore[call-overload]
        elif not isinstance(holder, Unknown):
            raise TypeError("object does not support item assignment")

    def _call(self, node: ast.Call) -> object:
        method = node.func if isinstance(node.func, ast.Attribute) else None
        function = self.value(node.func if method is None else method.value)
        given = [self.value(one.value if isinstance(one, ast.Starred) else one) for one in node.args]
        values = [(one.arg, self.value(one.value)) for one in node.keywords]
        named = {name: value for name, value in values if name}
        if any(isinstance(one, ast.Starred) for one in node.args) or len(named) != len(values):
            unknown = Unknown("a call with * or **", node.lineno)
            if method is None or method.attr not in READING_METHODS:
                self.spoil_all([function, *given, *(value for _name, value in values)], unknown)
            return unknown
        # Functions that only look at what they are given.
        if isinstance(function, Unknown) and isinstance(node.func, ast.Name) and node.func.id in LOOKING:
            return function
        # The methods of these four types are read here; any other attribute is a member of a module.
        if method is not None and isinstance(function, (str, list, dict, XmVars)):
            return self._method(function, method.attr, given, named, node.lineno)
        if method is not None:
            function = self._attribute_of(function, method)
        return self.called(function, given, named, node.lineno)

    def _method(self, holder: object, name: str, given: list[object], named: Names, line: int) -> object:
        """Call a method of a text, a list, a dictionary or xm_vars."""
        if isinstance(holder, XmVars):
            return self._declare(holder, name, given, named, line)
        if isinstance(holder, list):
            return self._list_method(holder, name, given, named, line)
        if isinstance(holder, dict):
            return self._dict_method(holder, name, given, named, line)
        unknown = self._anywhere_unknown([*given, *named.values()])
        try:
            return unknown or text_method(cast("str", holder), name, given, named, self.budget)
        except AttributeError:
            return Unknown(f"the method {name}", line)

    def _list_method(self, holder: list[object], name: str, given: list[object], named: Names, line: int) -> object:
        """Call a method of a list. If it depends on an unknown value, the whole list becomes unknown."""
        if name == "extend" and isinstance(given[0], Unknown):
            holder.append(replace(given[0], many=True))
            return None
        # append, extend and insert keep the rest of the list known, even if the new member is unknown.
        adds = name in ("append", "extend", "insert")
        unknown = first_unknown(*(given[:-1] if adds else [*given, *named.values()]))
        if not adds:
            unknown = unknown or spoiled(holder)
        if name in ("sort", "remove", "index", "count"):
            unknown = unknown or unknown_within([holder, *given], self.budget)
        if not unknown and name in LIST_METHODS:
            try:
                return list_method(holder, name, given, named, self.budget)
            except (TypeError, AttributeError):
                pass
        unknown = unknown or Unknown(f"the method {name}", line)
        if name not in READING_METHODS:
            spoil(holder, unknown, keep=False)
            self.spoil_all([*given, *named.values()], unknown)
        return unknown

    def _dict_method(self, holder: Members, name: str, given: list[object], named: Names, line: int) -> object:
        """Call a method of a dictionary. If it depends on an unknown value, the whole dictionary becomes unknown."""
        unknown = first_unknown(*given[:1]) or (None if name in ("update", "clear") else spoiled(holder))
        if name not in DICT_METHODS:
            unknown = unknown or Unknown(f"the method {name}", line)
        if not unknown:
            return dict_method(holder, name, given, named, self.budget)
        if name not in READING_METHODS:
            spoil(holder, unknown, keep=False)
        return unknown

    def _anywhere_unknown(self, values: list[object]) -> Unknown | None:
        """Return the first unknown value among some values and their members."""
        return unknown_within(values, self.budget)

    def called(self, function: object, given: list[object], named: Names, line: int) -> object:
        """Call a function."""
        if isinstance(function, Defined):
            return self._call_defined(function, given, named, line)
        if isinstance(function, Module):
            return self._call_known(function.name, given, named, line)
        if not isinstance(function, Unknown):
            raise TypeError("object is not callable")
        if function.runs:
            self.sets_anything(line)
        # An unknown function may change every list that it gets, and call every function.
        self.spoil_all([*given, *named.values()], Unknown(function.why, line))
        names = {value for value in given if isinstance(value, str)} | {function.why.removesuffix("()")}
        return replace(function, runs=not names.isdisjoint((*NAMESPACES, *RUNS_CODE)))

    def _call_known(self, name: str, given: list[object], named: Names, line: int) -> object:
        """Call a function of Python."""
        if name in _HIGHER:
            return _HIGHER[name](self, given, line)
        if name in EXCEPTIONS:
            return Module(name)
        if name == "sys.exit":
            raise Raised("SystemExit", line)
        if name in ("os.uname", *_HOST_FUNCTIONS):
            return self._host(name, line)
        unknown = first_unknown(*given, *named.values())
        if name in BUILTINS or name in FUNCTIONS:
            deep = (
                None
                # These functions do not look into the members, so an unknown member does not matter.
                if name in ("len", "list", "tuple", "enumerate", "zip", "reversed", "bool")
                and not any(map(spoiled, given))
                else self._anywhere_unknown(given)
            )
            function = BUILTINS.get(name) or FUNCTIONS[name]
            found = unknown or deep or self._tried(lambda: function(self.budget, *given, **named), name, line)
            # It may have called the functions that it was given, such as the key of a sort.
            if isinstance(found, Unknown):
                called = [value for value in (*given, *named.values()) if isinstance(value, Defined)]
                self.spoil_all(called, found)
            return found
        return Unknown(name, line)

    def _tried(self, action: Callable[[], object], name: str, line: int) -> object:
        """Return the result of a function. If it refuses its arguments here, Python 2 may accept them, so the result is unknown."""
        try:
            return action()
        except TypeError:
            if name in ("int", "len", "float"):
                raise
            return Unknown(f"{name}()", line)

    def _host(self, name: str, line: int) -> object:
        """Return the known value of a field of os.uname()."""
        if name == "os.uname":
            self.met += not all(key in self.host for key in UNAME)
            return tuple(self.host.get(key) or Unknown(f"os.uname()[{place}]", line) for place, key in enumerate(UNAME))
        key = _HOST_FUNCTIONS[name]
        return self.host.get(key) or Unknown(f"{name}()", line)

    def _call_defined(self, function: Defined, given: list[object], named: Names, line: int) -> object:
        """Call a function of the file."""
        if self.depth >= MOST_CALLS:
            raise TooMuch(f"calls its own functions more than {MOST_CALLS} deep")
        names = self._bound(function, given, named)
        # A function sees the names of the place of its definition, not those of the call.
        before, self.scope = self.scope, function.scope.inner(names)
        self.depth += 1
        try:
            if function.yields:
                return self._unfollowed(function, Unknown("a function with yield", line))
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body)
            self.body(function.node.body)
        except Returned as returned:
            # What follows in the function may have run, too.
            if returned.unsure:
                self._unfollowed(function, cast("Unknown", returned.value))
            return returned.value
        # A break whose condition is unknown: how often the loop ran is unknown, too.
        except LoopEnded:
            return Unknown("a loop", line)
        finally:
            self.scope = before
            self.depth -= 1
        return None

    def _unfollowed(self, function: Defined, unknown: Unknown) -> Unknown:
        """Make everything unknown that a function changes."""
        self.skipped(list(ast.iter_child_nodes(function.node)), unknown)
        return unknown

    def _bound(self, function: Defined, given: list[object], named: Names) -> Names:
        """Return the arguments of a call by name. Raises TypeError."""
        arguments = function.node.args
        wanted = [argument.arg for argument in arguments.args]
        self.budget.spend(len(wanted))
        # Defaults belong to the last parameters.
        first_default = len(wanted) - len(function.defaults)
        names: Names = dict(zip(wanted[first_default:], function.defaults, strict=True))
        names.update(zip(wanted, given))
        if len(given) > len(wanted) and not arguments.vararg:
            raise TypeError("takes fewer arguments")
        if arguments.vararg:
            names[arguments.vararg.arg] = tuple(given[len(wanted) :])
        unexpected = {name: value for name, value in named.items() if name not in wanted}
        if unexpected and not arguments.kwarg:
            raise TypeError("got an unexpected keyword argument")
        names.update({name: value for name, value in named.items() if name in wanted})
        if arguments.kwarg:
            names[arguments.kwarg.arg] = unexpected
        if any(name not in names for name in wanted):
            raise TypeError("takes more arguments")
        return names

    def body(self, statements: list[ast.stmt]) -> None:
        """Run the statements of a function."""
        raise NotImplementedError

    def sets_anything(self, line: int) -> None:
        """Handle an expression that may set any name of the file."""
        raise NotImplementedError

    def skipped(self, nodes: Sequence[ast.AST], unknown: Unknown) -> None:
        """Handle expressions that may be evaluated, or not."""
        raise NotImplementedError

    def iterated(self, node: ast.expr, over: object) -> None:
        """Handle a value that is iterated over."""
        raise NotImplementedError

    def _declare(self, holder: XmVars, name: str, given: list[object], named: Names, line: int) -> object:
        """Handle a call of xm_vars, which declares a variable or checks them all."""
        if name == "var":
            check = named.get("check", given[2] if len(given) > 2 else None)
            holder.checks.append((str(given[0]), check))
        elif name == "check":
            for variable, check in holder.checks:
                text = self.variables.get(variable) or Unknown(
                    f"the variable {variable}, which xm takes from its command line", line
                )
                self.scope.names[variable] = text if check is None else self.called(check, [variable, text], {}, line)
        return None

    def _map(self, given: list[object], line: int) -> object:
        """Return map()."""
        unknown = first_unknown(*given[1:]) or spoiled(given[1])
        if unknown or len(given) != 2:
            unknown = unknown or Unknown("map() of several lists", line)
            self.spoil_all(given, unknown)
            return unknown
        return [self.called(given[0], [member], {}, line) for member in members_of(given[1], self.budget)]

    def _filter(self, given: list[object], line: int) -> object:
        """Return filter()."""
        if unknown := first_unknown(*given) or spoiled(given[1]):
            self.spoil_all(given, unknown)
            return unknown
        members = members_of(given[1], self.budget)
        kept = [
            self.truth(member if given[0] is None else self.called(given[0], [member], {}, line)) for member in members
        ]
        if unknown := first_unknown(*kept):
            return unknown
        found = [member for member, keep in zip(members, kept, strict=True) if keep]
        return "".join(map(str, found)) if isinstance(given[1], str) else found

    def _reduce(self, given: list[object], line: int) -> object:
        """Return reduce()."""
        if unknown := first_unknown(*given[1:]) or spoiled(given[1]):
            self.spoil_all(given, unknown)
            return unknown
        members = [*given[2:], *members_of(given[1], self.budget)]
        value = members[0]
        for member in members[1:]:
            value = self.called(given[0], [value, member], {}, line)
        return value

    _READERS: Mapping[type[ast.expr], Callable[..., object]] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.List: _list,
        ast.Tuple: _tuple,
        ast.Dict: _dict,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.BoolOp: _logical,
        ast.Compare: _compare,
        ast.IfExp: _choice,
        ast.Subscript: _subscript,
        ast.Attribute: _attribute,
        ast.Lambda: _lambda,
        ast.ListComp: _comprehension,
        ast.GeneratorExp: _generator,
        ast.DictComp: _dict_comprehension,
        ast.Call: _call,
    }


_HIGHER: Mapping[str, Callable[..., object]] = {
    "map": Expressions._map,  # noqa: SLF001 - of this file
    "filter": Expressions._filter,  # noqa: SLF001
    "reduce": Expressions._reduce,  # noqa: SLF001
}
"""The functions of Python that call functions of the file."""

_HOST_FUNCTIONS = {
    "platform.machine": "machine",
    "platform.node": "nodename",
    "platform.release": "release",
    "platform.system": "sysname",
    "socket.gethostname": "nodename",
}
"""Functions that return a part of os.uname()."""

_OPAQUE = frozenset(
    [
        "open",
        "file",
        "input",
        "raw_input",
        "eval",
        "compile",
        "execfile",
        "exec",
        "vars",
        "globals",
        "locals",
        "dir",
        "getattr",
        "setattr",
        "hasattr",
        "delattr",
        "id",
        "hash",
        "type",
        "isinstance",
        "issubclass",
        "callable",
        "object",
        "super",
        "set",
        "frozenset",
        "iter",
        "next",
        "any",
        "all",
        "cmp",
        "apply",
        "intern",
        "reload",
        "__import__",
        "buffer",
        "bytearray",
        "memoryview",
        "slice",
        "staticmethod",
        "classmethod",
        "property",
        "complex",
        "exit",
        "quit",
        "unichr",
        "basestring",
        "xm_file",
        "xm_help",
        "pow",
    ]
)
"""Names of Python and xm that are not evaluated."""
