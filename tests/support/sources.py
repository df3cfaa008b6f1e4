"""The project's own source files, as text and as syntax trees, for the laws."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("microcrm", "tasks", "bench")


@dataclass(frozen=True)
class Source:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def module(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Each call with its dotted name, such as ``rx.toast.success``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node

    def imports(self) -> Iterator[str]:
        """Dotted names of what is imported, wherever in the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Python files below these folders or files of the repository; default: all that ships."""
    found: list[Source] = []
    for folder in folders or CODE:
        where = ROOT / folder
        found += [_source(path) for path in ([where] if where.is_file() else sorted(where.rglob("*.py")))]
    assert found, folders
    return tuple(found)


@cache
def _source(path: Path) -> Source:
    """Parsed once, whichever folders are asked for."""
    text = path.read_text()
    return Source(path, text, ast.parse(text))


@cache
def committed() -> tuple[Path, ...]:
    """Every file under version control, and those that are about to be; without Git, every file that is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())
