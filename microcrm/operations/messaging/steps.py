"""When which message goes by itself: what a shop has changed of the plan it starts with, and what that means for a visit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import and_, select

from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.step_plan import (
    BUILT_IN,
    BY_DAY,
    BY_SERVICE,
    CHANNELS,
    DAY,
    MOST_OFFSET,
    PlannedStep,
    ShopPlan,
    StepRule,
)
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Service
from microcrm.models.message_plan import MessagePlan, MessageStep, MessageTemplate
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.parts.rows import amend, create, find, remove, same_version
from microcrm.operations.unit_of_work import UnitOfWork

URL_LIMIT = 500
MOST_SERVICES = 500
UNITS = {"minutes": 1, "hours": 60, "days": DAY}
_PRICE = re.compile(r"(\d{1,2})(?:\.(\d{1,4}))?", re.ASCII)
_LABEL = "when a message goes out"
_PLAN = fixed("""
SELECT p.version, p.channels, p.review_url, p.sms_price, s.step, s.service_id, s.is_on, s.offset_min, s.clock_min, s.channels
FROM (SELECT 1) AS always (one)
LEFT JOIN message_plans p ON p.business_id = :business
LEFT JOIN message_steps s ON s.business_id = :business
""")


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """As typed. ``service_id`` empty: for all services. ``is_at_clock``: ``days`` before or after, at the wall clock ``time``;
    otherwise ``amount`` of ``unit`` (minutes, hours, days). ``channels`` in order; empty: as the shop does it otherwise.
    ``version`` 0: nothing was changed yet."""

    step: Any
    version: Any
    is_on: Any
    is_at_clock: Any = False
    amount: Any = None
    unit: Any = "hours"
    days: Any = None
    time: Any = None
    channels: Any = ()
    service_id: Any = None


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """As typed: where thanks lead to, and what one segment of an SMS costs, in rupees with up to four decimals."""

    version: Any
    channels: Any
    review_url: Any = ""
    sms_price: Any = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """``service_id``: of a rule for one service. ``version`` 0: as the plan starts."""

    rule: StepRule
    version: int
    service_id: int | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class PlanView:
    """``steps``: every step once for all services, then those of single services below it. ``services``: id and name of those
    that a rule may be made for; ``own_words``: steps of which some text is the shop's own."""

    plan: ShopPlan
    steps: tuple[StepView, ...]
    services: tuple[tuple[int, str], ...] = ()
    own_words: frozenset[NoticeStep] = frozenset()


def plan_of(uow: UnitOfWork) -> ShopPlan:
    """In one statement, for as many visits as there are; in none where the door has said that there is nothing of the shop's own."""
    if uow.door is not None and not uow.door.has_own_messages:
        return ShopPlan()
    rows = fetch(uow.session.connection(), _PLAN, {"business": uow.business_id})
    rules = {}
    for *_, step, service_id, is_on, offset, clock, channels in rows:
        if step is not None:
            own = StepRule(NoticeStep(step), is_on, offset, clock, _channels(channels))
            rules[own.step, service_id] = own
    version, ways, review_url, price, *_ = rows[0]
    if version is None:
        return ShopPlan(rules)
    return ShopPlan(rules, _channels(ways) or CHANNELS, review_url, price, version)


def rule_in(row: MessageStep) -> StepRule:
    return StepRule(NoticeStep(row.step), row.is_on, row.offset_min, row.clock_min, _channels(row.channels))


def reminders_for(uow: UnitOfWork, booking: Booking, items: Iterable[BookingItem]) -> list[PlannedStep]:
    """What goes out about a visit by itself, from now on."""
    services = [item.service_id for item in items]
    return plan_of(uow).reminders(booking.starts_at, booking.ends_at, services, zone_of(uow.actor.zone), uow.now)


def view_plan(uow: UnitOfWork) -> PlanView:
    uow.require(Permission.BUSINESS_EDIT)
    plan = plan_of(uow)
    rows = uow.session.execute(
        select(MessageStep, Service.name)
        .outerjoin(Service, and_(Service.business_id == MessageStep.business_id, Service.id == MessageStep.service_id))
        .where(MessageStep.business_id == uow.business_id)
        .order_by(Service.name)
    ).all()
    known = {(row.step, row.service_id): (row, name) for row, name in rows}
    steps = []
    for step, start in BUILT_IN.items():
        own = known.get((step.value, None))
        steps.append(StepView(rule_in(own[0]), own[0].version) if own else StepView(start, 0))
        steps += [
            StepView(rule_in(row), row.version, row.service_id, name or "")
            for row, name in rows
            if row.step == step and row.service_id is not None
        ]
    services = uow.session.execute(
        select(Service.id, Service.name)
        .where(Service.business_id == uow.business_id, Service.is_active)
        .order_by(Service.name)
        .limit(MOST_SERVICES)
    )
    worded = uow.session.scalars(
        select(MessageTemplate.step).where(MessageTemplate.business_id == uow.business_id).distinct()
    )
    return PlanView(
        plan, tuple(steps), tuple((row.id, row.name) for row in services), frozenset(NoticeStep(one) for one in worded)
    )


def change_step(uow: UnitOfWork, command: ChangeStep) -> str:
    """Returns the undo token, "" when nothing was different. Raises: Invalid, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    step, values = _read(command)
    service_id = _service(uow, step, command.service_id)
    if step is NoticeStep.THANKS and values["is_on"] and not plan_of(uow).review_url:
        raise Conflict("There is no link to reviews yet.", remedy="Type it under “How they are sent” first.")
    row = _row(uow, step, service_id)
    same_version(command.version, 0 if row is None else row.version)
    if row is not None:
        return amend(uow, "message_step", row, values, _LABEL)
    if service_id is None and values == _values(BUILT_IN[step]):
        return ""
    made = MessageStep(business_id=uow.business_id, step=step.value, service_id=service_id, **values)
    return create(uow, "message_step", made, _LABEL)


def use_plan_again(uow: UnitOfWork, raw_step: Any, version: Any, service_id: Any = None) -> str:
    """As the plan starts; a rule for one service goes, and it is as all others. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    step = _step(raw_step)
    row = _row(uow, step, _service(uow, step, service_id))
    if row is None:
        raise NotFound
    same_version(version, row.version)
    return remove(uow, "message_step", row, _LABEL)


def change_plan(uow: UnitOfWork, command: ChangePlan) -> str:
    """Returns the undo token, "" when nothing was different. Raises: Invalid, Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    reader = Reader()
    url = reader.by("review_url", _address, command.review_url, instead="")
    price = reader.by("sms_price", _price, command.sms_price, instead=None)
    channels: tuple[Channel, ...] = reader.by("channels", _typed_channels, command.channels, instead=())
    if not channels:
        reader.refuse("channels", "Choose at least one way to send messages.")
    reader.done()
    values = {"channels": [one.value for one in channels], "review_url": url, "sms_price": price}
    mine = select(MessagePlan).where(MessagePlan.business_id == uow.business_id).with_for_update()
    row = uow.session.scalars(mine).first()
    same_version(command.version, 0 if row is None else row.version)
    if row is None:
        return create(uow, "message_plan", MessagePlan(business_id=uow.business_id, **values), "reminders and texts")
    return amend(uow, "message_plan", row, values, "reminders and texts")


def _read(command: ChangeStep) -> tuple[NoticeStep, dict[str, Any]]:
    step = _step(command.step)
    reader = Reader()
    is_on = reader.flag("is_on", command.is_on, "The switch")
    is_at_clock = step in BY_DAY or reader.flag("is_at_clock", command.is_at_clock, "At a time of day")
    offset, clock = BUILT_IN[step].offset_min, None
    if step is NoticeStep.QUEUE_NEAR:
        is_at_clock = False
    elif is_at_clock:
        offset = DAY * reader.whole_number("days", command.days, "Days", low=0, high=MOST_OFFSET // DAY)
        clock = min(reader.clock("time", command.time, "Time"), DAY - 1)
    else:
        unit = UNITS[reader.choice("unit", command.unit, "Unit", tuple(UNITS)) or "hours"]
        offset = unit * reader.whole_number("amount", command.amount, "How long", low=0, high=MOST_OFFSET // unit)
        if not offset:
            reader.refuse("amount", "How long must be more than nothing.")
    channels = reader.by("channels", _typed_channels, command.channels, instead=())
    reader.done()
    return step, _values(StepRule(step, is_on, offset, clock, channels))


def _values(rule: StepRule) -> dict[str, Any]:
    return {
        "is_on": rule.is_on, "offset_min": rule.offset_min, "clock_min": rule.clock_min,
        "channels": [one.value for one in rule.channels],
    }  # fmt: skip


def _step(raw: Any) -> NoticeStep:
    reader = Reader()
    step = reader.choice("step", raw, "Message", [step.value for step in BUILT_IN])
    reader.done()
    return NoticeStep(step)


def _service(uow: UnitOfWork, step: NoticeStep, raw: Any) -> int | None:
    if raw in (None, ""):
        return None
    if step not in BY_SERVICE:
        raise Invalid(fields={"service_id": "This message is the same for all services."})
    try:
        return find(uow, Service, raw, is_locked=False).id
    except NotFound:
        raise Invalid(fields={"service_id": "Choose a service from the list."}) from None


def _row(uow: UnitOfWork, step: NoticeStep, service_id: int | None) -> MessageStep | None:
    query = select(MessageStep).where(
        MessageStep.business_id == uow.business_id,
        MessageStep.step == step.value,
        MessageStep.service_id.is_not_distinct_from(service_id),
    )
    return uow.session.scalars(query.with_for_update()).first()


def _channels(raw: Sequence[str]) -> tuple[Channel, ...]:
    return tuple(Channel(one) for one in raw)


def _typed_channels(raw: Any) -> tuple[Channel, ...]:
    words = raw if isinstance(raw, list | tuple) else ()
    known = {one.value for one in Channel}
    if len(words) > 20 or any(not isinstance(word, str) or word not in known for word in words):
        raise Invalid("Choose from WhatsApp, SMS and e-mail.")
    return tuple(dict.fromkeys(Channel(word) for word in words))


def _address(raw: Any) -> str:
    """A page on the web, "" for none."""
    reader = Reader()
    text = reader.text("review_url", raw, "Link to reviews", limit=URL_LIMIT, required=False)
    reader.done()
    hint = "Type the whole address of the page, such as https://g.page/r/…"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Invalid(hint) from None
    if text and (parts.scheme != "https" or "." not in parts.netloc or "@" in parts.netloc or " " in text):
        raise Invalid(hint)
    return text


def _price(raw: Any) -> int | None:
    """Hundredths of a paisa of "0.18" rupees; nothing for nothing."""
    if raw in (None, ""):
        return None
    text = raw.strip().removeprefix("₹").strip() if isinstance(raw, str) and len(raw) <= 20 else "?"
    if not text:
        return None
    found = _PRICE.fullmatch(text)
    if found is None:
        raise Invalid("Type the price of one SMS in rupees, such as 0.18.")
    return int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0"))
