"""Taking back what the desk has just done to an entry of the waiting list."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from microcrm.domain.errors import Conflict
from microcrm.domain.permissions import Permission
from microcrm.domain.waitlist import Preference
from microcrm.models.records import Undo
from microcrm.models.waiting import WaitlistEntry
from microcrm.operations.parts.rows import find
from microcrm.operations.parts.waiting_offers import lock_offers
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import replace_wishes, take_off, waits_already

WINDOW = timedelta(minutes=15)


def put_entry_back(uow: UnitOfWork, undo: Undo) -> None:
    """``Conflict`` when it is too long ago, they were offered a time since, or wait anew by now. What was on offer to
    somebody who was taken off has gone to whoever is next; they wait again."""
    uow.require(Permission.BOOKINGS_ALL)
    if uow.now - undo.at > WINDOW:
        raise Conflict("That is too long ago to take back.", remedy="Change the waiting list by hand.")
    lock_offers(uow)
    entry = find(uow, WaitlistEntry, undo.entity_id)
    if entry.version != undo.after_version:
        raise Conflict("That entry has changed since.", remedy="Look at the waiting list as it stands.")
    if undo.entity == "waitlist_added":
        take_off(uow, entry)
    elif undo.entity == "waitlist_changed":
        _change_back(uow, entry, undo.before or {})
    else:
        _wait_again(uow, entry)


def _change_back(uow: UnitOfWork, entry: WaitlistEntry, before: dict[str, Any]) -> None:
    """``before`` as ``waitlist.change`` remembers it."""
    entry.note, entry.priority = before["note"], before["priority"]
    wishes = tuple(
        Preference(place, date.fromisoformat(first), date.fromisoformat(last), *rest)
        for place, (first, last, *rest) in enumerate(before["wishes"], 1)
    )
    replace_wishes(uow, entry, wishes)


def _wait_again(uow: UnitOfWork, entry: WaitlistEntry) -> None:
    if waits_already(uow, entry.customer_id, entry.service_id) is not None:
        raise Conflict("They are on the list again already.", remedy="Look at the waiting list as it stands.")
    entry.state, entry.closed_at, entry.version = "waiting", None, entry.version + 1
    uow.session.flush()
