"""The size gate: small files, small functions, everything public documented and typed.

Prints the figures; exits with 1 when a bar is missed. Run: `python tests/gates/size.py`.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_MEDIAN, FUNCTION_MEDIAN, FUNCTION_MAX, TEST_RATIO = 120, 10, 60, 0.8
Function = ast.FunctionDef | ast.AsyncFunctionDef


def code_lines(source: str) -> int:
    """Lines that are neither blank, nor a comment, nor part of a docstring."""
    lines = (line.strip() for line in source.splitlines())
    written = sum(1 for line in lines if line and not line.startswith("#"))
    documented = Function | ast.ClassDef | ast.Module
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, documented))
    docstrings = (ast.get_docstring(node) for node in nodes)
    filled = (line for text in docstrings if text for line in text.splitlines() if line.strip())
    return written - sum(1 for _ in filled)


def members(tree: ast.Module) -> Iterator[ast.AST]:
    """Everything but what is defined inside a function."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function):
            waiting += ast.iter_child_nodes(node)


def length(node: Function) -> int:
    """Lines of a function without its docstring."""
    docstring = ast.get_docstring(node, clean=False)
    documented = docstring.count("\n") + 1 if docstring else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - documented


def swallows(node: ast.AST) -> bool:
    """Whether an exception handler does nothing."""
    return isinstance(node, ast.ExceptHandler) and all(
        isinstance(each, ast.Pass | ast.Continue) for each in node.body
    )


def faults(path: Path, tree: ast.Module) -> list[str]:
    """What breaks an absolute bar in one file."""
    name = path.relative_to(ROOT)
    found = []
    found += [
        f"{name}:{node.lineno}: an exception is swallowed"
        for node in ast.walk(tree)
        if swallows(node)
    ]
    for node in members(tree):
        if not isinstance(node, Function | ast.ClassDef):
            continue
        public = not node.name.startswith("_")
        if public and not ast.get_docstring(node):
            found.append(f"{name}:{node.lineno} {node.name}: no docstring")
        if isinstance(node, ast.ClassDef):
            continue
        if node.returns is None:
            found.append(f"{name}:{node.lineno} {node.name}: no return type")
        if length(node) > FUNCTION_MAX:
            found.append(f"{name}:{node.lineno} {node.name}: {length(node)} lines")
    return found


def main() -> int:
    """Print the figures, and return the exit status."""
    files = sorted((ROOT / "src").rglob("*.py"))
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    found = [fault for path, tree in trees.items() for fault in faults(path, tree)]
    functions = [
        length(node)
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]
    sizes = [path.read_text(encoding="utf-8").count("\n") for path in files]
    code = sum(code_lines(path.read_text(encoding="utf-8")) for path in files)
    tests = sum(code_lines(p.read_text(encoding="utf-8")) for p in (ROOT / "tests").rglob("*.py"))
    figures = [
        ("file median", statistics.median(sizes), FILE_MEDIAN),
        ("function median", statistics.median(functions), FUNCTION_MEDIAN),
        ("function max", max(functions), FUNCTION_MAX),
        ("code lines per test line", code / max(tests, 1), 1 / TEST_RATIO),
    ]
    for name, value, bar in figures:
        print(f"{name:26} {value:8.2f}  bar {bar:.2f}  {'ok' if value <= bar else 'MISSED'}")
    print(f"{len(files)} files, {code} code lines, {tests} test lines")
    print("\n".join(found))
    return int(bool(found) or any(value > bar for _, value, bar in figures))


if __name__ == "__main__":
    sys.exit(main())
