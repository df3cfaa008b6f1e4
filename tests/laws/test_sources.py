"""How the sources are kept: short files and functions, no naive clocks, nothing of one machine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.sources import ROOT, Source, committed, sources

MOST_LINES_OF_FILE = 400
MOST_LINES_OF_FUNCTION = 50
# Found in what is committed, these would tie it to the machine or the network it was written on.
MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|work|opt|mnt|private)/[\w.-]+|/usr/lib/python|/tmp/[a-z]{3,}")
REGISTRY = re.compile(
    r"(?:registry\.npmjs|pypi|files\.pythonhosted|deb\.debian|registry\.yarnpkg|proxy\.golang|index\.crates)"
    r"\.(?:org|com|io)|https?://[\w.:-]+/(?:simple|npm|pypi|artifactory)\b",
    re.IGNORECASE,
)
TEXT = {
    ".py",
    ".toml",
    ".lock",
    ".json",
    ".md",
    ".txt",
    ".css",
    ".js",
    ".jsx",
    ".html",
    ".ini",
    ".sh",
    ".yaml",
    ".yml",
    "",
}
EVERYTHING = ("microcrm", "tasks", "tests", "alembic", "rxconfig.py")


def length(source: Source) -> int:
    return len(source.text.splitlines())


def test_files_are_short() -> None:
    """A first migration is one long list, and is never edited again."""
    long = {
        s.name: length(s) for s in sources(*EVERYTHING) if length(s) > MOST_LINES_OF_FILE and "versions" not in s.name
    }
    assert long == {}


def test_functions_are_short() -> None:
    long = [
        f"{source.name}:{node.lineno} {node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for source in sources(*EVERYTHING)
        if "versions" not in source.name
        for node in source.functions()
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES_OF_FUNCTION
        and "support" not in source.name  # a stand-in server is one long function with its handler inside
    ]
    assert long == []


def test_no_clock_without_a_zone() -> None:
    found = []
    for source in sources(*EVERYTHING):
        for name, call in source.calls():
            if name.endswith(("datetime.utcnow", "datetime.utcfromtimestamp", "date.today")) or (
                name.endswith("datetime.now") and not call.args and not call.keywords
            ):
                found.append(f"{source.name}:{call.lineno} {name}")
    assert found == []


def test_the_clock_is_read_at_the_edges_only() -> None:
    """Operations use the unit of work's ``now``, so that tests can set it and a transaction has one time."""
    found = [
        f"{source.name}:{call.lineno}"
        for source in sources("microcrm/operations", "microcrm/domain", "microcrm/models")
        for name, call in source.calls()
        if name.endswith("datetime.now") or name == "time.time"
    ]
    assert found == []


def test_no_catch_all_in_the_middle() -> None:
    """Unknown errors travel to the edge, which logs them and shows a reference."""
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources("microcrm/operations", "microcrm/domain", "microcrm/models", "microcrm/state")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert found == []


def test_no_money_in_floats() -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources("microcrm/operations", "microcrm/domain", "microcrm/models")
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.AnnAssign | ast.arg) and node.annotation and "float" in ast.unparse(node.annotation))
        and "paise" in ast.unparse(node)
    ]
    assert found == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "NotImplementedError"])
def test_nothing_is_left_for_later(word: str) -> None:
    here = Path(__file__)
    found = [s.name for s in sources(*EVERYTHING) if re.search(rf"\b{word}\b", s.text) and s.path != here]
    assert found == []


@pytest.mark.parametrize("suffix", ["Manager", "Helper", "Utils", "Util", "V2"])
def test_no_class_is_named_after_nothing(suffix: str) -> None:
    found = [
        f"{source.name} {node.name}"
        for source in sources("microcrm", "tasks")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(suffix)
    ]
    assert found == []


def texts() -> list[tuple[str, str]]:
    here = Path(__file__)
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(errors="replace"))
        for path in committed()
        if path.suffix in TEXT and path != here and "common_passwords" not in path.name
    ]


def test_no_address_of_a_package_registry_is_committed() -> None:
    """Whoever installs from a mirror would fail on it. Documentation that names a site is not an address to fetch from."""
    found = [name for name, text in texts() if not name.endswith(".md") and REGISTRY.search(text)]
    assert found == []


def test_no_path_of_one_machine_is_committed() -> None:
    allowed = {"tests/laws/test_logs_of_failures.py"}
    found = {name: match.group() for name, text in texts() if name not in allowed and (match := MACHINE.search(text))}
    assert found == {}


def test_no_secret_is_committed() -> None:
    key = re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----|AKIA[0-9A-Z]{16}|rzp_live_\w+|ghp_\w{30,}")
    assert [name for name, text in texts() if key.search(text)] == []
