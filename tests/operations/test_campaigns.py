"""A campaign while it is written and looked at, and what may be done with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission, Role
from microcrm.models.campaigns import Campaign
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.messaging import MessageChannel
from microcrm.operations.campaigns.drafts import (
    SaveCampaign,
    WriteWords,
    drop_words,
    look_at_words,
    remove_campaign,
    save_campaign,
    save_words,
    words_to_write,
)
from microcrm.operations.campaigns.looking import (
    list_campaigns,
    preview_campaign,
    view_campaign,
    who_gets_nothing,
)
from microcrm.operations.campaigns.planning import Progress, plan_some
from microcrm.operations.campaigns.result import result_of
from microcrm.operations.campaigns.running import (
    StartCampaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from microcrm.operations.messaging.accounts import use_sandbox
from microcrm.operations.parts.channel_blocks import block
from microcrm.operations.segments import SaveSegment, remove_segment, save_segment
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.campaigns import NOON, TEXT, WORDS, agreed, people, planned, started, written
from tests.support.sandbox import SEED
from tests.support.shops import CANARY, Shop


@pytest.fixture
def shop(two_shops: Any) -> Shop:
    return two_shops.a


@pytest.fixture
def neighbour(two_shops: Any) -> Shop:
    return two_shops.b


@pytest.fixture
def manager(unit_of_work: Work, shop: Shop, at: Any) -> Any:
    with unit_of_work(shop.actor(), clock=at(NOON)) as uow:
        use_sandbox(uow, SEED, wiring.sealer())
    with unit_of_work(shop.actor(Role.MANAGER), clock=at(NOON)) as uow:
        yield uow


def test_who_gets_it_and_why_the_others_do_not(manager: UnitOfWork, shop: Shop) -> None:
    agree = people(manager, 3)
    [never] = people(manager, 1, agree=())
    [gone] = people(manager, 1)
    agreed(manager, [gone], "whatsapp_offers", "withdrawn")
    [child] = people(manager, 1, birthday=NOON.date() - timedelta(days=3000))
    [landline] = people(manager, 1, phone="+914422334455")
    [nobody] = people(manager, 1, phone="")
    [stopped] = people(manager, 1)
    block(manager, Channel.WHATSAPP, manager.session.get_one(Customer, stopped).phone, "word")
    [had] = people(manager, 1)
    for number in range(2):
        manager.session.add(
            Message(
                business_id=shop.business_id, customer_id=had, subject=f"birthday:{had}", subject_version=number, step="birthday",
                channel="sms", state="sent", created_at=NOON, due_at=NOON, handed_at=NOON - timedelta(days=1),
            )
        )  # fmt: skip
    phone = manager.session.get_one(Customer, agree[0]).phone
    [same] = people(manager, 1, phone=phone, is_sharing_phone=True)
    row = written(manager, "whatsapp")
    found = preview_campaign(manager, row.id)
    assert dict(found.by_way) == {Channel.WHATSAPP: 3} and not found.is_cut
    assert dict(found.left_out) == {
        "no_consent": 2, "child": 1, "not_mobile": 1, "no_address": 1, "opted_out": 1, "too_often": 1, "doubled": 1,
    }  # fmt: skip
    assert found.people == 3 + sum(found.left_out.values())

    def of(reason: str) -> list[int]:
        return [one.customer_id for one in who_gets_nothing(manager, row.id, reason)]

    assert of("no_consent") == [never, gone] and of("doubled") == [same] and of("too_often") == [had]
    assert of("child") == [child]
    assert [*of("not_mobile"), *of("no_address"), *of("opted_out")] == [landline, nobody, stopped]
    assert of("nonsense") == of("") == []
    started(manager, row)
    assert plan_some(manager, row.id or 0) is Progress.LATER
    assert [one.customer_id for one in planned(manager)] == agree, "what was shown before is what happens"
    assert result_of(manager, row.id).not_sent == found.left_out


def test_the_second_way_takes_those_whom_the_first_does_not_reach(manager: UnitOfWork) -> None:
    both = people(manager, 2, agree=("whatsapp_offers", "sms_offers"))
    by_sms = people(manager, 2, agree=("sms_offers",))
    by_mail = people(manager, 1, agree=("email_offers",), email="Meera@x.example", email_key="meera@x.example")
    row = written(manager, "whatsapp", "sms", "email")
    assert dict(preview_campaign(manager, row.id).by_way) == {Channel.WHATSAPP: 2, Channel.SMS: 2, Channel.EMAIL: 1}
    started(manager, row)
    plan_some(manager, row.id or 0)
    assert [(one.customer_id, one.channel) for one in planned(manager)] == [
        *((one, "whatsapp") for one in both), *((one, "sms") for one in by_sms), *((one, "email") for one in by_mail),
    ]  # fmt: skip


def test_a_list_of_names_is_masked_for_those_who_may_not_see_numbers(
    manager: UnitOfWork, unit_of_work: Work, shop: Shop, at: Any
) -> None:
    [one] = people(manager, 1, agree=())
    row = written(manager)
    phone = manager.session.get_one(Customer, one).phone
    assert who_gets_nothing(manager, row.id, "no_consent")[0].contact.replace(" ", "") == phone
    manager.session.flush()
    actor = shop.actor(Role.MANAGER)
    few = shop.actor(Role.MANAGER, permissions=actor.permissions - {Permission.CUSTOMERS_CONTACT})
    manager.actor = few
    assert who_gets_nothing(manager, row.id, "no_consent")[0].contact == f"•••• {phone[-5:]}"


def test_of_two_tabs_the_second_one_is_told(manager: UnitOfWork) -> None:
    row = written(manager)
    version = row.version
    save_campaign(manager, SaveCampaign("Other name", "new", ["sms"], 10, row.id, version))
    for stale in (
        lambda: save_campaign(manager, SaveCampaign("Mine", "new", ["sms"], 10, row.id, version)),
        lambda: save_words(manager, WriteWords(row.id, version, "whatsapp", "en", {"text": WORDS["whatsapp"]})),
        lambda: start_campaign(manager, StartCampaign(row.id, version)),
        lambda: drop_words(manager, row.id, version, "whatsapp", "en"),
        lambda: remove_campaign(manager, row.id, version),
    ):
        with pytest.raises(Conflict):
            stale()
    assert (row.name, row.state) == ("Other name", "draft")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 10_000,
        "{shop} {nobody} {stop}",
        "{shop",
        "Only {shop}",
        "{customer.__class__} {stop}",
        "{service} {stop}",
    ],
)
def test_words_that_cannot_leave_are_refused(manager: UnitOfWork, text: str) -> None:
    row = written(manager, "sms")
    kept = dict(row.words)
    with pytest.raises(Invalid) as caught:
        save_words(manager, WriteWords(row.id, row.version, "sms", "en", {"text": text}))
    assert "text" in caught.value.fields and row.words == kept
    assert look_at_words(manager, WriteWords(row.id, row.version, "sms", "en", {"text": text})).problems


def test_marks_that_turn_a_text_around_are_refused(manager: UnitOfWork) -> None:
    row = written(manager, "email")
    with pytest.raises(Invalid) as caught:
        save_words(manager, WriteWords(row.id, row.version, "email", "en", {"text": f"\u202e{TEXT}"}))
    assert "text" in caught.value.fields and words_to_write(manager, row.id, "email", "en").text == TEXT


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 61}, "name"), ({"segment": ""}, "segment"), ({"segment": "999999"}, "segment"),
        ({"segment": ["new"]}, "segment"), ({"channels": []}, "channels"), ({"channels": "fax"}, "channels"),
        ({"channels": ["sms", {}]}, "channels"), ({"channels": ["sms"] * 50}, "channels"), ({"pace": 0}, "pace"),
        ({"pace": 601}, "pace"), ({"pace": "many"}, "pace"), ({"pace": None}, "pace"),
    ],
)  # fmt: skip
def test_odd_input_is_said_at_its_field(manager: UnitOfWork, values: dict[str, Any], field: str) -> None:
    given = {"name": "Diwali", "segment": "new", "channels": ["sms"], "pace": 60} | values
    with pytest.raises(Invalid) as caught:
        save_campaign(manager, SaveCampaign(**given))
    assert field in caught.value.fields


def test_a_segment_that_was_deleted_meanwhile_is_asked_for_again(manager: UnitOfWork) -> None:
    people(manager, 2)
    segment = save_segment(manager, SaveSegment("Lately", {"added_days": "3"}))
    row = written(manager, segment=segment.key)
    assert preview_campaign(manager, row.id).people == 2
    remove_segment(manager, segment.key)
    assert preview_campaign(manager, row.id).people == 0 and view_campaign(manager, row.id).segment == ""
    with pytest.raises(Invalid) as caught:
        started(manager, row)
    assert "segment" in caught.value.fields and row.state == "draft"


def test_a_segment_that_is_deleted_afterwards_changes_nothing(manager: UnitOfWork) -> None:
    people(manager, 2)
    segment = save_segment(manager, SaveSegment("Lately", {"added_days": "3"}))
    row = written(manager, segment=segment.key)
    started(manager, row)
    remove_segment(manager, segment.key)
    plan_some(manager, row.id or 0)
    assert len(planned(manager)) == 2 and view_campaign(manager, row.id).segment == "Lately: Added in the last 3 days"


def test_what_is_missing_for_a_channel_is_said_before_anything_leaves(manager: UnitOfWork) -> None:
    people(manager, 1)
    done = save_campaign(manager, SaveCampaign("Diwali", "new", ["sms", "email"], 60))
    assert view_campaign(manager, done.id).lacks == ("Write the text for SMS and for e-mail.",)
    row = written(manager, "sms")
    sms = manager.session.scalars(select(MessageChannel).where(MessageChannel.channel == "sms")).one()
    sms.dlt_entity_id = "1201159000000012345"
    manager.session.flush()
    [lack] = view_campaign(manager, row.id).lacks
    assert "header for offers" in lack
    sms.offer_sender = "612345"
    manager.session.flush()
    [lack] = view_campaign(manager, row.id).lacks
    assert "DLT" in lack and dict(preview_campaign(manager, row.id).left_out).keys() >= {"no_consent"}
    with pytest.raises(Conflict):
        started(manager, row)
    sms.is_on = False
    manager.session.flush()
    assert "SMS is not switched on" in view_campaign(manager, row.id).lacks[0]
    assert planned(manager) == []


def test_a_draft_is_thrown_away_and_brought_back_and_one_that_left_is_not(manager: UnitOfWork) -> None:
    row = written(manager)
    undo = remove_campaign(manager, row.id, row.version)
    assert list_campaigns(manager).rows == ()
    take_back(manager, undo)
    [line] = list_campaigns(manager).rows
    again = manager.session.get_one(Campaign, line.id)
    started(manager, again)
    with pytest.raises(Conflict):
        remove_campaign(manager, again.id, again.version)


@pytest.mark.parametrize("odd", [None, "", "x", "-1", 0, 2**70, [1], "9" * 10_000])
def test_a_campaign_that_is_none(manager: UnitOfWork, odd: Any) -> None:
    for look in (view_campaign, preview_campaign, result_of, pause_campaign, resume_campaign, stop_campaign):
        with pytest.raises(NotFound):
            look(manager, odd)
    with pytest.raises(NotFound):
        words_to_write(manager, odd, "sms", "en")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_only_managers_send(unit_of_work: Work, shop: Shop, role: Role, at: Any) -> None:
    with unit_of_work(shop.actor(role), clock=at(NOON)) as uow:
        for refused in (
            lambda: save_campaign(uow, SaveCampaign("x", "new", ["sms"], 60)),
            lambda: start_campaign(uow, StartCampaign(1, 1)),
            lambda: stop_campaign(uow, 1),
            lambda: preview_campaign(uow, 1),
        ):
            with pytest.raises(Forbidden):
                refused()


def test_who_sees_their_own_customers_only_sends_to_nobody(unit_of_work: Work, shop: Shop, at: Any) -> None:
    staff = shop.actor(Role.STAFF)
    granted = shop.actor(Role.STAFF, permissions=staff.permissions | {Permission.CAMPAIGNS_SEND})
    with unit_of_work(granted, clock=at(NOON)) as uow, pytest.raises(Forbidden):
        save_campaign(uow, SaveCampaign("x", "new", ["sms"], 60))


def test_nothing_of_a_neighbour_s_is_seen_or_touched(unit_of_work: Work, shop: Shop, neighbour: Shop, at: Any) -> None:
    with unit_of_work(neighbour.actor(), clock=at(NOON)) as uow:
        people(uow, 2)
        row = written(uow, name=f"{CANARY} offer")
        row_id, version = row.id, row.version
    with unit_of_work(shop.actor(Role.MANAGER), clock=at(NOON)) as manager:
        assert list_campaigns(manager).rows == ()
        for look in (view_campaign, preview_campaign, result_of, pause_campaign, resume_campaign, stop_campaign):
            with pytest.raises(NotFound):
                look(manager, row_id)
        for change in (
            lambda: start_campaign(manager, StartCampaign(row_id, version)),
            lambda: remove_campaign(manager, row_id, version),
            lambda: save_words(manager, WriteWords(row_id, version, "sms", "en", {"text": TEXT})),
            lambda: save_campaign(manager, SaveCampaign("x", "new", ["sms"], 60, row_id, version)),
            lambda: who_gets_nothing(manager, row_id, "no_consent"),
        ):
            with pytest.raises(NotFound):
                change()
        assert plan_some(manager, row_id or 0) is Progress.LATER
        mine = written(manager)
        assert preview_campaign(manager, mine.id).people == 0
