"""What of a notebook's cells makes a module. Runs in the confined worker, before any of the code does."""

import ast
import builtins
import dis
import importlib.util
from types import CodeType


def definitions(tree: ast.Module) -> ast.Module:
    """Keep what a module is made of from a notebook's cells: imports, definitions, and the constants that they read.

    A constant may be computed, as a table or a named tuple is, but not by the notebook's own functions: what those
    give is an experiment, and may take minutes. Where computing one fails, its name is missing and all else is there.
    """
    known, kept, reads = set(dir(builtins)), set[ast.stmt](), set[str]()
    for node in tree.body:
        if _is_definition(node) or _only_names(node, known):
            kept.add(node)
            known |= _bound(node)
            reads |= _read(node)
    own = {name for node in kept if _is_definition(node) for name in _bound(node)} - _imported(tree)
    computed = [node for node in tree.body if node not in kept and _computes(node, own)]
    while more := [node for node in computed if node not in kept and _bound(node) & reads]:
        kept.update(more)
        reads.update(*map(_read, more))
    tree.body = [_guarded(node) if node in computed else node for node in tree.body if node in kept]
    return ast.fix_missing_locations(tree)


def leave_out_missing(tree: ast.Module) -> list[str]:
    """Take out imports of what is not installed, such as a notebook's surroundings, and name them."""
    missing = []
    for node in list(tree.body):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if absent := [name for name in names if name and not _is_installed(name.split(".")[0])]:
                missing += absent
                tree.body.remove(node)
    return missing


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _is_definition(node: ast.stmt) -> bool:
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda))


def _imported(tree: ast.Module) -> set[str]:
    imports = (node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {name for node in imports for name in _bound(node)}


def _computes(node: ast.stmt, own: set[str]) -> bool:
    """Whether an assignment computes its value without the notebook's own functions and classes."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    return not own & {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}


def _guarded(node: ast.stmt) -> ast.stmt:
    """Let an assignment fail without harm to what follows."""
    handler = ast.ExceptHandler(type=ast.Name("Exception", ast.Load()), name=None, body=[ast.Pass()])
    return ast.copy_location(ast.Try(body=[node], handlers=[handler], orelse=[], finalbody=[]), node)


def _read(node: ast.stmt) -> set[str]:
    """Names that a statement, or the functions in it, look for in the module."""
    codes, names = [compile(ast.Module([node], []), "<cell>", "exec")], set[str]()
    for code in codes:
        found = (part for part in dis.get_instructions(code) if part.opname.startswith("LOAD_"))
        names |= {part.argval for part in found if part.opname.endswith(("_NAME", "_GLOBAL", "_GLOBALS"))}
        codes += [part for part in code.co_consts if isinstance(part, CodeType)]
    return names


def _only_names(node: ast.stmt, known: set[str]) -> bool:
    """Whether an assignment gives names to what is known already, calling nothing."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    parts = list(ast.walk(node.value))
    runs = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.comprehension, ast.Lambda)
    used = {part.id for part in parts if isinstance(part, ast.Name)}
    return used <= known and not any(isinstance(part, runs) for part in parts)


def _bound(node: ast.stmt) -> set[str]:
    """Names that a kept statement binds."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return {node.name}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
