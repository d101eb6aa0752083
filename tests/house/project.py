"""Where the project's own files are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("stoney_panel", "vms", "directory", "demo")
NOT_OURS = {"vendor", "__pycache__", "node_modules"}


def python_files(*folders: str) -> list[Path]:
    """Without migrations, which are generated."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts and not NOT_OURS & set(path.parts))


def files_ending_in(*endings: str, below: tuple[str, ...]) -> list[Path]:
    found = (path for folder in below for path in (ROOT / folder).rglob("*") if path.suffix in endings)
    return sorted(path for path in found if not NOT_OURS & set(path.parts) and not path.name.endswith(".min.js"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
