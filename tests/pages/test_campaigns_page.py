"""Campaigns on the screen: begun, written, looked at, sent, stopped; and who may do none of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.models.campaigns import Campaign
from microcrm.models.messages import Message
from microcrm.operations.campaigns.planning import plan_some
from microcrm.operations.messaging.accounts import use_sandbox
from microcrm.operations.unit_of_work import system
from microcrm.state.campaign import CampaignPage
from microcrm.state.campaign_names import CampaignNames
from microcrm.state.campaign_words import CampaignWords
from microcrm.state.campaigns import CampaignList
from tests.conftest import act_as
from tests.support.campaigns import TEXT, people, written
from tests.support.sandbox import SEED
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microcrm.domain.send_gate.HOURS", ())


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    act_as(fresh_database.a.actor(), use_sandbox, SEED, wiring.sealer())
    return fresh_database.a


async def tab_at(server: Server, shop: Shop, path: str, *loads: Any, role: Role = Role.MANAGER) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), path)
    await tab.open(*loads)
    return tab


async def opened(server: Server, shop: Shop, campaign_id: int, role: Role = Role.MANAGER) -> Tab:
    return await tab_at(server, shop, f"/campaign?id={campaign_id}", CampaignPage.load, CampaignWords.load, role=role)


def draft_of(shop: Shop, *channels: str, many: int = 2, **values: Any) -> int:
    def write(uow: Any) -> int:
        people(uow, many)
        people(uow, 1, agree=())
        return written(uow, *channels, **values).id or 0

    made: int = act_as(shop.actor(Role.MANAGER), write)
    return made


def campaigns_of(shop: Shop) -> list[Campaign]:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        found = list(uow.session.scalars(select(Campaign).order_by(Campaign.id)))
        uow.session.expunge_all()
    return found


async def test_one_begins_with_a_segment_that_the_address_names(server: Server, shop: Shop) -> None:
    tab = await tab_at(server, shop, "/campaigns?segment=lapsed", CampaignList.load)
    await tab.send(CampaignList.begin, segment="lapsed")
    page = await tab.state(CampaignList)
    assert (page.is_open, page.segment, page.rows, page.may_send) == (True, "lapsed", [], True)
    assert "Not seen for 60 days" in [one.label for one in page.segments]
    await tab.send(CampaignList.create, form={"name": "", "segment": "x", "channels": "fax"})
    assert set((await tab.state(CampaignList)).errors) == {"name", "segment", "channels"}
    await tab.send(CampaignList.create, form={"name": "Diwali", "segment": "lapsed", "channels": "whatsapp,sms"})
    [row] = campaigns_of(shop)
    assert (row.name, row.state, row.channels, row.segment_key) == ("Diwali", "draft", ["whatsapp", "sms"], "lapsed")


async def test_words_are_written_and_seen_as_they_arrive(server: Server, shop: Shop) -> None:
    campaign_id = draft_of(shop, "sms")
    tab = await opened(server, shop, campaign_id)
    await tab.send(CampaignWords.begin, channel="sms", language="en")
    panel = await tab.state(CampaignWords)
    assert panel.is_open and panel.words.text == TEXT and "SMS:" in panel.shown.count and panel.wrong == {}
    await tab.send(CampaignWords.put, name="text", value="Half price at {shop}")
    panel = await tab.state(CampaignWords)
    assert "{stop} has to be in it" in panel.wrong["text"], "an SMS cannot be answered"
    await tab.send(CampaignWords.save, form={"text": "Half price at {shop}"})
    assert (await tab.state(CampaignWords)).errors and campaigns_of(shop)[0].words["sms-en"]["text"] == TEXT
    await tab.send(CampaignWords.save, form={"text": "Half price at {shop}. {stop}"})
    assert campaigns_of(shop)[0].words["sms-en"]["text"] == "Half price at {shop}. {stop}"
    await tab.send(CampaignPage.load)
    rows = (await tab.state(CampaignPage)).words
    assert [(one.language, one.is_written) for one in rows] == [("en", True), ("hi", False), ("kn", False)]


async def test_who_gets_it_is_shown_and_each_reason_opens(server: Server, shop: Shop) -> None:
    tab = await opened(server, shop, draft_of(shop))
    await tab.send(CampaignPage.look)
    page = await tab.state(CampaignPage)
    assert page.preview.total == "2 of 3 customers get it" and [one.value for one in page.preview.ways] == ["2"]
    assert [(one.code, one.count) for one in page.preview.reasons] == [("no_consent", "1")]
    await tab.send(CampaignNames.begin, reason="no_consent")
    names = await tab.state(CampaignNames)
    assert names.is_open and len(names.rows) == 1 and names.rows[0].contact.startswith("+91")
    for odd in ("nonsense", "", "x" * 10_000):
        await tab.send(CampaignNames.begin, reason=odd)
        assert (await tab.state(CampaignNames)).rows == []


async def test_sent_by_two_presses_it_is_one_and_one_press_stops_it(server: Server, shop: Shop) -> None:
    campaign_id = draft_of(shop, many=5, pace=1)
    tab, other = await opened(server, shop, campaign_id), await opened(server, shop, campaign_id)
    await tab.send(CampaignPage.send, form={})
    await other.send(CampaignPage.send, form={})
    await tab.send(CampaignPage.load)
    assert (await tab.state(CampaignPage)).one.state == "running" and len(campaigns_of(shop)) == 1
    act_as(system(shop.business_id), plan_some, campaign_id)
    await tab.send(CampaignPage.pulse)
    page = await tab.state(CampaignPage)
    assert {one.label: one.value for one in page.figures}["About to leave"] == "2"
    await tab.send(CampaignPage.pause)
    assert (await tab.state(CampaignPage)).one.state == "paused"
    await other.send(CampaignPage.pause)
    await tab.send(CampaignPage.go_on)
    await tab.send(CampaignPage.stop)
    page = await tab.state(CampaignPage)
    assert page.one.state == "stopped" and ("stopped", "2") in [(one.code, one.count) for one in page.reasons]
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        assert set(uow.session.scalars(select(Message.state))) == {"withdrawn"}


async def test_an_hour_that_has_passed_is_said_and_nothing_is_lost(server: Server, shop: Shop) -> None:
    campaign_id = draft_of(shop)
    tab = await opened(server, shop, campaign_id)
    await tab.send(CampaignPage.choose_when, value="later")
    for day, time in (("2020-01-01", "11:00"), ("", ""), ("soon", "x" * 10_000)):
        await tab.send(CampaignPage.send, form={"day": day, "time": time})
    page = await tab.state(CampaignPage)
    assert page.is_at_hour and not page.is_sending
    await tab.send(CampaignPage.send, form={})
    assert [one.state for one in campaigns_of(shop)] == ["draft"], "no day is not at once"


async def test_the_desk_looks_on_and_others_do_not(server: Server, shop: Shop) -> None:
    campaign_id = draft_of(shop)
    desk = await opened(server, shop, campaign_id, Role.FRONT_DESK)
    page = await desk.state(CampaignPage)
    assert (page.one.name, page.may_send, page.preview.is_read) == ("Diwali offer", False, False)
    for refused, arguments in (
        (CampaignPage.send, {"form": {}}), (CampaignPage.stop, {}), (CampaignPage.discard, {}), (CampaignPage.look, {}),
        (CampaignWords.begin, {"channel": "sms", "language": "en"}),
    ):  # fmt: skip
        await desk.send(refused, **arguments)
    assert [one.state for one in campaigns_of(shop)] == ["draft"]


async def test_a_neighbour_s_is_not_found(server: Server, shop: Shop, fresh_database: TwoShops) -> None:
    theirs = draft_of(fresh_database.b, name=f"{CANARY} offer")
    tab = await opened(server, shop, theirs)
    page = await tab.state(CampaignPage)
    assert page.one.id == "" and CANARY not in repr(page.one)
    listed = await (await tab_at(server, shop, "/campaigns", CampaignList.load)).state(CampaignList)
    assert listed.rows == []
    await tab.send(CampaignPage.stop)
    await tab.send(CampaignPage.send, form={})
    assert [one.state for one in campaigns_of(fresh_database.b)] == ["draft"]


@pytest.mark.parametrize("odd", ["", "x", "-1", "9" * 40])
async def test_an_address_that_leads_nowhere(server: Server, shop: Shop, odd: str) -> None:
    tab = await tab_at(server, shop, f"/campaign?id={odd}", CampaignPage.load)
    page = await tab.state(CampaignPage)
    assert page.one.id == ""
