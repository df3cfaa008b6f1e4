"""``docs/errors.md`` lists every error a person can meet. It is written by ``python -m tests.laws.test_errors``."""

from __future__ import annotations

import importlib
import pkgutil

import microcrm
from microcrm.domain.errors import DomainError
from tests.support.sources import ROOT

PAGE = ROOT / "docs" / "errors.md"
HEAD = """# Errors

Every refusal that a person can meet. The code is in the log and stays the same; the words are what the person reads.
A form shows them at the field. Anything unexpected shows only a reference, which is the `reference` of the log entry.

Written from `microcrm/domain/errors.py`: after a change there, run `python -m tests.laws.test_errors`.

| Code | Error | What it says | What to do |
|---|---|---|---|
"""


def errors() -> list[type[DomainError]]:
    for module in pkgutil.walk_packages(microcrm.__path__, "microcrm."):
        if module.name.startswith(("microcrm.domain.", "microcrm.operations.", "microcrm.adapters.")):
            importlib.import_module(module.name)

    def below(error: type[DomainError]) -> list[type[DomainError]]:
        return [e for child in error.__subclasses__() for e in (child, *below(child))]

    return sorted((e for e in below(DomainError) if e.__module__.startswith("microcrm.")), key=lambda e: e.code)


def page() -> str:
    lines = [f"| `{e.code}` | {e.__name__} | {e.message} | {e.remedy} |" for e in errors()]
    return HEAD + "\n".join(lines) + "\n"


def test_the_page_lists_every_error() -> None:
    assert PAGE.read_text() == page()


def test_each_error_has_a_code_of_its_own_and_words() -> None:
    found = errors()
    assert len(found) >= 7
    assert len({e.code for e in found}) == len(found)
    for error in found:
        assert error.message.endswith((".", "?")) and error.message[0].isupper()
        assert error.remedy == "" or error.remedy.endswith(".")


if __name__ == "__main__":
    PAGE.write_text(page())
