"""Small changes of the reference that a machine makes: a suite that lets one live does not look there.

The operators are those of cosmic-ray, one for each way to be wrong: its other replacements of the same
operator would die by the same test.
"""

import ast
import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text
from autograder.errors import MistakeError

EQUIVALENT = "equivalent.toml"
_KEYS = ("in", "line", "becomes", "reason")
_OPERATORS = (
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Div_Mul", "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_Mul",
    "ReplaceBinaryOperator_Pow_Mul", "ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq", "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_Lt_Gt", "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_LtE_GtE",
    "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_Gt_Lt", "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_LtE", "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_Invert",
    "AddNot", "NumberReplacer", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop", "RemoveDecorator",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """The reference with one small change.

    Attributes:
        function: name at the module's top level that the change lies in.
        line: the line that is changed, without the spaces around it.
        becomes: what it becomes.
        number: its line in the solved source.
        source: the whole changed module.
    """

    function: str
    line: str
    becomes: str
    number: int
    source: str

    @property
    def diff(self) -> str:
        """The change, as a diff of one line."""
        return f"{self.function}, line {self.number}\n  - {self.line}\n  + {self.becomes}"


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can tell from the reference, and why.

    Attributes:
        function: where it lies.
        line: the line that is changed; becomes: what it becomes.
        reason: why nothing can differ.
        where: file and entry, for messages.
    """

    function: str
    line: str
    becomes: str
    reason: str
    where: str

    def fits(self, mutant: Mutant) -> bool:
        """Whether this is the mutant that the record speaks of."""
        return (self.function, self.line, self.becomes) == (mutant.function, mutant.line, mutant.becomes)


def mutants_of(assignment: Assignment) -> list[Mutant]:
    """Make every mutant of an assignment's reference, in the order of its lines; each change once.

    Raises:
        ModuleNotFoundError: where cosmic-ray is not installed; it comes with `autograder[dev]`.
    """
    source = reference_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    wanted = {name for question in assignment.questions for name in question.functions}
    lines = source.splitlines(keepends=True)
    found: dict[str, Mutant] = {}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (node.name in wanted or wanted & _mentions(node)):
            first, last = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1, node.end_lineno or 0
            text = "".join(lines[first:last])
            for changed in _changed(text):
                whole = "".join([*lines[:first], changed, *lines[last:]])
                found.setdefault(whole, _described(node.name, text, changed, first, whole))
    return sorted(found.values(), key=lambda mutant: mutant.number)


def load_equivalents(assignment: Assignment) -> list[Equivalent]:
    """Read `equivalent.toml`, where there is one.

    Raises:
        MistakeError: if it is no such file.
    """
    file = assignment.folder / EQUIVALENT
    if not file.is_file():
        return []
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("equivalent", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MistakeError(file, f"not valid TOML: {error}") from None
    return [_equivalent(file, number, entry) for number, entry in enumerate(entries)]


def stale(equivalents: list[Equivalent], mutants: list[Mutant]) -> Iterator[MistakeError]:
    """Complain of records that fit no mutant: the source went on without them."""
    for record in equivalents:
        if not any(record.fits(mutant) for mutant in mutants):
            what = f"'{record.line}' → '{record.becomes}' in {record.function} is no mutant of the source any more"
            yield MistakeError(record.where, what, "delete the record, or write the lines as they are now")


def _equivalent(file: Path, number: int, entry: Any) -> Equivalent:
    where = f"{file}: equivalent[{number}]"
    if (
        type(entry) is not dict
        or {*entry} != {*_KEYS}
        or not all(type(text) is str and text for text in entry.values())
    ):
        raise MistakeError(where, f"must hold the texts {', '.join(_KEYS)}", "each says which mutant, and why it lives")
    return Equivalent(entry["in"], entry["line"], entry["becomes"], entry["reason"], where)


def _mentions(node: ast.AST) -> set[str]:
    return {inner.name for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef)}


def _changed(text: str) -> Iterator[str]:
    """Apply each operator at each of its places in a function's text; docstrings are left alone."""
    from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415 - a library of development alone
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415 - the same
    from cosmic_ray.plugins import get_operator  # noqa: PLC0415 - the same

    tree = get_ast(text)
    nodes = list(ast_nodes(tree))
    for name in _OPERATORS:
        operator = get_operator(f"core/{name}")()
        places = sum(len(list(operator.mutation_positions(node))) for node in nodes)
        for place in range(places):
            changed = mutate_code(text, operator, place)
            if changed is not None and _compiles(changed):
                yield changed


def _compiles(text: str) -> bool:
    try:
        return bool(compile(text, "<mutant>", "exec", dont_inherit=True))
    except (SyntaxError, ValueError):
        return False


def _described(function: str, text: str, changed: str, first: int, whole: str) -> Mutant:
    old, new = text.splitlines(), changed.splitlines()
    for tag, low, high, begin, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            line, becomes = (" ".join(part.strip() for part in lines) for lines in (old[low:high], new[begin:end]))
            return Mutant(function, line, becomes, first + low + 1, whole)
    raise ValueError("a mutant that changes nothing")
