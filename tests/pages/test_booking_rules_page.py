"""The owner's booking rules on the screen, through the gate."""

from __future__ import annotations

from typing import Any

from microcrm.domain.booking_policy import FeeStep, PolicyTerms
from microcrm.domain.permissions import Role
from microcrm.operations.booking_policy import policy_of
from microcrm.state.base import AppState
from microcrm.state.settings_booking import BookingRules
from tests.conftest import act_as
from tests.support.online import connected_shop
from tests.support.shops import TwoShops
from tests.support.tabs import Server, Tab, sign_in

LATENESS: dict[str, Any] = {
    "cancel_cutoff_min": "240", "reschedule_cutoff_min": "1440", "no_show_percent": "30",
    "within_1": "60", "percent_1": "100", "within_2": "240", "percent_2": "50", "within_3": "", "percent_3": "",
}  # fmt: skip


def tab_of(server: Server, both: TwoShops, role: Role = Role.OWNER) -> Tab:
    return server.tab(sign_in(both.a.users[role], both.a.business_id), "/settings/booking")


def terms(both: TwoShops) -> PolicyTerms:
    return act_as(both.a.actor(), policy_of)


async def test_the_page_shows_what_holds_and_an_example_of_it(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BookingRules.load)
    shown = (await tab.state(BookingRules)).rules
    assert (shown.min_notice_min, shown.most_per_day, shown.is_online) == ("60", "", True)
    assert shown.example == "Cancelling and not coming cost nothing."
    await tab.send(BookingRules.save_lateness, form=LATENESS)
    shown = (await tab.state(BookingRules)).rules
    assert "cancels at 3:00 pm for 5:00 pm pays 50 % of ₹800.00 = ₹400.00." in shown.example
    assert "Who does not come pays 30 % of ₹800.00 = ₹240.00." in shown.example
    assert terms(fresh_database).fee_ladder == (FeeStep(60, 100), FeeStep(240, 50))


async def test_each_card_saves_its_own_and_can_be_taken_back(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BookingRules.load)
    form = {"needs_approval": "on", "min_notice_min": "30", "horizon_days": "90", "slot_step_min": "15", "most_per_day": "8",
            "hold_min": "10", "approval_hours": "24", "note": "Ring the bell."}  # fmt: skip
    await tab.send(BookingRules.save_online, form=form)
    now = terms(fresh_database)
    assert (now.is_online, now.needs_approval, now.most_per_day, now.note) == (False, True, 8, "Ring the bell.")
    await tab.send(BookingRules.save_desk, form={"is_queue_on": "on"})
    await tab.send(BookingRules.save_waiting, form={"offer_min": "20", "offer_band": "2", "is_waitlist_on": "on"})
    later = terms(fresh_database)
    assert (later.offer_band, later.is_queue_on, later.is_override_allowed, later.most_per_day) == (2, True, False, 8)
    token = (await tab.state(AppState)).notices[-1].undo
    assert (await tab.send(AppState.undo, token=token)).refusals == []
    assert terms(fresh_database).offer_band == 1
    assert act_as(fresh_database.b.actor(), policy_of) == PolicyTerms()


async def test_mistakes_stand_at_their_fields_and_save_nothing(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BookingRules.load)
    await tab.send(BookingRules.save_lateness, form=LATENESS | {"percent_1": "20", "no_show_percent": "500"})
    state = await tab.state(BookingRules)
    assert set(state.errors) == {"fee_ladder", "no_show_percent"} and state.saving == ""
    assert terms(fresh_database) == PolicyTerms()
    for form in ([], "x", {"within_1": {}}, None):
        assert (await tab.send(BookingRules.save_lateness, form=form)).crashes == []


async def test_two_owners_at_once_do_not_overwrite_each_other(server: Server, fresh_database: TwoShops) -> None:
    first, second = tab_of(server, fresh_database), tab_of(server, fresh_database)
    await first.open(BookingRules.load)
    await second.open(BookingRules.load)
    await first.send(BookingRules.save_lateness, form=LATENESS)
    assert (await second.send(BookingRules.save_lateness, form=LATENESS | {"no_show_percent": "0"})).codes == [
        "conflict"
    ]
    assert terms(fresh_database).no_show_percent == 30


async def test_what_is_paid_ahead_is_said_plainly_and_mistakes_save_nothing(
    server: Server, fresh_database: TwoShops
) -> None:
    tab = tab_of(server, fresh_database)
    await tab.open(BookingRules.load)
    assert not (await tab.state(BookingRules)).takes_online
    connected_shop(fresh_database.a)
    await tab.send(BookingRules.load)
    assert (await tab.state(BookingRules)).takes_online
    assert (await tab.state(BookingRules)).mode_mark == "No money moves: test"
    form = {"deposit_kind": "fixed", "deposit_amount": "250.50", "deposit_percent": "", "payment_min": "20"}
    for wrong, field in (
        ({"deposit_amount": ""}, "deposit_amount"),
        ({"deposit_amount": "0.50"}, "deposit_amount"),
        ({"deposit_amount": "lots"}, "deposit_amount"),
        ({"deposit_amount": "99999999999"}, "deposit_amount"),
        ({"deposit_kind": "percent", "deposit_percent": "100"}, "deposit_percent"),
        ({"deposit_kind": "percent", "deposit_percent": "-1"}, "deposit_percent"),
        ({"deposit_kind": "everything"}, "deposit_kind"),
        ({"payment_min": "2"}, "payment_min"),
    ):
        await tab.send(BookingRules.save_deposit, form=form | wrong)
        assert set((await tab.state(BookingRules)).errors) == {field}
        assert terms(fresh_database) == PolicyTerms()
    await tab.send(BookingRules.save_deposit, form=form)
    now, shown = terms(fresh_database), (await tab.state(BookingRules)).rules
    assert (now.deposit_kind, now.deposit_paise, now.deposit_percent, now.payment_min) == ("fixed", 25_050, 0, 20)
    assert (shown.deposit_kind, shown.deposit_amount, shown.deposit_percent) == ("fixed", "250.50", "")
    await tab.send(BookingRules.save_deposit, form={"payment_min": "20"})
    assert terms(fresh_database).deposit_kind == "none"


async def test_only_owners_come_here(server: Server, fresh_database: TwoShops) -> None:
    tab = tab_of(server, fresh_database, Role.MANAGER)
    assert (await tab.send(BookingRules.save_lateness, form=LATENESS)).codes == ["forbidden"]
    assert terms(fresh_database) == PolicyTerms()
