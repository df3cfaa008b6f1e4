"""From the sign-up form over the development mailbox into the shop, as a person without scripts would go."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm import wiring
from microcrm.adapters import outbox
from microcrm.domain.permissions import Role
from microcrm.operations.invitations import Invite, invite
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from tasks.handlers import HANDLERS
from tests.conftest import act_as
from tests.support.accounts import NEW_PASSWORD, OWNER
from tests.support.browsing import Visit, errors_of, words
from tests.support.shops import PASSWORD, TwoShops

pytestmark = pytest.mark.usefixtures("fresh_database")
FORM = {
    "name": "Kavya Rao",
    "email": "kavya@glow.example",
    "password": NEW_PASSWORD,
    "business": "Glow & Go Salon",
    "trade": "salon",
    "city": "Bengaluru",
    "state": "29",
    "phone": "98450 12345",
    "gstin": "",
}


@pytest.fixture
def visit() -> Visit:
    return Visit()


def deliver() -> None:
    """What the worker does with the outbox, until it is empty."""
    while True:
        with wiring.unit_of_work(system(), realm="worker") as uow:
            messages = outbox.claim(uow.session, uow.now, 50, HANDLERS)
        for message in messages:
            HANDLERS[message.kind](message)
            with wiring.unit_of_work(system(), realm="worker") as uow:
                outbox.mark_sent(uow.session, message, uow.now)
        if not messages:
            return


async def newest_link(visit: Visit) -> str:
    """The path behind the button of the newest mail in the development mailbox."""
    deliver()
    listed = await visit.get("/mailbox")
    first = listed.text.partition('href="/mailbox/')[2].partition('"')[0]
    mail = await visit.get(f"/mailbox/{first}")
    link = mail.text.partition('class="btn btn-primary" href="')[2].partition('"')[0]
    return link.removeprefix(settings().public_url)


async def test_signing_up_takes_the_mail_and_ends_in_the_shop(visit: Visit) -> None:
    sent = await visit.send("/sign-up", **FORM)
    assert sent.headers["location"] == "/sign-up/sent"
    assert "kavya@glow.example" in words(await visit.get("/sign-up/sent"))
    link = await newest_link(visit)
    assert "Glow & Go Salon" in words(await visit.get(link))
    opened = await visit.send(link, to="/verify", token=link.partition("token=")[2])
    assert opened.headers["location"] == "/"
    assert "Glow & Go Salon" in words(await visit.get("/shops"))
    assert (await visit.get(link)).status_code == 404


async def test_looking_at_the_link_uses_nothing_up(visit: Visit) -> None:
    await visit.send("/sign-up", **FORM)
    link = await newest_link(visit)
    scanner = Visit()
    for _ in range(3):
        assert (await scanner.get(link)).status_code == 200
    assert (await visit.send(link, to="/verify", token=link.partition("token=")[2])).status_code == 303


async def test_an_address_with_an_account_is_answered_alike(visit: Visit) -> None:
    stranger = Visit()
    one = await visit.send("/sign-up", **FORM)
    two = await stranger.send("/sign-up", **FORM | {"email": OWNER})
    assert (one.status_code, one.headers["location"]) == (two.status_code, two.headers["location"])
    shown = words(await visit.get("/sign-up/sent")).replace("kavya@glow.example", "X")
    assert shown == words(await stranger.get("/sign-up/sent")).replace(OWNER, "X")


async def test_mistakes_stand_at_their_fields_and_what_was_typed_stays(visit: Visit) -> None:
    answer = await visit.send(
        "/sign-up", **FORM | {"password": "password1", "gstin": "29ABCFS1234K1Z4", "name": "<i>K"}
    )
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"password", "gstin"}
    assert 'value="&lt;i&gt;K"' in answer.text
    assert '<option value="29" selected>' in answer.text
    assert "password1" not in answer.text


@pytest.mark.parametrize(
    ("value", "state", "ok"),
    [("29ABCFS1234K1Z3", "29", True), ("29 abcfs1234k 1z3", "", True), ("29ABCFS1234K1Z3", "27", False),
     ("29ABCFS1234K1Z4", "29", False), ("", "", True), ("x" * 5000, "29", False), ("\x00", "29", False), ("<b>", "zz", False)],
)  # fmt: skip
async def test_a_gstin_is_checked_while_it_is_typed(visit: Visit, value: str, state: str, ok: bool) -> None:
    answer = await visit.client.get("/sign-up/gstin", params={"value": value, "state": state})
    assert answer.status_code == 200
    assert answer.json()["ok"] is ok
    assert ok or answer.json()["message"]


async def test_resetting_a_password_over_the_mailbox(visit: Visit) -> None:
    for address in (OWNER, "nobody@nowhere.example"):
        answer = await visit.send("/reset", email=address)
        assert answer.headers["location"] == "/reset/sent"
    link = await newest_link(visit)
    token = link.partition("token=")[2]
    weak = await visit.send(link, to="/reset/new", token=token, password="short")
    assert set(errors_of(weak)) == {"password"}
    done = await visit.send(link, to="/reset/new", token=token, password=NEW_PASSWORD)
    assert done.headers["location"] == "/sign-in?done=reset"
    assert (await visit.get(link)).status_code == 404
    assert (await visit.send("/sign-in", email=OWNER, password=NEW_PASSWORD)).status_code == 303


async def test_an_invitation_makes_an_account_or_takes_the_one_signed_in(
    fresh_database: TwoShops, visit: Visit
) -> None:
    owner = fresh_database.a.actor(Role.OWNER)
    act_as(owner, invite, Invite(email="divya@guest.example", role="staff", name="Divya"))
    link = await newest_link(visit)
    assert "Asha's Salon" in words(await visit.get(link))
    joined = await visit.send(
        link, to="/invite", token=link.partition("token=")[2], name="Divya", password=NEW_PASSWORD
    )
    assert joined.headers["location"] == "/"
    assert "Asha's Salon Staff, open now" in words(await visit.get("/shops"))

    act_as(owner, invite, Invite(email="owner@b.example", role="manager", name="Nisha"))
    link, other = await newest_link(visit), Visit()
    assert "Sign in to join" in words(await other.get(link))
    await other.send("/sign-in", email="owner@b.example", password=PASSWORD)
    taken = await other.send(link, to="/invite", token=link.partition("token=")[2], **{"as": "me"})
    assert taken.headers["location"] == "/"
    assert "Asha's Salon Manager, open now" in words(await other.get("/shops"))


async def test_another_shop_is_chosen_by_who_belongs_to_it_only(fresh_database: TwoShops, visit: Visit) -> None:
    await visit.send("/sign-in", email=OWNER, password=PASSWORD)
    mine, theirs = str(fresh_database.a.business_id), str(fresh_database.b.business_id)
    assert (await visit.send("/shops", open=mine)).status_code == 303
    assert (await visit.send("/shops", open=theirs)).status_code == 404
    assert "CANARY" not in (await visit.get("/shops")).text


async def test_the_mailbox_is_marked_and_gone_once_mail_is_really_sent(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visit.send("/sign-up", **FORM)
    deliver()
    assert "nothing here was really sent" in words(await visit.get("/mailbox"))
    for path in ("/mailbox/0", "/mailbox/999999", "/mailbox/99999999999999999999999"):
        assert (await visit.get(path)).status_code == 404
    monkeypatch.setenv("SMTP_URL", "smtp://localhost:2525")
    settings.cache_clear()
    assert (await visit.get("/mailbox")).status_code == 404
    assert (await visit.get("/mailbox/1")).status_code == 404
    monkeypatch.undo()
    settings.cache_clear()


async def test_no_link_stays_in_the_outbox_once_it_is_sent(fresh_database: TwoShops, visit: Visit) -> None:
    from sqlmodel import select

    from microcrm.models.records import OutboxMessage

    def payloads() -> list[dict[str, Any]]:
        with wiring.unit_of_work(system(), realm="worker") as uow:
            return list(uow.session.exec(select(OutboxMessage.payload)))

    await visit.send("/sign-up", **FORM)
    assert "token=" in str(payloads())
    deliver()
    assert payloads() == [{}]
