"""Inviting by mail, and looking at the product as somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from microcrm.domain.permissions import READING, Permission, Role, permissions_of
from microcrm.models.accounts import Session, User
from microcrm.models.business import Invitation
from microcrm.models.records import AuditEvent, OutboxMessage
from microcrm.operations import invitations, view_as
from microcrm.operations.accounts.joining import join_signed_in, look_at_invitation
from microcrm.operations.invitations import Invite
from microcrm.operations.members import AddMember, add_member, list_members
from microcrm.operations.sessions import hash_of, take_seat
from microcrm.operations.unit_of_work import VISITOR, Actor
from tests.conftest import Work
from tests.support.shops import Shop

NOW = datetime.now(UTC).replace(microsecond=0)
NISHA = Invite("Nisha@Example.com", "front_desk", "Nisha Fernandes")


@pytest.fixture
def work(unit_of_work: Work, at: Any) -> Any:
    return lambda actor, moment=NOW, **more: unit_of_work(actor, clock=at(moment), **more)


def sent_path(uow: Any) -> str:
    message = uow.session.exec(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert message.payload["template"] == "invitation"
    return str(message.payload["data"]["path"])


def test_an_invitation_is_a_mail_with_a_link_that_works(work: Any, shop: Shop) -> None:
    with work(shop.actor(Role.MANAGER)) as uow:
        invitation_id = invitations.invite(uow, NISHA)
        path = sent_path(uow)
        row = uow.session.exec(select(Invitation)).one()
        assert path.split("=")[1] not in str(row.token_hash)
        assert [(view.id, view.email) for view in invitations.open_invitations(uow)] == [
            (invitation_id, "Nisha@example.com")
        ]
        audit = uow.session.exec(select(AuditEvent).where(AuditEvent.action == "invite")).one()
        assert "isha" not in str(audit.facts)
    with work(VISITOR, realm="accounts") as uow:
        invited = look_at_invitation(uow, path.split("=")[1])
        assert (invited.email, invited.role, invited.name) == ("Nisha@example.com", "Front desk", "Nisha Fernandes")


def test_sending_again_kills_the_old_link(work: Any, shop: Shop, neighbour: Shop) -> None:
    with work(shop.actor()) as uow:
        invitation_id = invitations.invite(uow, NISHA)
        old = sent_path(uow).split("=")[1]
        with pytest.raises(LimitReached):
            invitations.resend(uow, invitation_id)
    with work(neighbour.actor()) as uow:
        for attempt in (invitations.resend, invitations.revoke):
            with pytest.raises(NotFound):
                attempt(uow, invitation_id)
        assert invitations.open_invitations(uow) == []
    with work(shop.actor(), NOW + timedelta(minutes=2)) as uow:
        invitations.resend(uow, invitation_id)
        new = sent_path(uow).split("=")[1]
    with work(VISITOR, realm="accounts") as uow:
        assert look_at_invitation(uow, new).business == "Asha's Salon"
        with pytest.raises(NotFound):
            look_at_invitation(uow, old)
    with work(shop.actor()) as uow:
        invitations.revoke(uow, invitation_id)
        with pytest.raises(Conflict):
            invitations.resend(uow, invitation_id)
    with work(VISITOR, realm="accounts") as uow, pytest.raises(NotFound):
        look_at_invitation(uow, new)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_invite(work: Any, shop: Shop, role: Role) -> None:
    with work(shop.actor(role)) as uow:
        if role in (Role.OWNER, Role.MANAGER):
            assert invitations.invite(uow, NISHA)
            return
        with pytest.raises(Forbidden):
            invitations.invite(uow, NISHA)


def test_nobody_invites_above_themselves(work: Any, shop: Shop) -> None:
    with work(shop.actor(Role.MANAGER)) as uow, pytest.raises(Forbidden):
        invitations.invite(uow, Invite("x@example.com", "owner", "X"))
    lesser = shop.actor(Role.MANAGER, permissions=permissions_of(Role.MANAGER, (), ["catalogue.edit"]))
    with work(lesser) as uow, pytest.raises(Forbidden):
        invitations.invite(uow, Invite("x@example.com", "manager", "X"))
    with work(shop.actor()) as uow:
        assert invitations.invite(uow, Invite("x@example.com", "owner", "X"))


def test_an_unconfirmed_address_invites_nobody(work: Any, shop: Shop) -> None:
    with work(shop.actor(), realm="accounts") as uow:
        uow.session.get_one(User, shop.users[Role.OWNER]).email_verified_at = None
    with work(shop.actor()) as uow, pytest.raises(Forbidden, match="Confirm your email"):
        invitations.invite(uow, NISHA)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (Invite("", "staff", "N"), "email"),
        (Invite("nobody", "staff", "N"), "email"),
        (Invite("a@b.example\nBcc: c@d.example", "staff", "N"), "email"),
        (Invite("staff@a.example", "staff", "N"), "email"),
        (Invite("x" * 100_000, "staff", "N"), "email"),
        (Invite("n@example.com", "king", "N"), "role"),
        (Invite("n@example.com", "staff", ""), "name"),
        (Invite("n@example.com", "staff", "x" * 100_000), "name"),
        (Invite(["n@example.com"], "staff", "N"), "email"),
    ],
)
def test_odd_invitations_are_refused_and_send_nothing(work: Any, shop: Shop, command: Invite, field: str) -> None:
    with work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            invitations.invite(uow, command)
        assert field in refusal.value.fields
        assert uow.session.exec(select(OutboxMessage)).all() == []


def test_the_same_address_is_invited_once(work: Any, shop: Shop) -> None:
    with work(shop.actor()) as uow:
        invitations.invite(uow, NISHA)
        with pytest.raises(Invalid):
            invitations.invite(uow, Invite("NISHA@example.com", "staff", "Again"))


def test_somebody_without_a_sign_in_gets_one_and_keeps_their_column(work: Any, shop: Shop, neighbour: Shop) -> None:
    with work(shop.actor()) as uow:
        member_id, _ = add_member(uow, AddMember("Divya Rao"))
        with pytest.raises(Conflict):
            invitations.invite(uow, Invite("n@example.com", "staff", member_id=shop.members[Role.STAFF]))
        with pytest.raises(NotFound):
            invitations.invite(uow, Invite("n@example.com", "staff", member_id=neighbour.members[Role.STAFF]))
        invitations.invite(uow, Invite("n@example.com", "front_desk", member_id=str(member_id)))
        token = sent_path(uow).split("=")[1]
    joiner = neighbour.users[Role.STAFF]
    session_id = sign_in(work, joiner, neighbour.business_id, "joiner")
    actor = Actor("account", user_id=joiner, session_id=session_id, permissions=frozenset({Permission.ACCOUNT}))
    with work(actor, realm="accounts") as uow:
        join_signed_in(uow, token)
    with work(shop.actor()) as uow:
        joined = {row.id: row for row in list_members(uow)}[member_id]
        assert (joined.name, joined.role, joined.has_sign_in) == ("Divya Rao", Role.FRONT_DESK, True)


def sign_in(work: Any, user_id: int, business_id: int, token: str) -> int:
    with work(VISITOR, realm="accounts") as uow:
        row = Session(
            token_hash=hash_of(token),
            user_id=user_id,
            business_id=business_id,
            created_at=NOW,
            last_seen_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
        uow.session.add(row)
        uow.session.flush()
        return int(row.id or 0)


def look_as(work: Any, shop: Shop, who: Role, member_id: Any, **changes: Any) -> str:
    """Returns the cookie's token of a session that has started looking."""
    token = f"cookie-{who}"
    session_id = sign_in(work, shop.users[who], shop.business_id, token)
    with work(shop.actor(who, session_id=session_id, **changes), realm="accounts") as uow:
        view_as.start(uow, member_id)
    return token


def test_an_owner_sees_what_another_sees_and_changes_nothing(work: Any, shop: Shop) -> None:
    token = look_as(work, shop, Role.OWNER, shop.members[Role.STAFF])
    with work(VISITOR) as uow:
        seat = take_seat(uow, token)
    assert seat.viewing_as == "Plain staff"
    assert seat.actor.permissions == permissions_of(Role.STAFF)
    assert seat.actor.user_id == shop.users[Role.OWNER]
    with work(seat.actor) as uow:
        with pytest.raises(Forbidden):
            uow.require(Permission.BOOKINGS_OWN)
        for permission in permissions_of(Role.STAFF) & READING:
            uow.require(permission)
    with work(seat.actor, realm="accounts") as uow:
        with pytest.raises((Conflict, Forbidden)):
            view_as.start(uow, shop.members[Role.MANAGER])
        view_as.stop(uow)
        view_as.stop(uow)
    with work(VISITOR) as uow:
        assert take_seat(uow, token).viewing_as == ""
    with work(shop.actor()) as uow:
        actions = [row.action for row in uow.session.exec(select(AuditEvent).order_by(AuditEvent.id))]
        assert actions[-2:] == ["view_as_start", "view_as_stop"]


def test_a_manager_looks_down_only(work: Any, shop: Shop) -> None:
    rights = permissions_of(Role.MANAGER, ["view_as"])
    assert look_as(work, shop, Role.MANAGER, shop.members[Role.STAFF], permissions=rights)
    session_id = sign_in(work, shop.users[Role.MANAGER], shop.business_id, "second")
    actor = shop.actor(Role.MANAGER, session_id=session_id, permissions=rights)
    with work(actor, realm="accounts") as uow, pytest.raises(Forbidden):
        view_as.start(uow, shop.members[Role.OWNER])
    with work(shop.actor(Role.MANAGER, session_id=session_id), realm="accounts") as uow, pytest.raises(Forbidden):
        view_as.start(uow, shop.members[Role.STAFF])


def test_nobody_looks_as_a_stranger_or_as_themselves(work: Any, shop: Shop, neighbour: Shop) -> None:
    session_id = sign_in(work, shop.users[Role.OWNER], shop.business_id, "third")
    for target, error in ((neighbour.members[Role.STAFF], NotFound), (shop.members[Role.OWNER], Conflict)):
        with work(shop.actor(session_id=session_id), realm="accounts") as uow, pytest.raises(error):
            view_as.start(uow, target)


def test_only_ones_own_session_is_changed(work: Any, shop: Shop) -> None:
    foreign = sign_in(work, shop.users[Role.MANAGER], shop.business_id, "theirs")
    with work(shop.actor(session_id=foreign), realm="accounts") as uow, pytest.raises(Forbidden):
        view_as.start(uow, shop.members[Role.STAFF])
