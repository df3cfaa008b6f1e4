"""What goes out on a day and not with a visit: time to come again, birthdays, money due. Planned by the worker when its hour is near;
as often as it runs, each is planned once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.consent import ADULT, ConsentPurpose
from microcrm.domain.documents import OWED
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.rhythm import FEWEST, LATEST, Rhythm, rhythm_of
from microcrm.domain.step_plan import BY_DAY, DAY, NIGHT, StepRule
from microcrm.domain.zones import to_instant, to_wall, zone_of
from microcrm.models.business import Business
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.unit_of_work import UnitOfWork

AHEAD, LATE = timedelta(minutes=40), timedelta(hours=2)  # the worker comes by each half hour
CATCH_UP = 2  # days for which a message that was missed is still sent
_MOST = 5_000
_OFFERS = [ConsentPurpose.WHATSAPP_OFFERS.value, ConsentPurpose.SMS_OFFERS.value, ConsentPurpose.EMAIL_OFFERS.value]
# Who never agreed to offers gets none; whether a yes still stands is asked when it leaves.
_BIRTHDAYS = fixed("""
SELECT c.id FROM customers c WHERE c.business_id = :business AND c.birth_key = ANY(cast(:keys AS int[])) AND c.archived_at IS NULL
AND c.birthday <= :adults AND EXISTS (
  SELECT FROM consents k WHERE k.business_id = :business AND k.customer_id = c.id AND k.purpose = ANY(cast(:offers AS text[]))
  AND k.decision = 'given') ORDER BY c.id LIMIT :most
""")
_REGULARS = fixed("""
SELECT c.id, c.name, v.days, had.services FROM customers c
CROSS JOIN LATERAL (
  SELECT array_agg(l.day) AS days FROM (
    SELECT (b.starts_at AT TIME ZONE :zone)::date AS day FROM bookings b
    WHERE b.business_id = :business AND b.customer_id = c.id AND b.status = :finished ORDER BY b.starts_at DESC LIMIT :latest
  ) l
) v
CROSS JOIN LATERAL (
  SELECT string_agg(s.name, ' + ' ORDER BY i.starts_at, i.id) AS services FROM booking_items i
  JOIN services s ON s.business_id = :business AND s.id = i.service_id
  WHERE i.business_id = :business AND i.booking_id = (
    SELECT b.id FROM bookings b WHERE b.business_id = :business AND b.customer_id = c.id AND b.status = :finished
    ORDER BY b.starts_at DESC LIMIT 1)
) had
WHERE c.business_id = :business AND c.id > :after AND c.archived_at IS NULL AND c.last_visit_key > :since
AND cardinality(v.days) >= :fewest
AND (cast(:anybody AS boolean) OR EXISTS (
  SELECT FROM consents k WHERE k.business_id = :business AND k.customer_id = c.id AND k.purpose = ANY(cast(:offers AS text[]))
  AND k.decision = 'given')) AND NOT EXISTS (
  SELECT FROM bookings n WHERE n.business_id = :business AND n.customer_id = c.id AND n.starts_at > :now
  AND n.status = ANY(cast(:live AS text[])))
ORDER BY c.id LIMIT :most
""")
_UNPAID = fixed("""
SELECT DISTINCT ON (customer_id) customer_id, id FROM documents
WHERE business_id = :business AND state = ANY(cast(:open AS text[])) AND kind = ANY(cast(:owed AS text[]))
AND issued_on BETWEEN :first AND :last AND customer_id IS NOT NULL AND total_paise + tip_paise > paid_paise
ORDER BY customer_id, issued_on, id LIMIT :most
""")
# The first way of the step for which the customer has an address.
_PLAN = fixed("""
INSERT INTO messages (business_id, customer_id, subject, subject_version, step, channel, details, created_at, due_at, expires_at)
SELECT :business, c.id, w.subject, w.version, cast(:step AS text), k.channel, cast(w.details AS jsonb), :now, :due, :expires
FROM unnest(cast(:customers AS bigint[]), cast(:subjects AS text[]), cast(:versions AS int[]), cast(:details AS text[]))
  AS w (customer, subject, version, details)
JOIN customers c ON c.business_id = :business AND c.id = w.customer
CROSS JOIN LATERAL (
  SELECT t.channel FROM unnest(cast(:channels AS text[])) WITH ORDINALITY AS t (channel, place)
  WHERE CASE t.channel WHEN 'email' THEN c.email ELSE c.phone END <> '' ORDER BY t.place LIMIT 1
) k
WHERE NOT EXISTS (
  SELECT FROM messages m WHERE m.business_id = :business AND m.subject = w.subject AND m.subject_version = w.version
  AND m.step = cast(:step AS text))
ON CONFLICT ON CONSTRAINT uq_messages_key DO NOTHING
RETURNING id
""")


class _Wanted(NamedTuple):
    customer_id: int
    subject: str
    version: int
    details: Mapping[str, Any] = {}


def plan_the_day(uow: UnitOfWork) -> int:
    """How many were planned. For one business, in the worker."""
    uow.require(Permission.MESSAGES_ANSWER)
    zone_name = uow.session.scalars(select(Business.zone).where(Business.id == uow.business_id)).one()
    uow.actor = replace(uow.actor, zone=zone_name)
    zone, plan = zone_of(zone_name), plan_of(uow)
    today, _ = to_wall(uow.now, zone)
    planned = 0
    for step in sorted(BY_DAY):
        rule = plan.rule(step)
        due = to_instant(today, rule.clock_min or 0, zone)
        if rule.is_on and due - AHEAD <= uow.now <= due + LATE:
            rows = list(_FINDERS[step](uow, rule, today))
            planned += _plan(uow, rule, rows, max(due, uow.now), to_instant(today, NIGHT, zone))
    return planned


def _birthdays(uow: UnitOfWork, rule: StepRule, today: date) -> Iterable[_Wanted]:
    """Who was born on 29 February is greeted on 1 March of other years."""
    day = today + timedelta(days=rule.offset_min // DAY)
    keys = [day.month * 100 + day.day]
    if keys == [301] and (day - timedelta(days=1)).day == 28:
        keys.append(229)
    adults = date(day.year - ADULT, day.month, min(day.day, 28))
    for (customer_id,) in _rows(uow, _BIRTHDAYS, keys=keys, adults=adults, offers=_OFFERS):
        yield _Wanted(customer_id, f"birthday:{customer_id}", day.year)


class Regular(NamedTuple):
    """Somebody who is due and has booked nothing."""

    customer_id: int
    name: str
    services: str
    rhythm: Rhythm


def regulars_due(uow: UnitOfWork, first: date, last: date, *, anybody: bool = False) -> list[Regular]:
    """Whose rhythm says that they are due on one of these days. ``anybody``: also those who get no offers, for the shop's own eyes."""
    known = (
        Regular(one, name, services or "", rhythm)
        for one, name, days, services in _regular_rows(uow, anybody)
        if (rhythm := rhythm_of(days))
    )
    return [one for one in known if first <= one.rhythm.due_on <= last]


def _regular_rows(uow: UnitOfWork, anybody: bool) -> Iterator[tuple[Any, ...]]:
    """A page after the other: whether somebody is due shows only here."""
    after = 0
    while True:
        rows = _rows(
            uow, _REGULARS, zone=uow.actor.zone, finished=BookingStatus.FINISHED.value, latest=2 * LATEST, fewest=FEWEST,
            since=uow.now - timedelta(days=400), now=uow.now, live=sorted(LIVE), offers=_OFFERS, anybody=anybody, after=after,
        )  # fmt: skip
        yield from rows
        if len(rows) < _MOST:
            return
        after = rows[-1][0]


def _regulars(uow: UnitOfWork, rule: StepRule, today: date) -> Iterable[_Wanted]:
    last = today - timedelta(days=rule.offset_min // DAY)
    for one in regulars_due(uow, last - timedelta(days=CATCH_UP), last):
        version = one.rhythm.due_on.toordinal()
        yield _Wanted(one.customer_id, f"rebook:{one.customer_id}", version, {"services": one.services})


def _debts(uow: UnitOfWork, rule: StepRule, today: date) -> Iterable[_Wanted]:
    """The oldest bill of each."""
    last = today - timedelta(days=rule.offset_min // DAY)
    rows = _rows(
        uow, _UNPAID, open=sorted(OPEN), owed=sorted(OWED), first=last - timedelta(days=CATCH_UP), last=last
    )  # fmt: skip
    for customer_id, document_id in rows:
        yield _Wanted(customer_id, f"dues:{document_id}", 1, {"document_id": document_id})


_FINDERS: Mapping[NoticeStep, Callable[[UnitOfWork, StepRule, date], Iterable[_Wanted]]] = {
    NoticeStep.BIRTHDAY: _birthdays,
    NoticeStep.REBOOK: _regulars,
    NoticeStep.DUES: _debts,
}


def _plan(uow: UnitOfWork, rule: StepRule, rows: list[_Wanted], due: Any, expires: Any) -> int:
    if not rows or due >= expires:
        return 0
    values = {
        "business": uow.business_id, "step": rule.step.value, "channels": [one.value for one in rule.channels],
        "now": uow.now, "due": due, "expires": expires, "customers": [row.customer_id for row in rows],
        "subjects": [row.subject for row in rows], "versions": [row.version for row in rows],
        "details": [json.dumps(dict(row.details)) for row in rows],
    }  # fmt: skip
    return len(uow.session.connection().execute(_PLAN, values).scalars().all())


def _rows(uow: UnitOfWork, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
    return fetch(uow.session.connection(), statement, {"business": uow.business_id, "most": _MOST, **values})
