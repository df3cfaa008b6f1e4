"""Every text that the public pages can say, gathered from the templates and the code: what a catalogue must hold.

``python -m microcrm.http.book.gathering`` brings all catalogues up to date: new texts come in empty, old ones leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from microcrm.http.book.errors import SAID
from microcrm.http.book.tongues import WORDS

_HTTP = Path(__file__).resolve().parents[1]
_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "say": None,
    "mark": None,
    "count": (1, 2),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_METHODS = [("book/**.py", "python"), ("templates/book/**.html", "jinja2")]
_OPTIONS = {"templates/book/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}


def gathered() -> Catalog:
    """In English. Texts of the errors that operations raise stand at the end."""
    catalogue = Catalog(project="MicroCRM", charset="utf-8")
    found = extract_from_dir(_HTTP, _METHODS, _OPTIONS, _KEYWORDS)
    for name, _line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalogue.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    for text in SAID:
        catalogue.add(text, locations=[("errors", 0)])
    return catalogue


def catalogues() -> Iterator[tuple[str, Catalog]]:
    """Each language's, by its code."""
    for path in sorted(WORDS.glob("*.po")):
        with path.open("rb") as file:
            yield path.stem, read_po(file, locale=path.stem)


def update() -> None:
    template = gathered()
    for code, catalogue in catalogues():
        catalogue.update(template, no_fuzzy_matching=True)
        with (WORDS / f"{code}.po").open("wb") as file:
            write_po(
                file,
                catalogue,
                width=120,
                omit_header=False,
                sort_output=False,
                include_lineno=False,
                ignore_obsolete=True,
            )


if __name__ == "__main__":
    update()
