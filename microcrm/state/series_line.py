"""What a visit's card says about its series. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.domain.formatting import format_count
from microcrm.operations.parts.series_place import SeriesPlace


@dataclass(frozen=True)
class SeriesLine:
    """``place`` is empty for a single visit. The others say what each scope covers."""

    place: str = ""
    rule: str = ""
    alone: str = ""
    move_following: str = ""
    move_all: str = ""
    cancel_following: str = ""
    cancel_all: str = ""


NO_SERIES = SeriesLine()


def series_line(one: SeriesPlace | None) -> SeriesLine:
    if one is None:
        return NO_SERIES
    return SeriesLine(
        place=f"{one.place} of {one.of}",
        rule=one.rule[:1].upper() + one.rule[1:],
        alone="Moved by itself" if one.is_alone else "",
        move_following=format_count(one.moves_following, "visit"),
        move_all=format_count(one.moves_all, "visit"),
        cancel_following=format_count(one.cancels_following, "visit"),
        cancel_all=format_count(one.cancels_all, "visit"),
    )
