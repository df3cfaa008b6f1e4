"""Who belongs to the customer on the screen, and the form that links somebody."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.errors import DomainError
from microcrm.domain.family import TIE_WORDS, Tie, duty_words
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.operations.family import ChangeTie, FamilyLine, TieFamily, change_tie, tie_family, untie_family
from microcrm.state.base import AppState
from microcrm.state.customer_finding import CustomerFinding
from microcrm.state.gate import needs


@dataclass(frozen=True)
class RelativeRow:
    """``tie_id`` is "": not linked yet, but on the same phone."""

    id: str
    tie_id: str
    version: int
    name: str
    initials: str
    hue: str
    detail: str
    tie: str
    pays: str
    told: str


@dataclass(frozen=True)
class TieForm:
    """``relative_id`` is "": somebody is to be found first. ``tie_id`` is "": a new link."""

    is_open: bool = False
    title: str = ""
    relative_id: str = ""
    tie_id: str = ""
    version: int = 0
    tie: str = Tie.RELATIVE.value
    pays: str = ""
    told: str = ""


CLOSED = TieForm()


class CustomerFamily(CustomerFinding, AppState):
    is_read: bool = False
    relatives: list[RelativeRow] = []
    form: TieForm = CLOSED
    is_saving: bool = False

    _customer: str = ""

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def begin_adding(self) -> None:
        self.errors, self.words, self.people = {}, "", []
        self.form = TieForm(is_open=True, title="Add a family member")

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def begin(self, relative_id: str) -> None:
        self.errors = {}
        row = next((one for one in self.relatives if one.id == relative_id), None)
        if row is not None:
            self.form = TieForm(True, row.name, row.id, row.tie_id, row.version, row.tie, row.pays, row.told)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.form = {}, CLOSED

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def save(self, typed: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            done = await self._store(typed)
        finally:
            self.is_saving = False
        self.form = CLOSED
        self._notify(f"Saved: {done[0]}", undo=done[1])
        yield self._reload()

    @rx.event
    @needs(Permission.CUSTOMERS_EDIT)
    async def untie(self, tie_id: str) -> Any:
        done = await self._perform(untie_family, tie_id, self._customer)
        self._notify(f"{done.name} is no longer linked", undo=done.undo)
        return self._reload()

    def _turn_to(self, asked: str) -> None:
        """Of another customer nothing stays."""
        if asked != self._customer:
            self.is_read, self.relatives, self.form = False, [], CLOSED
        self._customer = asked

    def _show(self, lines: Iterable[FamilyLine]) -> None:
        self.relatives, self.is_read = [row_of(line) for line in lines], True

    async def _store(self, typed: dict[str, Any]) -> tuple[str, str]:
        form, rest = self.form, {name: typed.get(name) or "" for name in ("tie", "pays", "told")}
        if form.tie_id:
            done = await self._perform(change_tie, ChangeTie(form.tie_id, form.version, self._customer, **rest))
        else:
            relative = form.relative_id or typed.get("customer_id")
            done = await self._perform(tie_family, TieFamily(self._customer, relative, **rest))
        return done.name, done.undo

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            fields = dict(error.fields)
            if "relative_id" in fields:
                fields["customer_id"] = fields.pop("relative_id")
            self.errors = fields
            return
        super()._refused(error)


def row_of(line: FamilyLine) -> RelativeRow:
    child = "under 18" if line.is_child else ""
    phone = "shares this phone" if line.is_on_same_phone else ""
    tied = TIE_WORDS[line.tie] if line.tie_id else ""
    facts = [tied, child, phone, "in the archive" if line.is_archived else "", duty_words(line.pays, line.told)]
    detail = ", ".join(fact for fact in facts if fact)
    return RelativeRow(
        str(line.id), str(line.tie_id or ""), line.version, line.name, initials(line.name), hue_for(line.id),
        detail[:1].upper() + detail[1:], line.tie.value, line.pays.value, line.told.value,
    )  # fmt: skip
