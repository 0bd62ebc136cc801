"""What a module of ours imports, as its text says."""

import ast
from collections.abc import Iterator
from pathlib import Path


def import_statements(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each imported module, and the names that are imported from it, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, [f"{node.module}.{alias.name}" for alias in node.names]
