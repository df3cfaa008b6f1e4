"""Groups of customers by rules: those that every shop has, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select, union_all

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.money import group_indian
from microcrm.domain.permissions import Permission
from microcrm.domain.segments import NAME_LIMIT, READY, Rules, as_json, from_json, read_rules, rules_words
from microcrm.models.customers import Customer, Segment
from microcrm.operations.customer_access import customers_seen
from microcrm.operations.parts.rows import amend, create, find, remove, same_version
from microcrm.operations.segment_rules import conditions_of
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 20  # of a shop's own
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class SegmentView:
    """``key``: the word in the address, "lapsed" or a number. ``version`` 0: every shop has it and nobody changes it."""

    key: str
    name: str
    rules: Rules
    words: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class SaveSegment:
    """As typed. Without ``segment_id`` a new one; ``version``: the one the form was filled from."""

    name: Any
    rules: Mapping[str, Any]
    segment_id: Any = None
    version: Any = None


@dataclass(frozen=True, slots=True)
class SegmentSaved:
    key: str
    name: str
    undo: str


def segments(uow: UnitOfWork) -> tuple[SegmentView, ...]:
    """Those that this person may use, the shop's own last."""
    uow.require(Permission.CUSTOMERS_VIEW)
    ready = [SegmentView(key, name, rules, rules_words(rules)) for key, (name, rules) in READY.items()]
    rows = uow.session.execute(
        select(Segment.id, Segment.name, Segment.rules, Segment.version)
        .where(Segment.business_id == uow.business_id)
        .order_by(func.lower(Segment.name), Segment.id)
        .limit(MOST)
    )
    own = [_view(*row) for row in rows]
    return tuple(one for one in (*ready, *own) if _may_use(uow, one.rules))


def segment_counts(uow: UnitOfWork) -> dict[str, str]:
    """By key, like "64" or "10,000+", in one statement."""
    uow.require(Permission.CUSTOMERS_VIEW)
    parts, seen = [], customers_seen(uow.actor)
    for one in segments(uow):
        listed = select(Customer.id).where(
            Customer.business_id == uow.business_id,
            Customer.archived_at.is_(None),
            seen,
            *conditions_of(uow, one.rules),
        )
        parts.append(select(literal(one.key), func.count()).select_from(listed.limit(COUNTED + 1).subquery()))
    return {
        key: f"{group_indian(COUNTED)}+" if count > COUNTED else group_indian(count)
        for key, count in uow.session.execute(union_all(*parts))
    }


def rules_of(uow: UnitOfWork, key: Any) -> Rules | None:
    """Of the segment of that key; ``None`` for one that is not there, or about money that this person may not see."""
    uow.require(Permission.CUSTOMERS_VIEW)
    if isinstance(key, str) and key in READY:
        rules = READY[key][1]
    else:
        try:
            rules = from_json(find(uow, Segment, key, is_locked=False).rules)
        except NotFound:
            return None
    return rules if _may_use(uow, rules) else None


def save_segment(uow: UnitOfWork, command: SaveSegment) -> SegmentSaved:
    """Raises: Invalid, for a name that another one has or rules that say nothing; Conflict, when somebody saved a newer version
    meanwhile."""
    uow.require(Permission.CUSTOMERS_EDIT)
    name, rules = _read(uow, command)
    if not _may_use(uow, rules):
        raise Forbidden
    if command.segment_id in (None, ""):
        count = select(func.count()).where(Segment.business_id == uow.business_id)
        if uow.session.execute(count).scalar_one() >= MOST:
            raise Conflict(f"There are {MOST} segments already.", remedy="Delete one that nobody needs.")
        row = Segment(business_id=uow.business_id, name=name, rules=as_json(rules))
        undo = create(uow, "segment", row, name)
        return SegmentSaved(str(row.id), name, undo)
    row = find(uow, Segment, command.segment_id)
    same_version(command.version, row.version)
    undo = amend(uow, "segment", row, {"name": name, "rules": as_json(rules)}, name)
    return SegmentSaved(str(row.id), name, undo)


def remove_segment(uow: UnitOfWork, segment_id: Any) -> SegmentSaved:
    """The customers stay as they are."""
    uow.require(Permission.CUSTOMERS_EDIT)
    row = find(uow, Segment, segment_id)
    return SegmentSaved(str(row.id), row.name, remove(uow, "segment", row, row.name))


def _view(segment_id: int, name: str, kept: Any, version: int) -> SegmentView:
    rules = from_json(kept)
    return SegmentView(str(segment_id), name, rules, rules_words(rules), version)


def _may_use(uow: UnitOfWork, rules: Rules) -> bool:
    return not rules.is_about_money or Permission.INVOICES_VIEW in uow.actor.permissions


def _read(uow: UnitOfWork, command: SaveSegment) -> tuple[str, Rules]:
    reader = Reader()
    name = reader.text("name", command.name, "A name", limit=NAME_LIMIT)
    taken = select(Segment.id).where(Segment.business_id == uow.business_id, func.lower(Segment.name) == name.lower())
    others = [str(one) for one in uow.session.scalars(taken)]
    if name and others not in ([], [str(command.segment_id)]):
        reader.refuse("name", "There is one of this name already.")
    rules = Rules()
    try:
        rules = read_rules(command.rules)
    except Invalid as refusal:
        for field, message in refusal.fields.items():
            reader.refuse(field, message)
    reader.done()
    return name, rules
