"""A shop whose customers have numbers and addresses that stand nowhere else, put wherever the product keeps or shows customers; and a
nose for them: in any grouping, with or without +91, in JSON, in tables and in PDF."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import unquote

from pypdf import PdfReader

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.operations.billing.advances import TakeAdvance, take_advance
from microcrm.operations.billing.recurring import RepeatBill, repeat_bill
from microcrm.operations.billing.sharing import share_bill
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.calendar_feed import make_feed
from microcrm.operations.catalogue import SaveService, save_service
from microcrm.operations.classes import JoinClass, ScheduleClass, join, schedule
from microcrm.operations.customers import AddCustomer, EditCustomer, add, edit
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.parts.series_plan import SeriesWish
from microcrm.operations.queue import DrawTicket, draw
from microcrm.operations.series import CreateSeries, create
from microcrm.operations.waitlist import AddWaiting, WishedTime
from microcrm.operations.waitlist import add as add_waiting
from tests.conftest import act_as
from tests.support.desk import INDIA, wish
from tests.support.shops import Shop
from tests.support.till import issued, register

NAME = "Leela Quietname"
NUMBERS = ("9731086420", "9731097531")  # of her and of somebody on a second one; ten digits without the country
ADDRESSES = ("leela.quiet@hush.example", "zoya.quiet@hush.example")
_BETWEEN = re.compile(r"(?:\\u00a0|\\xa0|&nbsp;|%20|[\s\-().\u00a0\u2000-\u200f\u202f])+", re.IGNORECASE)


@dataclass(frozen=True)
class Planted:
    """Ids of what hangs on the customer."""

    shop: Shop  # with her, and with her visit by the shop's staff
    other_id: int
    bill_id: int
    day: str
    feed: str
    session_id: int


def found_in(said: str | bytes) -> set[str]:
    """Which of the planted numbers and addresses can be read there."""
    text = _text_of(said) if isinstance(said, bytes) else said
    text = unquote(text)
    close = _BETWEEN.sub("", text)
    low = text.lower()
    return {number for number in NUMBERS if number in close} | {one for one in ADDRESSES if one in low}


def masked_in(said: str | bytes) -> set[str]:
    """Which of them stand there masked."""
    text = _text_of(said) if isinstance(said, bytes) else said
    numbers = {number for number in NUMBERS if f"•••• {number[-5:]}" in text}
    return numbers | {one for one in ADDRESSES if f"{one[0]}•••@{one.partition('@')[2]}" in text}


def _text_of(said: bytes) -> str:
    if said.startswith(b"%PDF-"):
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(said)).pages)
    if said.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(said)) as parts:
            return " ".join(parts.read(name).decode(errors="replace") for name in parts.namelist())
    return said.decode(errors="replace")


def plant(shop: Shop) -> Planted:
    """By the owner, who may see all of it."""
    owner = shop.actor()
    act_as(owner, lambda uow: register(uow, shop))
    act_as(owner, change_policy, ChangePolicy(version=0, is_queue_on=True, is_waitlist_on=True))
    first, second = (
        act_as(owner, add, AddCustomer(name, number, address, address="12 Quiet Lane")).id
        for name, number, address in zip((NAME, "Zoya Quietname"), NUMBERS, ADDRESSES, strict=True)
    )
    changed = EditCustomer(NAME, NUMBERS[0], ADDRESSES[0], tags="quiet", customer_id=first, version=1)
    act_as(owner, edit, changed)
    day = (datetime.now(INDIA) + timedelta(days=1)).date().isoformat()
    visit = _visits(replace(shop, customer_id=first), second, day)
    hers = replace(shop, customer_id=first, booking_id=visit.booking_id, booking_item_id=visit.item_ids[0])
    _waiting(hers, day)
    session_id = _class(hers, day)
    return Planted(hers, second, _bills(hers), day, act_as(owner, make_feed, shop.members[Role.STAFF]), session_id)


def _visits(shop: Shop, second: int, day: str) -> BookingDone:
    """Of tomorrow and of today, whatever the time: that one was booked in the morning; and a series."""
    owner = shop.actor()
    visit = act_as(owner, book, wish(shop, "11:00", role=Role.STAFF, day=day, tell=True))
    act_as(owner, book, wish(shop, "13:00", role=Role.STAFF, day=day, customer_id=second, tell=True))
    morning = datetime.now(INDIA).replace(hour=8, minute=0, second=0, microsecond=0)
    with wiring.unit_of_work(owner, clock=lambda: morning) as uow:
        book(uow, wish(shop, "10:00", role=Role.STAFF, day=morning.date().isoformat()))
    haircut = BookService(shop.service_id, shop.members[Role.STAFF])
    act_as(owner, create, CreateSeries(SeriesWish((haircut,), day, "16:00", count=3), customer_id=shop.customer_id))
    done: BookingDone = visit
    return done


def _waiting(shop: Shop, day: str) -> None:
    owner = shop.actor()
    act_as(owner, add_waiting, AddWaiting(shop.service_id, (WishedTime(day),), customer_id=shop.customer_id))
    act_as(owner, draw, DrawTicket(shop.service_id, NAME, customer_id=shop.customer_id))


def _class(shop: Shop, day: str) -> int:
    """She has a seat in a class that the shop's staff gives."""
    owner = shop.actor()
    members = [(shop.members[Role.STAFF], None, None)]
    service, _ = act_as(owner, save_service, SaveService("Quiet yoga", 60, "200", seats=3, members=members))
    made = act_as(owner, schedule, ScheduleClass(service, shop.members[Role.STAFF], day, "18:00"))
    act_as(owner, join, JoinClass(made.session_id, customer_id=shop.customer_id))
    return int(made.session_id)


def _bills(shop: Shop) -> int:
    """An advance, an unpaid bill with a link to it, and that it comes again."""
    owner = shop.actor()
    act_as(owner, take_advance, TakeAdvance(shop.customer_id, "500", "cash", "planted press of a form"))
    bill = act_as(owner, lambda uow: issued(uow, shop)).document_id
    act_as(owner, share_bill, bill)
    next_on = (datetime.now(INDIA) + timedelta(days=30)).date().isoformat()
    act_as(owner, repeat_bill, RepeatBill(bill, "month", 1, next_on))
    return int(bill)
