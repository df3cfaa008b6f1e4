"""Documents tell the truth: what they name exists, and the map leads to all of them."""

from __future__ import annotations

import re

import pytest

from microcrm.cli import audit_cli, cli, keys_cli
from tests.laws.test_settings import NAMES
from tests.support.sources import ROOT, committed

DOCUMENTS = sorted(path for path in committed() if path.suffix == ".md")
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in DOCUMENTS}
TOP = {path.relative_to(ROOT).parts[0] for path in committed()}
INSIDE = {path.parts[1] for one in committed() if (path := one.relative_to(ROOT)).parts[0] == "microcrm"}
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:py|md|toml|lock|ini)")
NAMED_IN = re.compile(r"`([\w.]+)(?:\(\))?`(?: in |\s\()`([\w./-]+\.\w+)`")


def missing_paths(text: str) -> list[str]:
    """What stands in backticks or in a fenced tree, looks like a path of ours, and is not there. Paths inside the package
    may be written without its name."""
    found = CODE.findall(text) + re.findall(r"^([\w.-]+/[\w./-]*) {2,}\S", text, re.MULTILINE)
    ours = [one for one in found if PATH.fullmatch(one) and one.partition("/")[0] in TOP | INSIDE]
    return [one for one in ours if not (ROOT / one).exists() and not (ROOT / "microcrm" / one).exists()]


def test_the_check_sees_a_path_that_is_not_there() -> None:
    assert missing_paths("see `microcrm/cli.py`, `http/forms.py`, `some/thing.py` and `Makefile`") == []
    assert missing_paths("see `microcrm/clip.py`\n\ndocs/nowhere/   nothing") == ["microcrm/clip.py", "docs/nowhere/"]


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_exists(name: str) -> None:
    assert missing_paths(TEXTS[name]) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", TEXTS[name])
    assert [target for target in targets if not ((ROOT / name).parent / target).exists()] == []


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_said_to_be_in_a_file_is_in_it(name: str) -> None:
    pairs = NAMED_IN.findall(TEXTS[name])
    if name == "docs/tour.md":
        assert len(pairs) > 20
    missing = []
    for thing, path in pairs:
        file = ROOT / path if (ROOT / path).is_file() else ROOT / "microcrm" / path
        if not file.is_file() or thing.rpartition(".")[2] not in file.read_text():
            missing.append(f"{thing} in {path}")
    assert missing == []


def test_every_name_of_the_tour_is_in_the_code() -> None:
    code = "\n".join(
        path.read_text() for path in committed() if path.suffix in {".py", ".jsx"} and "tests" not in path.parts
    )
    words = {*re.findall(r"\w+", code)}
    named = {
        one.rstrip("()").rpartition(".")[2]
        for one in CODE.findall(TEXTS["docs/tour.md"])
        if re.fullmatch(r"[\w.]+(\(\))?", one)
    }
    assert len(named) > 40
    assert {one for one in named if re.fullmatch(r"[A-Za-z_]\w+", one)} - words - {"sql", "py"} == set()


@pytest.mark.parametrize("name", TEXTS)
def test_commands_targets_and_settings_exist(name: str) -> None:
    text = TEXTS[name]
    commands = {command.callback.__name__ for command in cli.registered_commands if command.callback}
    groups = {"audit": audit_cli, "keys": keys_cli}
    parts = {f"{name} {command.name}" for name, group in groups.items() for command in group.registered_commands}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = {
        " ".join(one.split()[: 2 if one.split()[0] in groups else 1])
        for one in re.findall(r"`microcrm ([a-z][^`]*)`", text)
    }
    assert said - commands - parts == set()
    assert set(re.findall(r"`make ([a-z-]+)[^`]*`", text)) - targets == set()
    # Those of the tests are not the product's.
    assert {one for one in re.findall(r"\bMICROCRM_[A-Z_]+", text) if "_TEST_" not in one} - {*NAMES} == set()


def test_the_map_leads_to_every_document() -> None:
    index = TEXTS["docs/index.md"]
    documents = [name.removeprefix("docs/") for name in TEXTS if name.startswith("docs/") and name != "docs/index.md"]
    assert [name for name in documents if f"]({name})" not in index] == []
    assert all(f"docs/{name}" in TEXTS["README.md"] for name in ("index.md", "tour.md", "deploy.md"))


def test_files_that_the_code_points_to_exist() -> None:
    """A comment that sends the reader to a document, as many do."""
    found = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in committed()
        if path.suffix in {".py", ".toml", ".md"} and path.name != "test_documents.py"
        for target in re.findall(r"\bdocs/[\w./-]+\.md\b", path.read_text())
        if not (ROOT / target).exists()
    ]
    assert found == []
