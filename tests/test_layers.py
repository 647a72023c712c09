"""The architecture holds: layers, sizes, light imports, and nothing half-done in the sources."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "pomona"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
# Spelled in two halves, so that this file does not find itself.
UNFINISHED = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"]) + r")\b"
)


def test_a_later_stage_may_import_an_earlier_one_never_the_reverse() -> None:
    found = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_is_small_and_finished(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < MAX_MODULE_LINES
    assert not UNFINISHED.findall(text)
    too_long = [
        f"{name}: {lines} lines" for name, lines in function_sizes(text) if lines > MAX_FUNCTION_LINES
    ]
    assert not too_long


def function_sizes(text: str) -> Iterator[tuple[str, int]]:
    """Name and length of each function, its docstring not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            says = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            doc_lines = (first.end_lineno or 0) - first.lineno + 1 if says else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - doc_lines


@pytest.mark.parametrize("module", ["pomona", "pomona.cli.main"])
def test_importing_loads_neither_server_nor_numpy(module: str) -> None:
    heavy = {"numpy", "pandas", "polars", "pyarrow", "sqlalchemy", "litestar", "uvicorn", "mlflow", "sklearn"}
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert heavy.isdisjoint(loaded.split())


def test_no_lock_file_names_a_registry() -> None:
    """Who installs chooses where from: neither pip nor npm is sent to one host by a file of ours."""
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text()
    assert "://" not in (ROOT / "constraints.txt").read_text()
    assert "registry=" not in (ROOT / "web" / ".npmrc").read_text().replace("lockfile-registry-resolved=", "")
