"""Two records of one person become one, and two again: which of two values is kept, and which comes back.

Values are those of the columns; ``None`` and everything empty are the same to a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_TAGS = 10


class Choice(StrEnum):
    KEPT = "kept"
    GONE = "gone"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field that is chosen: ``columns`` go together, the first is what people see. ``has_both``: the two can be joined."""

    name: str
    label: str
    columns: tuple[str, ...]
    has_both: bool = False


FIELDS: tuple[MergeField, ...] = (
    MergeField("name", "Name", ("name",)),
    MergeField("phone", "Phone", ("phone", "is_sharing_phone")),
    MergeField("email", "Email", ("email",)),
    MergeField("address", "Address", ("address",)),
    MergeField("birthday", "Birthday", ("birthday",)),
    MergeField("tags", "Tags", ("tags",), has_both=True),
)


def options_of(field: MergeField, kept: Any, gone: Any) -> tuple[Choice, ...]:
    """What can be chosen between two values; nothing where they do not differ."""
    if (kept or None) == (gone or None):
        return ()
    if not gone:
        return (Choice.KEPT,)
    if not kept:
        return (Choice.GONE,) if field.name in ("name", "phone") else (Choice.GONE, Choice.KEPT)
    return (Choice.BOTH, Choice.KEPT, Choice.GONE) if field.has_both else (Choice.KEPT, Choice.GONE)


def default_of(field: MergeField, kept: Any, gone: Any) -> Choice:
    """Nothing that one of them has is lost without being asked: both where that can be, else what there is."""
    options = options_of(field, kept, gone)
    return options[0] if options else Choice.KEPT


def chosen(choice: Choice, kept: Any, gone: Any) -> Any:
    """The value that the survivor has afterwards. Both: each tag once, at most ten."""
    if choice is Choice.BOTH:
        words = {tag.casefold() for tag in kept}
        return [*kept, *(tag for tag in gone if tag.casefold() not in words)][:MOST_TAGS]
    return gone if choice is Choice.GONE else kept


def taken_apart(changes: Mapping[str, Mapping[str, Any]], now: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the survivor that get back the value from before the merge: those that still have the merge's. What somebody
    has written since stays. ``changes``: {column: {"before": …, "after": …}}."""
    return {column: one["before"] for column, one in changes.items() if now[column] == one["after"]}
