"""What import-linter cannot see of the floor plan: rooms without a floor, late imports, rules that look at a clock."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from tests.house.project import CODE, ROOT, functions_of, name_of, python_files

NOT_FOR_RULES = {"time", "datetime", "random", "os", "pathlib", "socket", "threading", "logging", "asyncio"}
WITHOUT_A_FLOOR = {"apps", "migrations", "templatetags", "__init__"}
MAY_IMPORT_LATE: dict[str, str] = {}


def layers_of(name: str) -> set[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    contract = next(contract for contract in contracts if contract["name"].startswith(name))
    return {room for layer in contract["layers"] for room in re.split(r"\s*\|\s*", layer)}


def rooms_in(folder: Path) -> set[str]:
    packages = {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}
    return packages | {path.stem for path in folder.glob("*.py")}


def test_every_room_of_the_product_has_a_floor():
    rooms = {f"vms.{room}" for room in rooms_in(ROOT / "vms") - WITHOUT_A_FLOOR}
    assert rooms <= layers_of("The floors")


def test_every_room_of_operations_has_a_stair():
    assert rooms_in(ROOT / "vms" / "operations") - WITHOUT_A_FLOOR <= layers_of("The staircase")


def test_nothing_is_imported_late():
    late = {
        f"{name_of(path)} {function.name}"
        for path in python_files(*CODE)
        for function in functions_of(path)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    }
    assert late <= set(MAY_IMPORT_LATE)


def modules_imported_by(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_the_rules_look_at_no_clock_no_disk_and_no_network():
    curious = [name_of(path) for path in python_files("vms/rules") if modules_imported_by(path) & NOT_FOR_RULES]
    assert curious == []
