"""Under which kind of GST registration a shop bills on a day: one from the beginning, others from dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.documents import Registration

WORDS: Mapping[Registration, str] = {
    Registration.REGULAR: "Regular",
    Registration.COMPOSITION: "Composition",
    Registration.NONE: "Not registered",
}


@dataclass(frozen=True, slots=True)
class Registrations:
    """``first`` holds until the day of the first change. ``changes`` are in the order of their days."""

    first: Registration
    changes: tuple[tuple[date, Registration], ...] = ()

    @property
    def last(self) -> Registration:
        return self.changes[-1][1] if self.changes else self.first

    def on(self, day: date) -> Registration:
        return next((kind for since, kind in reversed(self.changes) if since <= day), self.first)

    def changed(self, kind: Registration, since: date) -> Registrations:
        """With ``kind`` from that day on; what was planned for later is dropped."""
        kept = tuple(change for change in self.changes if change[0] < since)
        before = Registrations(self.first, kept)
        return before if before.last is kind else Registrations(self.first, (*kept, (since, kind)))

    def plain(self) -> list[dict[str, str]]:
        """The changes as JSON holds them."""
        return [{"from": since.isoformat(), "kind": kind.value} for since, kind in self.changes]


def registrations(first: str, changes: Sequence[Mapping[str, Any]]) -> Registrations:
    """The way back from ``plain``."""
    return Registrations(
        Registration(first),
        tuple((date.fromisoformat(one["from"]), Registration(one["kind"])) for one in changes),
    )
