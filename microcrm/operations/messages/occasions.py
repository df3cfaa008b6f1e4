"""What messages that are no news of a visit speak of, as it is when they leave: a bill, a place in the queue, the next visit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from microcrm.domain.booking import LIVE
from microcrm.domain.documents import OWED
from microcrm.domain.notices import NoticeStep
from microcrm.domain.queue import Ticket
from microcrm.domain.step_plan import AFTER_VISIT, BY_DAY
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.unit_of_work import UnitOfWork

OF_OCCASIONS = BY_DAY | AFTER_VISIT | {NoticeStep.QUEUE_NEAR, NoticeStep.CAMPAIGN}
BILL_LASTS, TICKET_LASTS = timedelta(days=400), timedelta(hours=36)
_OCCASIONS = fixed("""
SELECT m.id, m.step, s.slug, coalesce(p.review_url, ''), d.id, coalesce(d.due, 0), t.id, coalesce(t.state, ''),
  coalesce(m.details ->> 'services', ''), coalesce((m.details ->> 'people')::int, 0),
  m.step = 'rebook' AND EXISTS (
    SELECT FROM bookings n WHERE n.business_id = :business AND n.customer_id = m.customer_id
    AND n.starts_at > m.created_at - interval '1 day' AND n.status = ANY(cast(:live AS text[])))
FROM messages m
JOIN businesses s ON s.id = :business
LEFT JOIN message_plans p ON p.business_id = :business
LEFT JOIN LATERAL (
  SELECT id, CASE WHEN state = ANY(cast(:open AS text[])) AND kind = ANY(cast(:owed AS text[]))
    THEN total_paise + tip_paise - paid_paise ELSE 0 END AS due
  FROM documents WHERE business_id = :business AND id = (m.details ->> 'document_id')::bigint
) d ON true
LEFT JOIN queue_tickets t ON t.business_id = :business AND t.id = (m.details ->> 'ticket_id')::bigint
WHERE m.business_id = :business AND m.id = ANY(cast(:ids AS bigint[]))
""")


class Occasion(NamedTuple):
    """``is_over``: there is nothing to say any more. ``path``: what a link of its own begins with, to the bill or the ticket;
    ``address``: where it leads without one, within this installation when it begins with a slash."""

    is_over: bool = False
    path: str = ""
    address: str = ""
    document_id: int | None = None
    ticket_id: int | None = None
    amount: int = 0
    services: tuple[str, ...] = ()
    people: int = 0


def occasions(uow: UnitOfWork, message_ids: Iterable[int]) -> Mapping[int, Occasion]:
    """By message; one statement, none when there are none."""
    ids = sorted(message_ids)
    if not ids:
        return {}
    values = {
        "business": uow.business_id, "ids": ids, "live": sorted(LIVE), "open": sorted(OPEN), "owed": sorted(OWED),
    }  # fmt: skip
    return {row[0]: _occasion(*row[1:]) for row in fetch(uow.session.connection(), _OCCASIONS, values)}


def _occasion(step: str, slug: str, review: str, document: Any, due: int, ticket: Any, state: str, services: str, people: int,
              has_booked: bool) -> Occasion:  # fmt: skip
    if step == NoticeStep.DUES:
        return Occasion(due <= 0, "/i/", document_id=document, amount=due)
    if step == NoticeStep.QUEUE_NEAR:
        return Occasion(state != Ticket.WAITING, f"/q/{slug}/", ticket_id=ticket, people=people)
    if step == NoticeStep.THANKS:
        return Occasion(address=review)
    return Occasion(has_booked, address=f"/b/{slug}", services=(services,) if services else ())
