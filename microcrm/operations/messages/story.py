"""A message's own story: it only grows, and open screens hear that it went on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from microcrm.models.doors import CHANNEL
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

# Open cards hear "business message booking", of many at once "business message 0", so that it stays one notice.
_NOTE = fixed("""
WITH noted AS (
  INSERT INTO message_events (business_id, message_id, at, what, reason, member_id)
  SELECT :business, w.id, :now, w.what, w.reason, cast(:member AS bigint)
  FROM unnest(cast(:ids AS bigint[]), cast(:whats AS text[]), cast(:reasons AS text[])) AS w (id, what, reason)
)
SELECT pg_notify(:channel, concat_ws(' ', cast(:business AS text), 'message', t.booking_id)) FROM (
  SELECT DISTINCT booking_id FROM messages
  WHERE business_id = :business AND id = ANY(cast(:told AS bigint[])) AND booking_id IS NOT NULL
  UNION ALL SELECT 0 WHERE cast(:is_many AS boolean)
) t
""")
_TELL = fixed("""
SELECT pg_notify(:channel, concat_ws(' ', cast(:business AS text), 'message', t.booking_id)) FROM (
  SELECT DISTINCT booking_id FROM messages
  WHERE business_id = :business AND id = ANY(cast(:told AS bigint[])) AND booking_id IS NOT NULL
) t
""")
FEW = 20
_UNSEEN = frozenset({"let_through", "looked_up"})  # on its way before and after


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
    seen = sorted({one.message_id for one in told if one.what not in _UNSEEN})
    is_many = len(seen) > FEW
    values = {
        "business": uow.business_id, "now": uow.now, "member": uow.actor.member_id,
        "ids": [one.message_id for one in told], "whats": [one.what for one in told],
        "reasons": [one.reason for one in told],
        "channel": CHANNEL, "told": [] if is_many else seen, "is_many": is_many,
    }  # fmt: skip
    run(uow.session.connection(), _NOTE, values)


def tell(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """Open cards, of what was written down otherwise; of a large batch nobody: what each phone says of it comes soon."""
    if 0 < len(ids) <= FEW:
        run(uow.session.connection(), _TELL, {"channel": CHANNEL, "business": uow.business_id, "told": list(ids)})
