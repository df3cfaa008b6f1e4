"""A message's own story: it only grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

_NOTE = fixed("""
INSERT INTO message_events (business_id, message_id, at, what, reason, member_id)
SELECT :business, w.id, :now, w.what, w.reason, :member
FROM unnest(cast(:ids AS bigint[]), cast(:whats AS text[]), cast(:reasons AS text[])) AS w (id, what, reason)
""")


class Told(NamedTuple):
    """``what``: let_through, waits, refused, goes_on, handed, sent, delivered, read, failed, looked_up, again, unknown, taken_back.
    ``reason``: a code."""

    message_id: int
    what: str
    reason: str = ""


def note(uow: UnitOfWork, told: Sequence[Told]) -> None:
    """In one statement."""
    if not told:
        return
    values = {
        "business": uow.business_id, "now": uow.now, "member": uow.actor.member_id,
        "ids": [one.message_id for one in told], "whats": [one.what for one in told],
        "reasons": [one.reason for one in told],
    }  # fmt: skip
    run(uow.session.connection(), _NOTE, values)
