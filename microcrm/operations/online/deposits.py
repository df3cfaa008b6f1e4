"""The deposit of a visit: asking for it by the visit's secret link, and what a payment means for the visit, whenever it comes."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import func, or_, select

from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.domain.deposit import DepositMoney
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.notices import NoticeStep
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Business, Member
from microcrm.models.gateway import GatewayPayment, PayRequest
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.links import behind
from microcrm.operations.notices import notify, withdraw_notices
from microcrm.operations.online.asking import ORDER_LASTS, Wanted
from microcrm.operations.online.returning import return_deposit, send_all_back
from microcrm.operations.parts.booking_life import GIVES_TIME_BACK, bring_back, set_status
from microcrm.operations.parts.booking_rows import note_event, open_booking
from microcrm.operations.parts.lapse import let_go_of_lapsed, let_go_of_lapsed_seats
from microcrm.operations.parts.occupy import claims_of
from microcrm.operations.parts.online_mode import online_mode
from microcrm.operations.parts.unpaid_offers import time_paid_after_all
from microcrm.operations.unit_of_work import UnitOfWork

_S = BookingStatus
_MONEY = fixed("""
WITH came AS (
  SELECT g.id, g.payment_id, g.amount_paise, g.status, g.concern, g.concern_closed_at FROM gateway_payments g
  JOIN pay_requests r ON r.business_id = g.business_id AND r.id = g.pay_request_id
  WHERE r.business_id = :business AND r.booking_id = :booking
), back AS (
  SELECT f.id, f.gateway_payment_id, f.payment_id, f.amount_paise, f.status, f.at
  FROM gateway_refunds f JOIN came ON came.id = f.gateway_payment_id
  WHERE f.business_id = :business
), disputed AS (
  SELECT d.id, d.payment_id, d.amount_paise, d.status, d.respond_by FROM disputes d JOIN came ON came.id = d.gateway_payment_id
  WHERE d.business_id = :business
), lost AS (
  SELECT payment_id, amount_paise FROM disputed WHERE status = 'lost'
)
SELECT (SELECT coalesce(sum(amount_paise), 0) FROM came WHERE payment_id IS NOT NULL) AS paid,
  (SELECT coalesce(sum(amount_paise), 0) FROM back WHERE status = 'processed')
    + (SELECT coalesce(sum(amount_paise), 0) FROM lost) AS back,
  (SELECT coalesce(sum(amount_paise), 0) FROM back WHERE status IN ('wanted', 'pending')) AS going,
  (SELECT coalesce(sum(amount_paise), 0) FROM disputed WHERE status IN ('open', 'under_review', 'action_required')) AS held,
  (SELECT coalesce(sum(a.amount_paise), 0) FROM allocations a WHERE a.business_id = :business AND a.payment_id IN (
    SELECT payment_id FROM came UNION SELECT payment_id FROM back UNION SELECT payment_id FROM lost)) AS used,
  coalesce((SELECT concern FROM came WHERE concern <> '' ORDER BY id DESC LIMIT 1), '') AS concern,
  EXISTS (SELECT FROM came WHERE status = 'authorized' AND concern = '') AS is_at_bank,
  EXISTS (SELECT FROM came WHERE concern <> '' AND concern_closed_at IS NULL) AS is_news,
  (SELECT coalesce(sum(b.amount_paise), 0) FROM back b JOIN came ON came.id = b.gateway_payment_id
   WHERE b.status = 'failed' AND NOT EXISTS (SELECT FROM back l WHERE l.gateway_payment_id = b.gateway_payment_id AND l.id > b.id)
     AND (came.concern_closed_at IS NULL OR came.concern_closed_at <= b.at)) AS unsent,
  coalesce((SELECT status FROM disputed ORDER BY id DESC LIMIT 1), '') AS dispute,
  (SELECT respond_by FROM disputed ORDER BY id DESC LIMIT 1) AS respond_by,
  coalesce((SELECT CASE WHEN is_sandbox THEN 'sandbox' WHEN left(key_id, 9) = 'rzp_live_' THEN 'live' ELSE 'test' END
            FROM gateway_accounts WHERE business_id = :business), '') AS mode
""")


def ask_for_deposit(uow: UnitOfWork, token: Any) -> Wanted:
    """An order for what the visit behind a secret link has to pay ahead. Raises: NotFound, Conflict."""
    uow.require_public()
    booking = _behind(uow, token)
    if not online_mode(uow):
        raise Conflict("This shop takes no payments online.", remedy="Pay it another way, or ask the shop.")
    if booking.status != _S.PENDING_PAYMENT or (booking.expires_at is not None and booking.expires_at <= uow.now):
        raise Conflict("There is nothing to pay for this visit.", remedy="Look at how it stands now.")
    row = _reusable(uow, booking)
    if is_new := row is None:
        row = PayRequest(
            business_id=uow.business_id,
            booking_id=booking.id,
            kind="order",
            reference=f"V{booking.number}-{secrets.token_hex(5)}",
            amount_paise=booking.deposit_paise,
            created_at=uow.now,
            ends_at=uow.now + ORDER_LASTS,
            looked_at=uow.now,
        )
        uow.session.add(row)
        uow.session.flush()
    shop = uow.session.execute(select(Business.name).where(Business.id == uow.business_id)).scalar_one()
    return Wanted(
        row.id or 0, "order", row.reference, row.amount_paise, f"Booking {booking.number} at {shop}", row.remote_id or "",
        row.url, row.ends_at, uow.business_id, is_new,
    )  # fmt: skip


def business_of_visit(uow: UnitOfWork, token: Any) -> int:
    """Whose visit the link opens, for who comes back from paying. Raises: NotFound."""
    uow.require_public()
    found = behind(uow, token)
    if found.booking_id is None:
        raise NotFound
    return found.business_id


def deposit_money(uow: UnitOfWork, booking: Booking) -> DepositMoney:
    """How the deposit of a visit stands; without a statement for a visit that has none."""
    if not booking.deposit_paise:
        return DepositMoney()
    values = {"business": uow.business_id, "booking": booking.id}
    row = uow.session.connection().execute(_MONEY, values).one()
    sums = {name: int(getattr(row, name)) for name in ("paid", "back", "going", "used", "held", "unsent")}
    rest = {name: getattr(row, name) for name in ("concern", "is_at_bank", "is_news", "dispute", "respond_by", "mode")}
    return DepositMoney(asked=booking.deposit_paise, **sums, **rest)


def take_lapsed_time(uow: UnitOfWork, row: GatewayPayment, request: PayRequest) -> bool:
    """Whether the visit had lapsed and has its time again. To be asked before the receipt voucher is written: its number is held
    until the transaction ends, and here one may wait for others who want one."""
    booking, items = open_booking(uow, request.booking_id)
    is_wanted = row.amount_paise == request.amount_paise and not _is_paid_already(uow, row, request)
    return is_wanted and booking.status == _S.EXPIRED and time_again(uow, booking, items)


def follow_payment(uow: UnitOfWork, row: GatewayPayment, request: PayRequest, *, has_time: bool) -> None:
    """The money is in the ledger as an advance; now its visit. It books what waits for it, and what has lapsed if it has its time
    again (``has_time``); otherwise it goes back by itself. Another sum than was asked for books nothing."""
    booking, items = open_booking(uow, request.booking_id)
    status = _S(booking.status)
    if row.amount_paise != request.amount_paise:
        _put_before_the_owner(uow, row, "amount")
    elif _is_paid_already(uow, row, request):
        _put_before_the_owner(uow, row, "twice")
        send_all_back(uow, booking, row, "twice")
    elif status is _S.PENDING_PAYMENT or (status is _S.EXPIRED and has_time):
        _book(uow, booking, items, status)
    elif status is _S.EXPIRED:
        _put_before_the_owner(uow, row, "late")
        send_all_back(uow, booking, row, "late")
    elif status in CANCELLED:
        _put_before_the_owner(uow, row, "cancelled")
        return_deposit(uow, booking)


def return_what_was_held(uow: UnitOfWork, booking_id: int) -> None:
    """A dispute is over and the money is the shop's again: of a visit that is off by now it goes back after all."""
    booking, _ = open_booking(uow, booking_id)
    if booking.status in GIVES_TIME_BACK:
        return_deposit(uow, booking)


def is_deposit_wanted(uow: UnitOfWork, row: GatewayPayment, request: PayRequest) -> bool:
    """Whether money that a bank has let go late can still book the visit. What would only go back again is not taken."""
    booking, items = open_booking(uow, request.booking_id)
    if row.amount_paise != request.amount_paise or _is_paid_already(uow, row, request):
        return False
    if booking.status != _S.EXPIRED:
        return booking.status == _S.PENDING_PAYMENT
    savepoint = uow.session.begin_nested()
    is_free = time_again(uow, booking, items)
    savepoint.rollback()
    return is_free


def time_again(uow: UnitOfWork, booking: Booking, items: list[BookingItem]) -> bool:
    """Take the time and the seats of a visit that had lapsed, if they are still to be had. Holds that have run out are in
    nobody's way."""
    if booking.starts_at <= uow.now or not _are_there(uow, items):
        return False
    savepoint = uow.session.begin_nested()
    claims = [one for item in items for one in claims_of(uow, item.id or 0, is_live=False)]
    if claims:
        let_go_of_lapsed(uow, claims)
    for session_id in sorted({item.session_id for item in items if item.session_id is not None}):
        let_go_of_lapsed_seats(uow, session_id)
    is_had = bring_back(uow, items)
    savepoint.commit() if is_had else savepoint.rollback()
    return is_had


def _book(uow: UnitOfWork, booking: Booking, items: list[BookingItem], old: BookingStatus) -> None:
    withdraw_notices(uow, booking.id or 0, booking.version)
    set_status(uow, booking, items, _S.BOOKED)
    time_paid_after_all(uow, booking)
    note_event(uow, booking.id or 0, "paid", old=old, new=_S.BOOKED)
    notify(uow, booking, NoticeStep.BOOKED)


def _put_before_the_owner(uow: UnitOfWork, row: GatewayPayment, concern: str) -> None:
    row.concern = concern
    uow.session.flush()
    uow.audit("payment.odd", "gateway_payment", row.id, concern=concern)


def _is_paid_already(uow: UnitOfWork, row: GatewayPayment, request: PayRequest) -> bool:
    """By another payment for the same visit that stands."""
    query = (
        select(func.count())
        .select_from(GatewayPayment)
        .join(
            PayRequest,
            (PayRequest.business_id == GatewayPayment.business_id) & (PayRequest.id == GatewayPayment.pay_request_id),
        )
        .where(
            GatewayPayment.business_id == uow.business_id,
            PayRequest.booking_id == request.booking_id,
            GatewayPayment.id != row.id,
            GatewayPayment.payment_id.is_not(None),
            GatewayPayment.concern == "",
        )
    )
    return bool(uow.session.execute(query).scalar_one())


def _are_there(uow: UnitOfWork, items: list[BookingItem]) -> bool:
    """Whether everybody who was to serve still works here."""
    wanted = {item.member_id for item in items}
    query = select(func.count()).where(
        Member.business_id == uow.business_id,
        Member.id.in_(wanted),
        Member.deactivated_at.is_(None),
        Member.is_bookable,
    )
    return uow.session.execute(query).scalar_one() == len(wanted)


def _reusable(uow: UnitOfWork, booking: Booking) -> PayRequest | None:
    """The order that was made already, so that two presses or two tabs do not make two that can both be paid."""
    query = select(PayRequest).where(
        PayRequest.business_id == uow.business_id,
        PayRequest.booking_id == booking.id,
        PayRequest.amount_paise == booking.deposit_paise,
        or_(PayRequest.state == "wanted", PayRequest.state == "open"),
    )
    return uow.session.scalars(query.order_by(PayRequest.id.desc()).limit(1).with_for_update()).first()


def _behind(uow: UnitOfWork, token: Any) -> Booking:
    found = behind(uow, token)
    if found.booking_id is None:
        raise NotFound
    return open_booking(uow, found.booking_id)[0]
