"""Customers who belong together: seen from one of them, tied, changed and untied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, BigInteger, Integer, Row, case, cast, exists, false, func, null, or_, select
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.consent import is_child
from microcrm.domain.errors import Conflict, LimitReached, NotFound
from microcrm.domain.family import MOST, Side, Tie, other_side, other_way
from microcrm.domain.fields import Reader
from microcrm.domain.guardian import BOND_OF, Bond
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.customers import Customer
from microcrm.models.family import FamilyTie
from microcrm.models.records import Undo
from microcrm.operations.customer_access import phone_for, visible_customers
from microcrm.operations.parts.rows import find, plain, same_version
from microcrm.operations.parts.together import Part, Rows
from microcrm.operations.unit_of_work import UnitOfWork

_ON_ONE_PHONE = 10


@dataclass(frozen=True, slots=True)
class TieFamily:
    """As typed. ``tie``: what the relative is to the customer; ``pays`` and ``told``: "customer", "relative" or nothing."""

    customer_id: Any
    relative_id: Any
    tie: Any
    pays: Any = ""
    told: Any = ""


@dataclass(frozen=True, slots=True)
class ChangeTie:
    """``customer_id``: from whose page it is changed, which says which way round the rest is meant."""

    tie_id: Any
    version: Any
    customer_id: Any
    tie: Any
    pays: Any = ""
    told: Any = ""


@dataclass(frozen=True, slots=True)
class TiedFamily:
    """``name`` of the relative; ``undo``: the token that takes it back, or empty when nothing was different."""

    name: str
    undo: str


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """Somebody who belongs to the customer. ``tie_id`` 0: not tied yet, but on the same phone."""

    id: int
    name: str
    phone: str
    tie_id: int
    version: int
    tie: Tie
    pays: Side
    told: Side
    is_child: bool
    is_on_same_phone: bool
    is_archived: bool


@dataclass(frozen=True, slots=True)
class Answering:
    """Somebody who answers for a child."""

    customer_id: int
    name: str
    bond: Bond
    birthday: date | None


def family_part(uow: UnitOfWork, customer_id: int) -> Part[tuple[FamilyLine, ...]]:
    """Tied ones first, by name; then those on the same phone. Only whom this person may see, and of a customer whom they may not
    see, nobody. For operations that have asked already."""
    mine = (Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor))
    me = select(Customer.id, Customer.phone).where(*mine).cte("me")
    both = _ties(uow, customer_id).where(exists(select(me.c.id))).union_all(_on_phone(uow, me)).subquery()
    shares = both.c.phone == select(me.c.phone).where(me.c.phone != "").scalar_subquery()
    query = select(both, func.coalesce(shares, false()).label("is_on_same_phone")).order_by(
        both.c.tie_id.is_(None), both.c.name_key, both.c.id
    )

    def make(rows: Rows) -> tuple[FamilyLine, ...]:
        tied = {row.id for row in rows if row.tie_id is not None}
        return tuple(_line(uow, row) for row in rows if row.tie_id is not None or row.id not in tied)

    return Part(query, make)


def tie_family(uow: UnitOfWork, command: TieFamily) -> TiedFamily:
    """Raises: Invalid, NotFound, Conflict (they are tied already), LimitReached."""
    uow.require(Permission.CUSTOMERS_EDIT)
    customer = _visible(uow, command.customer_id)
    reader = Reader()
    relative_id = reader.id("relative_id", command.relative_id, "Customer")
    tie, pays, told = _read(reader, command)
    if relative_id == customer.id:
        reader.refuse("relative_id", "Choose somebody else than the customer.")
    reader.done()
    relative = _visible(uow, relative_id)
    if len(uow.session.execute(_ties(uow, customer.id)).all()) >= MOST:
        raise LimitReached(f"A customer can have {MOST} relatives.", remedy="Remove one of the links first.")
    tie_id = _insert(uow, customer.id, relative.id, tie, pays, told)
    if tie_id is None:
        raise Conflict("These two belong together already.", remedy="Change what they are to each other instead.")
    event = uow.audit("add", "family_tie", customer.id, relative=relative.id)
    label = f"{customer.name} and {relative.name} linked as family"
    undo = uow.undoable(label, "family_tie", tie_id, before=None, after_version=1, audit_event_id=event)
    return TiedFamily(relative.name, str(undo))


def change_tie(uow: UnitOfWork, command: ChangeTie) -> TiedFamily:
    """Raises: Invalid, NotFound, Conflict."""
    uow.require(Permission.CUSTOMERS_EDIT)
    row, customer, relative = _of_both(uow, command.tie_id, command.customer_id)
    same_version(command.version, row.version)
    reader = Reader()
    tie, pays, told = _read(reader, command)
    reader.done()
    if row.customer_id != customer.id:
        tie, pays, told = other_way(tie), other_side(pays), other_side(told)
    values = {"tie": tie.value, "pays": pays.value, "told": told.value}
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if not before:
        return TiedFamily(relative.name, "")
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
    event = uow.audit("change", "family_tie", customer.id, relative=relative.id)
    label = f"{customer.name} and {relative.name}"
    undo = uow.undoable(
        label, "family_tie", row.id or 0, before=before, after_version=row.version, audit_event_id=event
    )
    return TiedFamily(relative.name, str(undo))


def untie_family(uow: UnitOfWork, tie_id: Any, customer_id: Any) -> TiedFamily:
    """Raises: NotFound."""
    uow.require(Permission.CUSTOMERS_EDIT)
    row, customer, relative = _of_both(uow, tie_id, customer_id)
    names = ("customer_id", "relative_id", "tie", "pays", "told", "created_at")
    before = {name: plain(getattr(row, name)) for name in names}
    uow.session.delete(row)
    uow.session.flush()
    event = uow.audit("remove", "family_tie", customer.id, relative=relative.id)
    label = f"{customer.name} and {relative.name} no longer linked"
    return TiedFamily(
        relative.name, str(uow.undoable(label, "family_tie", row.id or 0, before=before, audit_event_id=event))
    )


def tie_to_owner_of_phone(uow: UnitOfWork, customer_id: int, phone: str) -> None:
    """Somebody was added who uses another customer's phone: whose phone it is gets the messages for them."""
    owner = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.phone == phone, ~Customer.is_sharing_phone
    )
    found = uow.session.scalars(owner).first()
    if found is not None and found != customer_id:
        _insert(uow, customer_id, found, Tie.RELATIVE, Side.NOBODY, Side.RELATIVE)


def put_tie_back(uow: UnitOfWork, undo: Undo) -> None:
    """Raises: Conflict, when it has changed again since."""
    before = undo.before
    if before is not None and "relative_id" in before:
        at = datetime.fromisoformat(before["created_at"])
        ends = before["customer_id"], before["relative_id"]
        done = _insert(uow, *ends, Tie(before["tie"]), Side(before["pays"]), Side(before["told"]), at)
        if done is None:
            raise Conflict("These two belong together again already.")
        return
    query = select(FamilyTie).where(FamilyTie.business_id == uow.business_id, FamilyTie.id == undo.entity_id)
    row = uow.session.scalars(query.with_for_update()).first()
    if row is None or row.version != undo.after_version:
        raise Conflict(
            "It has changed again since.", remedy="Change it by hand; the activity page shows what happened."
        )
    if before is None:
        uow.session.delete(row)
    else:
        for name, value in before.items():
            setattr(row, name, value)
        row.version += 1
        uow.session.add(row)
    uow.session.flush()


def guardians_of(uow: UnitOfWork, customer_id: int) -> tuple[Answering, ...]:
    """Parents and guardians by name: they agree for a child. One statement."""
    ties = uow.session.execute(_ties(uow, customer_id).order_by(Customer.name_key, Customer.id))
    return tuple(
        Answering(row.id, row.name, BOND_OF[_tie_of(row)], row.birthday) for row in ties if _tie_of(row) in BOND_OF
    )


def _visible(uow: UnitOfWork, raw_id: Any) -> Row[Any]:
    reader = Reader()
    wanted = reader.id("customer_id", raw_id, "Customer")
    query = select(Customer.id, Customer.name, Customer.phone).where(
        Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor)
    )
    found = None if reader.errors else uow.session.execute(query).first()
    if found is None:
        raise NotFound("We could not find that customer.")
    return found


def _of_both(uow: UnitOfWork, tie_id: Any, customer_id: Any) -> tuple[FamilyTie, Row[Any], Row[Any]]:
    row = find(uow, FamilyTie, tie_id)
    customer = _visible(uow, customer_id)
    if customer.id not in (row.customer_id, row.relative_id):
        raise NotFound
    return row, customer, _visible(uow, row.relative_id if row.customer_id == customer.id else row.customer_id)


def _read(reader: Reader, command: TieFamily | ChangeTie) -> tuple[Tie, Side, Side]:
    return (
        reader.member("tie", command.tie, "What they are to each other", Tie),
        Side(reader.choice("pays", command.pays, "Who pays", [s.value for s in Side if s], "")),
        Side(reader.choice("told", command.told, "Who is told", [s.value for s in Side if s], "")),
    )


def _insert(
    uow: UnitOfWork, customer_id: int, relative_id: int, tie: Tie, pays: Side, told: Side, at: datetime | None = None
) -> int | None:
    """The new id, or none when the two are tied already."""
    row = {
        "business_id": uow.business_id, "customer_id": customer_id, "relative_id": relative_id, "tie": tie.value,
        "pays": pays.value, "told": told.value, "created_at": at or uow.now, "version": 1,
    }  # fmt: skip
    statement = insert(FamilyTie).values(**row).on_conflict_do_nothing().returning(FamilyTie.id)
    found: int | None = uow.session.connection().execute(statement).scalar()
    return found


def _ties(uow: UnitOfWork, customer_id: int) -> Any:
    """With ``is_turned``: the row begins with the relative."""
    tie = FamilyTie
    is_own = or_(tie.customer_id == customer_id, tie.relative_id == customer_id)
    other = case((tie.customer_id == customer_id, tie.relative_id), else_=tie.customer_id)
    return (
        select(
            Customer.id, Customer.name, Customer.phone, Customer.birthday, Customer.archived_at, Customer.name_key,
            tie.id.label("tie_id"), tie.version, tie.tie, tie.pays, tie.told,
            (tie.relative_id == customer_id).label("is_turned"),
        )
        .join(Customer, (Customer.business_id == tie.business_id) & (Customer.id == other))
        .where(tie.business_id == uow.business_id, is_own, visible_customers(uow.actor))
    )  # fmt: skip


def _on_phone(uow: UnitOfWork, me: CTE) -> Any:
    """The same columns; not tied by any of these rows."""
    found = (
        select(
            Customer.id, Customer.name, Customer.phone, Customer.birthday, Customer.archived_at, Customer.name_key,
            cast(null(), BigInteger).label("tie_id"), cast(null(), Integer).label("version"), null().label("tie"),
            null().label("pays"), null().label("told"), false().label("is_turned"),
        )
        .join(me, (me.c.phone == Customer.phone) & (me.c.phone != "") & (me.c.id != Customer.id))
        .where(Customer.business_id == uow.business_id, Customer.archived_at.is_(None), visible_customers(uow.actor))
        .order_by(Customer.name_key)
        .limit(_ON_ONE_PHONE)
        .subquery()
    )  # fmt: skip
    return select(found)


def _tie_of(row: Any) -> Tie:
    return other_way(Tie(row.tie)) if row.is_turned else Tie(row.tie)


def _line(uow: UnitOfWork, row: Any) -> FamilyLine:
    today: date = today_in(zone_of(uow.actor.zone), uow.now)
    is_tied = row.tie_id is not None
    pays, told = (Side(row.pays), Side(row.told)) if is_tied else (Side.NOBODY, Side.NOBODY)
    if is_tied and row.is_turned:
        pays, told = other_side(pays), other_side(told)
    return FamilyLine(
        row.id, row.name, phone_for(uow.actor, row.phone), row.tie_id if is_tied else 0, row.version if is_tied else 0,
        _tie_of(row) if is_tied else Tie.RELATIVE, pays, told, is_child(row.birthday, today), row.is_on_same_phone,
        row.archived_at is not None,
    )  # fmt: skip
