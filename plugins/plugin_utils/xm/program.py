# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a config file of xm, which is a Python 2 program, as the values that it sets, without running it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.changes import (
    NAMESPACES,
    RUNS_CODE,
    changed_names,
    is_plain,
    reachable,
    runs_code,
    spoil,
    spoiled,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.expressions import (
    PYTHON_ERRORS,
    Expressions,
    raised,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.functions import members_of
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.python2 import as_python_3
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.scope import (
    Defined,
    LoopContinued,
    LoopEnded,
    Raised,
    Returned,
    catches,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import (
    Module,
    TooMuch,
    Unknown,
    XmVars,
    first_unknown,
)

LONGEST = 262_144
"""The most bytes of a file. The largest recorded one has less than a thousand."""

_HARMLESS = frozenset(
    [
        "os",
        "sys",
        "socket",
        "commands",
        "string",
        "re",
        "time",
        "random",
        "platform",
        "math",
        "types",
        "glob",
        "subprocess",
        "popen2",
        "datetime",
        "struct",
        "copy",
        "operator",
        "itertools",
        "exceptions",
        "pwd",
        "grp",
        "stat",
        "errno",
        "tempfile",
        "shutil",
        "urllib",
        "urllib2",
        "md5",
        "sha",
        "hashlib",
        "uuid",
        "__future__",
    ]
)
"""Modules of Python. They are not imported, and noted only if a relevant value comes from them."""

_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")

_NEWER = (
    ast.NamedExpr,
    ast.JoinedStr,
    ast.AnnAssign,
    ast.AsyncFunctionDef,
    ast.Await,
    ast.Nonlocal,
    ast.YieldFrom,
    ast.Match,
)
"""What Python 2 refuses, and Python 3 accepts."""

Notes = list[tuple[int, str]]
"""Notes, each with its line."""


@dataclass(frozen=True)
class Read:
    """The result of a file: its variables, the line that set each, the names that it reads, and notes.

    ``open_ended`` is the line from which the file may set more variables than known, as it runs another one; 0 if it does not.
    ``unsure`` are the variables that were set before such a line and may be set again there, each with that line.
    """

    values: Mapping[str, object]
    lines: Mapping[str, int]
    read: frozenset[str]
    notes: Notes
    open_ended: int
    unsure: Mapping[str, int]


def read(text: str, host: Mapping[str, str], variables: Mapping[str, str]) -> Read:
    """Return the result of the file *text*. Raises XmError, in one sentence, for a file that cannot be read.

    *host* is what is known of os.uname() on its host, *variables* are those of xm's command line.
    """
    source = _as_bytes(text)
    program = Program(host, variables)
    try:
        # A byte order mark counts as a coding line for Python 2.
        with_coding = any(map(_CODING.match, source.split("\n")[:2])) or text.startswith("\ufeff")
        if not source.isascii() and not with_coding:
            line = next(number for number, row in enumerate(source.split("\n"), 1) if not row.isascii())
            program.note(line, "is not ASCII, and the file has no coding line: Python 2.5 and later refuse it")
        # ast, not exec: nothing of the file is run.
        program.run(_parsed(source))
    except TooMuch as error:
        raise XmError(f"the file {error}, and is not read further", program.line) from None
    # Recursion is possible only for nested expressions; the limit protects against a hostile file.
    except RecursionError:
        raise XmError("the file nests expressions too deep to be read", program.line) from None
    except Raised as error:
        raise XmError(_refusal(error), error.line) from None
    return Read(
        program.last_known(),
        program.lines,
        frozenset(program.read),
        list(program.notes),
        program.open_ended,
        program.unsure,
    )


def _as_bytes(text: str) -> str:
    """Return the bytes of a file, one character each. Raises XmError for a file that is too long or no config."""
    # Hostile input: the file may come from a host that nobody controls.
    if len(text) > LONGEST:
        raise XmError(f"the file has more than {LONGEST} characters, which no config of a guest has")
    # Decoded as Latin-1, each byte becomes one character, which is how Python 2 sees a file.
    source = (
        text.removeprefix("\ufeff").encode("utf-8", "surrogateescape").decode("latin-1").removeprefix("\xef\xbb\xbf")
    )
    # xm 3.1 and later also read XML, which this reader does not.
    if source.startswith("<"):
        raise XmError("the file is XML, not a config in Python: xm 3.1 and later send it through another interface", 1)
    if source.lstrip().startswith(("(vm", "(domain")):
        raise XmError("the file is an s-expression: read it with from_xend_sxp, or give it to xen_domain as config", 1)
    return source


def _parsed(source: str) -> ast.Module:
    """Return the syntax tree. Raises XmError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # such as for 1if, which Python 2 accepts without a warning
            module = ast.parse(as_python_3(source))
    except SyntaxError as error:
        raise XmError("this is no Python that xm could read", error.lineno or 0) from None
    # MemoryError and RecursionError come from Python's own parser for deeply nested input.
    except (ValueError, RecursionError, MemoryError):
        raise XmError("the file is no Python that xm could read") from None
    newer = next(filter(_is_newer, ast.walk(module)), None)
    if newer is not None:
        raise XmError("this is no Python that xm could read", getattr(newer, "lineno", 0))
    return module


def _is_newer(node: ast.AST) -> bool:
    """Return whether Python 3 accepts this, and Python 2 does not."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return bool(node.args.kwonlyargs or node.args.posonlyargs)
    return isinstance(node, _NEWER)


def _refusal(error: Raised) -> str:
    """Return why xm refuses a file that raises."""
    if error.kind == "NameError":
        return f"xm refuses the file: a function of it cannot see the file's own names, such as {error.subject}"
    if error.kind == "SystemExit":
        return "the file ends xm with sys.exit()"
    return f"xm refuses the file: it raises {error.kind} here"


class Program(Expressions):
    """Reads statements."""

    def __init__(self, host: Mapping[str, str], variables: Mapping[str, str]) -> None:
        """Begin without notes."""
        super().__init__(host, variables)
        self.lines: dict[str, int] = {}
        self.notes: dict[tuple[int, str], None] = {}
        self.unsure: dict[str, int] = {}
        self.before: dict[str, object] = {}
        self.line = 0

    def note(self, line: int, text: str) -> None:
        """Add a note for a line, once."""
        self.notes[line, text] = None

    def run(self, module: ast.Module) -> None:
        """Read a whole file."""
        try:
            self.body(module.body)
        except (Returned, LoopEnded, LoopContinued):
            raise XmError("return, break or continue stands outside of what it belongs to", self.line) from None

    def body(self, statements: list[ast.stmt]) -> None:
        """Read some statements."""
        for statement in statements:
            self.budget.spend()
            self.line = statement.lineno
            reader = self._STATEMENTS.get(type(statement))
            if reader is None:
                # What the statement could set is forgotten, so that no value is reported that xm would not see.
                unknown = Unknown(f"a {type(statement).__name__.lower()} statement", statement.lineno)
                self.note(statement.lineno, f"{unknown.why} is not read")
                self.forget([statement], unknown)
            else:
                self._guarded(reader, statement)

    def _guarded(self, reader: Callable[..., None], statement: ast.stmt) -> None:
        """Read one statement. A Python error becomes an exception of the file."""
        try:
            reader(self, statement)
        except PYTHON_ERRORS as error:
            raise raised(error, statement.lineno) from None

    def assign(self, target: ast.expr, value: object) -> None:
        """Assign a value, and remember the line."""
        # Only names of the file count as its variables; those of a function end with the call.
        if isinstance(target, ast.Name) and not self.scope.is_function:
            self.lines[target.id] = target.lineno
            self.unsure.pop(target.id, None)
            self.before.pop(target.id, None)
        super().assign(target, value)

    def forget(self, statements: list[ast.stmt], unknown: Unknown) -> None:
        """Make everything unknown that some statements set or change, because it is unknown whether they run."""
        self.skipped(statements, unknown)
        for node in (node for statement in statements for node in ast.walk(statement)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                # What is unknown anyway keeps its own reason, which says more.
                value = self.scope.names.get(node.id)
                known = not isinstance(value, Unknown) or value.runs
                self.assign(ast.Name(node.id, ast.Store(), lineno=node.lineno), unknown if known else value)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.scope.names[node.name] = unknown
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    self.scope.names[alias.asname or alias.name.partition(".")[0]] = unknown
        # A statement that may return or break makes the rest of the function or loop unknown, too.
        if self.scope.is_function and _leaves(statements, (ast.Return,), _FUNCTIONS):
            raise Returned(unknown, unsure=True)
        if _leaves(statements, (ast.Break, ast.Continue), (ast.For, ast.While, *_FUNCTIONS)):
            raise LoopEnded(unknown)

    def skipped(self, nodes: Sequence[ast.AST], unknown: Unknown) -> None:
        """Make everything unknown that some expressions change, because it is unknown whether they are evaluated."""
        inner = [each for node in nodes for each in ast.walk(node)]
        self.budget.spend(2 * len(inner))
        names = {name: self.scope.find(name) for name in sorted(changed_names(inner))}
        self.spoil_all([found[name] for name, found in names.items() if found is not None], unknown)
        lines = [getattr(node, "lineno", self.line) for node in inner if runs_code(node)]
        if not lines and any(found is None and name in NAMESPACES for name, found in names.items()):
            lines = [getattr(nodes[0], "lineno", self.line)]
        if lines:
            self.sets_anything(min(lines))

    def _expression(self, node: ast.Expr) -> None:
        value = self.value(node.value)
        if isinstance(node.value, ast.Call) and isinstance(value, Unknown) and self._is_opaque(node.value.func):
            self.note(node.lineno, f"{value.why} is not run")

    def sets_anything(self, line: int) -> None:
        """Handle an expression that may set any name: no default may be assumed any more."""
        self.open_ended = self.open_ended or line
        self.note(line, "what this sets is not known, and no default is taken for what the file does not set itself")
        unknown = Unknown(_what_runs(line), line)
        for name in self.lines:
            self.unsure.setdefault(name, line)
        scopes = [self.file.names, *((self.scope.names, *self.scope.outer) if self.scope.is_function else ())]
        values = [value for names in scopes for value in names.values()]
        for value in reachable(values, self.budget):
            spoil(value, unknown, keep=True)
        # What was set before is used no further. It is reported, with a note, if the file does not set it after this.
        for names in scopes:
            plain = {name: value for name, value in names.items() if is_plain(value)}
            if names is self.file.names:
                self.before |= plain
            names.update(dict.fromkeys(plain, unknown))

    def last_known(self) -> dict[str, object]:
        """Return the variables, those that another file may set again as the file set them before."""
        values = {**self.file.names, **self.before}
        for name in self.unsure:
            value = values.get(name)
            if isinstance(value, list):
                values[name] = [member for member in value if not _is_of_another_file(member)]
        return values

    def _is_opaque(self, function: ast.expr) -> bool:
        """Return whether a called function cannot be read."""
        root = function
        while isinstance(root, ast.Attribute):
            root = root.value
        names = self.scope.find(root.id) if isinstance(root, ast.Name) else None
        return names is None or isinstance(names[root.id], (Unknown, Module))  # type: ignore[attr-defined]

    def _assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _augment(self, node: ast.AugAssign) -> None:
        old, new = self.value(_loaded(node.target)), self.value(node.value)
        # In place, as Python does: the list has the new members under each of its names.
        if isinstance(node.op, ast.Add) and isinstance(old, list):
            old += [replace(new, many=True)] if isinstance(new, Unknown) else members_of(new, self.budget)
            self.budget.items(len(old))
            return
        result = self.combined(node.op, old, new, node.lineno)
        if isinstance(old, list) and isinstance(result, list):
            old[:] = result
        else:
            self.assign(node.target, result)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._delete_one(target)

    def _delete_one(self, target: ast.expr) -> None:
        """Delete a name, several names, or a member of a list or a dictionary."""
        if isinstance(target, ast.Name):
            if self.scope.names.pop(target.id, self) is self and not self.open_ended:
                raise Raised("NameError", target.lineno, target.id)
            if not self.scope.is_function:
                for names in (self.lines, self.unsure, self.before):
                    names.pop(target.id, None)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for inner in target.elts:
                self._delete_one(inner)
        elif isinstance(target, ast.Subscript):
            self._delete_member(target)

    def _delete_member(self, target: ast.Subscript) -> None:
        """Delete a member of a list or a dictionary."""
        holder, place = self.value(target.value), self._place(target.slice)
        unknown = first_unknown(place) or spoiled(holder)
        if isinstance(holder, Unknown) and holder.runs:
            self.sets_anything(target.lineno)
        elif isinstance(holder, (list, dict)) and unknown:
            spoil(holder, unknown, keep=False)
        elif isinstance(holder, (list, dict)):
            del holder[place]  # type: ignore[arg-type]

    def _if(self, node: ast.If) -> None:
        test = self.truth(self.value(node.test))
        if isinstance(test, Unknown):
            # Either branch may run, so everything that one of them sets is unknown.
            self.forget([*node.body, *node.orelse], test)
        else:
            self.body(node.body if test else node.orelse)

    def _for(self, node: ast.For) -> None:
        over = self.over(node.iter)
        if isinstance(over, Unknown):
            self._forget_loop(node, over)
            return
        self.iterated(node.iter, over)
        for member in members_of(over, self.budget):
            self.budget.spend()
            self.assign(node.target, member)
            if not self._round(node):
                return
        self.body(node.orelse)

    def _while(self, node: ast.While) -> None:
        while True:
            self.budget.spend()
            test = self.truth(self.value(node.test))
            if isinstance(test, Unknown):
                self._forget_loop(node, test)
                return
            if not test:
                self.body(node.orelse)
                return
            if not self._round(node):
                return

    def _round(self, node: ast.For | ast.While) -> bool:
        """Run the body of a loop once; return whether the loop continues."""
        try:
            self.body(node.body)
        except LoopContinued:
            return True
        except LoopEnded as ended:
            if isinstance(ended.why, Unknown):
                self._forget_loop(node, ended.why)
            return False
        return True

    def _forget_loop(self, node: ast.For | ast.While, unknown: Unknown) -> None:
        """Make everything unknown that a loop sets or changes."""
        try:
            self.forget([node], unknown)
        except LoopEnded:
            return

    def iterated(self, node: ast.expr, over: object) -> None:
        """Note that a loop iterates over a dictionary, whose order in Python 2 is unknown."""
        method = node.func if isinstance(node, ast.Call) else None
        over_dictionary = isinstance(over, dict) or (
            isinstance(method, ast.Attribute) and method.attr.removeprefix("iter") in ("keys", "values", "items")
        )
        if over_dictionary and len(over) > 1:  # type: ignore[arg-type]
            self.note(
                node.lineno, "goes through a dictionary in the order in which it is written; Python 2 has another one"
            )

    def _try(self, node: ast.Try) -> None:
        kinds = [kind for handler in node.handlers for kind in _kinds(handler)]
        everything = [*node.body, *(statement for handler in node.handlers for statement in handler.body), *node.orelse]
        if unsure := self._unsure_import(node, kinds):
            self.forget([*everything, *node.finalbody], unsure)
            return
        before = self.met
        try:
            self._attempt(node, kinds)
            if self.met > before and node.handlers:
                self.forget(everything, Unknown("whether something before this line fails", node.handlers[0].lineno))
        # What stands behind finally runs however the rest is left.
        except (Raised, Returned, LoopEnded, LoopContinued):
            self.body(node.finalbody)
            raise
        self.body(node.finalbody)

    def _attempt(self, node: ast.Try, kinds: list[str]) -> None:
        """Read the body of a ``try``, and its handler or ``else``."""
        guarded = self.guarded
        self.guarded = [*guarded, *kinds]
        try:
            self.body(node.body)
        except Raised as error:
            self.guarded = guarded
            self._handle(node, error)
            return
        finally:
            self.guarded = guarded
        self.body(node.orelse)

    def _unsure_import(self, node: ast.Try, kinds: list[str]) -> Unknown | None:
        """Return an unknown value if a ``try`` contains an import that may fail."""
        if not any(catches(kind, "ImportError") for kind in kinds):
            return None
        imports = (statement for statement in node.body if isinstance(statement, (ast.Import, ast.ImportFrom)))
        foreign = (name for statement in imports for name in _modules(statement) if name not in _HARMLESS)
        return next((Unknown(f"whether there is a module {name}", node.lineno) for name in foreign), None)

    def _handle(self, node: ast.Try, error: Raised) -> None:
        """Run the handler of an exception, or raise it again."""
        for handler in node.handlers:
            if any(catches(kind, error.kind) for kind in _kinds(handler)):
                if handler.name:
                    self.scope.names[handler.name] = Unknown("the text of an exception", handler.lineno)
                self.body(handler.body)
                return
        raise error

    def _raise(self, node: ast.Raise) -> None:
        thrown = node.exc.elts[0] if isinstance(node.exc, ast.Tuple) and node.exc.elts else node.exc
        value = self.value(thrown) if thrown is not None else None
        raise Raised(value.name if isinstance(value, Module) else "an exception", node.lineno)

    def _assert(self, node: ast.Assert) -> None:
        test = self.truth(self.value(node.test))
        if not isinstance(test, Unknown) and not test:
            raise Raised("AssertionError", node.lineno)

    def _define(self, node: ast.FunctionDef) -> None:
        function = self.defined(node)
        self.scope.names[node.name] = function
        if node.decorator_list:
            unknown = Unknown("a decorated function", node.lineno)
            self.spoil_all([function, *map(self.value, node.decorator_list)], unknown)
            self.scope.names[node.name] = unknown

    def _return(self, node: ast.Return) -> None:
        raise Returned(None if node.value is None else self.value(node.value))

    def _import(self, node: ast.Import) -> None:
        self._note_imports(node)
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.scope.names[alias.asname or name] = (
                Module(name) if name in (*_HARMLESS, "os.path") else _foreign(name, node)
            )

    def _import_from(self, node: ast.ImportFrom) -> None:
        self._note_imports(node)
        for alias in node.names:
            name = node.module or ""
            if name == "__future__":
                self.true_division = self.true_division or alias.name == "division"
            elif alias.name == "*":
                self.sets_anything(node.lineno)
            else:
                known = self._member(f"{name}.{alias.name}", node.lineno) if name in (*_HARMLESS, "os.path") else None
                unknown = replace(_foreign(name, node), runs=alias.name in RUNS_CODE)
                self.scope.names[alias.asname or alias.name] = known or unknown

    def _note_imports(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note the imported modules that do not belong to Python."""
        for name in _modules(node):
            if name not in _HARMLESS:
                self.note(node.lineno, f"the module {name} is not imported")

    def _pass(self, _node: ast.stmt) -> None:
        """Do nothing: for pass, and for global, as no function sees the file's names."""

    def _break(self, _node: ast.Break) -> None:
        raise LoopEnded

    def _continue(self, _node: ast.Continue) -> None:
        raise LoopContinued

    _STATEMENTS: Mapping[type[ast.stmt], Callable[..., None]] = {
        ast.Expr: _expression,
        ast.Assign: _assign,
        ast.AugAssign: _augment,
        ast.Delete: _delete,
        ast.If: _if,
        ast.For: _for,
        ast.While: _while,
        ast.Try: _try,
        ast.Raise: _raise,
        ast.Assert: _assert,
        ast.FunctionDef: _define,
        ast.Return: _return,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Pass: _pass,
        ast.Global: _pass,
        ast.Break: _break,
        ast.Continue: _continue,
    }


_FUNCTIONS = (ast.FunctionDef, ast.Lambda, ast.ClassDef)


def _leaves(nodes: Iterable[ast.AST], ways: tuple[type[ast.AST], ...], inside: tuple[type[ast.AST], ...]) -> bool:
    """Return whether some code can be left by one of these statements, except within the kinds in *inside*."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ways):
            return True
        if not isinstance(node, inside):
            waiting += ast.iter_child_nodes(node)
    return False


def _what_runs(line: int) -> str:
    """Return what a value depends on that another file may set again."""
    return f"what line {line} runs"


def _is_of_another_file(member: object) -> bool:
    """Return whether a member of a list stands for what another file may add to it."""
    return isinstance(member, Unknown) and member.many and member.why == _what_runs(member.line)


def _loaded(target: ast.expr) -> ast.expr:
    """Return the target of ``+=`` as something to be read."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _kinds(handler: ast.ExceptHandler) -> list[str]:
    """Return the exceptions that a handler is for."""
    if handler.type is None:
        return ["BaseException"]
    nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that a statement names, without what is inside them."""
    names = [node.module or "."] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return [name.partition(".")[0] or "." for name in names]


def _foreign(name: str, node: ast.stmt) -> Unknown:
    """Return the unknown value for a member of an unknown module."""
    return Unknown(f"the module {name}", node.lineno)


def is_variable(value: object) -> bool:
    """Return whether a value is the file's own data, not a function, a module or xm's helper."""
    return not isinstance(value, (Defined, Module, XmVars))
