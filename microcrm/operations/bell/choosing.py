"""What a member is told and by which way, as they choose it for themselves; some stays as it is, and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from microcrm.domain.bell import RULES, BellKind, Mailing, Way, choice_of, concerns, is_told
from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.fields import parse_flag
from microcrm.domain.permissions import Permission
from microcrm.models.business import Member
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Choice:
    """``fixed``: why neither can be switched off, or empty. ``has_mail``: it can come by mail at all."""

    kind: BellKind
    label: str
    fixed: str
    by_bell: bool
    by_mail: bool
    has_mail: bool


def my_choices(uow: UnitOfWork) -> tuple[Choice, ...]:
    """Of what may ever concern them; what is fixed comes last. None for who is in no business now."""
    uow.require(Permission.ACCOUNT)
    if uow.actor.member_id is None:
        return ()
    stored = _stored(uow, is_locked=False)
    found = [_choice(kind, stored) for kind, rule in RULES.items() if concerns(rule, uow.actor.permissions)]
    return tuple(sorted(found, key=lambda one: bool(one.fixed)))


def choose(uow: UnitOfWork, kind: Any, way: Any, is_on: Any) -> Choice:
    """For oneself only. Raises: NotFound, Conflict (it is fixed), Invalid, Forbidden."""
    uow.require(Permission.ACCOUNT)
    wanted = parse_flag(is_on, "The switch")
    if uow.actor.member_id is None or uow.actor.is_viewing_as:
        raise Forbidden
    try:
        known, by = BellKind(kind), Way(way)
    except ValueError:
        raise NotFound from None
    rule = RULES[known]
    if not concerns(rule, uow.actor.permissions) or (by is Way.MAIL and rule.mail is Mailing.NEVER):
        raise NotFound
    if rule.fixed:
        raise Conflict("This always comes.", remedy=rule.fixed)
    both = {choice_of(known, by, is_on=one) for one in (True, False)}
    choices = sorted(set(_stored(uow, is_locked=True)) - both | {choice_of(known, by, is_on=wanted)})
    uow.session.execute(update(Member).where(*_mine(uow)).values(bell_choices=choices))
    return _choice(known, choices)


def _mine(uow: UnitOfWork) -> tuple[Any, ...]:
    return (Member.business_id == uow.business_id, Member.id == uow.actor.member_id)


def _stored(uow: UnitOfWork, *, is_locked: bool) -> list[str]:
    query = select(Member.bell_choices).where(*_mine(uow))
    found: list[str] | None = uow.session.scalars(query.with_for_update() if is_locked else query).first()
    return found or []


def _choice(kind: BellKind, stored: list[str]) -> Choice:
    rule = RULES[kind]
    by_bell, by_mail = (is_told(kind, way, stored) for way in (Way.BELL, Way.MAIL))
    return Choice(kind, rule.label, rule.fixed, by_bell, by_mail, rule.mail is not Mailing.NEVER)
