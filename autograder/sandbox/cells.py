"""What of a notebook's cells makes a module. Runs in the confined worker, before any of the code does."""

import ast
import builtins
import importlib.util


def definitions(tree: ast.Module) -> ast.Module:
    """Keep what a module is made of from a notebook's cells: imports, definitions, constants and type aliases."""
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
    known, body = set(dir(builtins)), []
    for node in tree.body:
        if isinstance(node, kept) or _only_names(node, known):
            body.append(node)
            known |= _bound(node)
    tree.body = body
    return tree


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
