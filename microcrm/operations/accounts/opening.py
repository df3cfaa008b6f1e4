"""Opening a business: the tenant, its owner, and what its trade starts with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.gstin import parse_gstin
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.domain.phone import parse_phone
from microcrm.domain.slug import slug_of, slugs_like
from microcrm.domain.states import parse_state
from microcrm.domain.trades import Trade
from microcrm.models.accounts import Session, User
from microcrm.models.business import Business, Member
from microcrm.operations.templates import apply_template
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Description:
    """A business as its owner describes it, checked."""

    name: str
    trade: str
    city: str
    state_code: str
    gstin: str
    phone: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OpenBusiness:
    """Raw values. Field names are those of the form."""

    business: Any = ""
    trade: Any = ""
    city: Any = ""
    state: Any = ""
    gstin: Any = ""
    phone: Any = ""


def read_description(reader: Reader, command: OpenBusiness) -> Description:
    """Notes every mistake in ``reader``."""
    name = reader.text("business", command.business, "The name of the business", limit=120, least=2)
    trade = reader.member("trade", command.trade, "Kind of business", Trade)
    city = reader.text("city", command.city, "City or town", limit=80)
    state = reader.by("state", parse_state, command.state, instead="")
    gstin = reader.by("gstin", parse_gstin, command.gstin, state_code=state, instead="")
    phone = reader.by("phone", parse_phone, command.phone, mobile=True, instead="")
    return Description(name, trade.value, city, state, gstin, phone)


def open_another(uow: UnitOfWork, command: OpenBusiness) -> int:
    """For somebody who is signed in: a business of their own, which their session then shows. The same form sent twice
    opens one: a second business of theirs needs another name."""
    uow.require(Permission.ACCOUNT)
    reader = Reader()
    description = read_description(reader, command)
    user = uow.session.get_one(User, uow.actor.user_id, with_for_update=True)
    if description.name and _has_one_called(uow, description.name):
        reader.refuse("business", "You have a business of this name already. Add the area or the town to this one.")
    reader.done()
    session_id = uow.actor.session_id
    business_id = open_business(uow, user, description)
    session = uow.session.get_one(Session, session_id)
    session.business_id, session.viewing_as_member_id = business_id, None
    uow.session.add(session)
    return business_id


def _has_one_called(uow: UnitOfWork, name: str) -> bool:
    mine = uow.session.connection().execute(
        text("SELECT business_name FROM memberships_of(:user) WHERE role = 'owner'"), {"user": uow.actor.user_id}
    )
    return name.casefold() in {row.business_name.casefold() for row in mine}


def open_business(uow: UnitOfWork, owner: User, description: Description) -> int:
    """The rest of the transaction acts as the owner, within the new business."""
    business_id = int(
        uow.session.connection()
        .execute(text("SELECT nextval(pg_get_serial_sequence('businesses', 'id'))"))
        .scalar_one()
    )
    uow.enter_business(business_id)
    _insert_business(uow, business_id, description)
    member = Member(
        business_id=business_id,
        user_id=owner.id,
        name=owner.name,
        role=Role.OWNER.value,
        joined_at=uow.now,
    )
    uow.session.add(member)
    uow.session.flush()
    act_as(uow, owner, member)
    apply_template(uow, description.trade)
    uow.audit("open", "business", business_id, trade=description.trade)
    return business_id


def act_as(uow: UnitOfWork, user: User, member: Member) -> None:
    """From here on the transaction belongs to this member of the business it has entered."""
    role = Role(member.role)
    uow.actor = replace(
        uow.actor,
        kind="member",
        user_id=user.id,
        business_id=member.business_id,
        member_id=member.id,
        role=role,
        permissions=permissions_of(role, member.granted, member.withheld),
    )


def _insert_business(uow: UnitOfWork, business_id: int, description: Description) -> None:
    """Under the first free booking address. Two shops of the same name at the same moment get two addresses."""
    for slug in slugs_like(slug_of(description.name)):
        taken = uow.session.connection().execute(text("SELECT slug_is_taken(:slug)"), {"slug": slug}).scalar_one()
        if taken:
            continue
        done = uow.session.connection().execute(
            insert(Business)
            .values(
                id=business_id,
                name=description.name,
                legal_name="",
                trade=description.trade,
                slug=slug,
                phone=description.phone,
                email="",
                address="",
                city=description.city,
                state_code=description.state_code,
                pin="",
                gstin=description.gstin,
                zone="Asia/Kolkata",
                logo_kind="",
                holiday_state=description.state_code,
                onboarding={},
                is_demo=False,
                version=1,
                created_at=uow.now,
            )
            .on_conflict_do_nothing(index_elements=["slug"])
            .returning(Business.id)
        )
        if done.first() is not None:
            return
    raise Conflict("Too many businesses have this name.", remedy="Add the area or the town to it.")
