"""Categories, services, what they need, and the template of a trade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.domain.trades import TRADES, Trade
from microcrm.operations import catalogue, categories, resources, skills, templates
from microcrm.operations.catalogue import SaveService
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.classes import ScheduleClass, schedule
from microcrm.operations.undo import take_back
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING
from tests.support.shops import CANARY, Shop

CUT = SaveService(name="Beard trim", duration="20", price="₹150", tax_class="hair")


def test_a_service_is_saved_with_who_does_it_and_what_it_needs(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    doer = shop.members[Role.STAFF]
    with unit_of_work(shop.actor()) as uow:
        service_id, token = catalogue.save_service(
            uow, replace(CUT, members=[(str(doer), "180", "25")], resources=[shop.resource_id])
        )
        card = catalogue.open_service(uow, service_id)
        assert card.service is not None
        assert (card.service.price_paise, card.service.duration_min, card.service.sac) == (15_000, 20, "999721")
        assert [(d.price_paise, d.duration_min) for d in card.doers if d.does] == [(18_000, 25)]
        assert [n.resource_id for n in card.needs if n.is_needed] == [shop.resource_id]
        assert len(catalogue.list_services(uow).rows) == 2
        take_back(uow, token)
        assert [row.name for row in catalogue.list_services(uow).rows] == ["Plain haircut"]
        assert [row.name for row in catalogue.list_services(uow, is_archived=True).rows] == ["Beard trim"]
    with unit_of_work(neighbour.actor()) as uow:
        assert [row.name for row in catalogue.list_services(uow).rows] == [f"{CANARY} haircut"]
        with pytest.raises(NotFound):
            catalogue.open_service(uow, service_id)


def test_a_change_restores_columns_and_sets_together(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        before = catalogue.open_service(uow, shop.service_id)
        assert before.service is not None
        _, token = catalogue.save_service(
            uow,
            replace(
                CUT,
                service_id=shop.service_id,
                version=before.service.version,
                members=[],
                resources=[shop.resource_id],
            ),
        )
        after = catalogue.open_service(uow, shop.service_id)
        assert after.service is not None
        assert after.service.name == "Beard trim"
        assert not any(doer.does for doer in after.doers)
        take_back(uow, token)
        restored = catalogue.open_service(uow, shop.service_id)
        assert restored.service is not None
        assert replace(restored.service, version=before.service.version) == before.service
        assert (restored.doers, restored.needs) == (before.doers, before.needs)


def test_an_older_form_is_refused_and_nothing_is_half_saved(unit_of_work: Work, shop: Shop) -> None:
    change = replace(CUT, service_id=shop.service_id, version=1, members=[])
    with unit_of_work(shop.actor()) as uow:
        catalogue.save_service(uow, change)
        with pytest.raises(Conflict):
            catalogue.save_service(uow, replace(change, name="Something else"))
        assert catalogue.list_services(uow).rows[0].name == "Beard trim"


@pytest.mark.parametrize("role", list(Role))
def test_who_may_change_the_price_list(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        assert catalogue.list_services(uow).total == 1
        changes: list[Any] = [
            lambda: catalogue.save_service(uow, CUT),
            lambda: categories.save_category(uow, categories.SaveCategory("Beard")),
            lambda: resources.save_resource(uow, resources.SaveResource("Chair 9", "chair")),
            lambda: catalogue.archive_service(uow, shop.service_id),
        ]
        for change in changes:
            if role in (Role.OWNER, Role.MANAGER):
                assert change()
            else:
                with pytest.raises(Forbidden):
                    change()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "nul\x00l"}, "name"),
        ({"name": ["a"]}, "name"),
        ({"name": "Plain haircut"}, "name"),
        ({"duration": "3"}, "duration"),
        ({"duration": "ages"}, "duration"),
        ({"price": ""}, "price"),
        ({"price": "-5"}, "price"),
        ({"price": "9" * 40}, "price"),
        ({"buffer_before": "999"}, "buffer_before"),
        ({"gap_after": 10, "gap": 10}, "gap"),
        ({"sac": "12"}, "sac"),
        ({"tax_class": "luxury"}, "tax_class"),
        ({"colour": "#fff"}, "colour"),
        ({"is_online": "perhaps"}, "is_online"),
        ({"members": "all"}, "members"),
        ({"members": [(0, "", "")]}, "members"),
        ({"resources": "all"}, "resources"),
    ],
)
def test_impossible_services_are_refused_at_their_field(
    unit_of_work: Work, shop: Shop, changes: dict[str, Any], field: str
) -> None:
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            catalogue.save_service(uow, replace(CUT, **changes))
        assert field in refusal.value.fields
        assert catalogue.list_services(uow).total == 1


def test_a_wrong_price_of_one_person_is_marked_at_that_person(unit_of_work: Work, shop: Shop) -> None:
    doer = shop.members[Role.STAFF]
    with unit_of_work(shop.actor()) as uow, pytest.raises(Invalid) as refusal:
        catalogue.save_service(uow, replace(CUT, members=[(doer, "lots", "1")]))
    assert set(refusal.value.fields) == {f"price_{doer}", f"minutes_{doer}"}


@pytest.mark.parametrize("what", ["category", "member", "resource", "service"])
def test_nothing_of_another_shop_can_be_used(unit_of_work: Work, shop: Shop, neighbour: Shop, what: str) -> None:
    foreign = {
        "category": {"category_id": neighbour.category_id},
        "member": {"members": [(neighbour.members[Role.STAFF], "", "")]},
        "resource": {"resources": [neighbour.resource_id]},
        "service": {"service_id": neighbour.service_id, "version": 1},
    }[what]
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises((NotFound, Invalid)):
            catalogue.save_service(uow, replace(CUT, **foreign))
        assert catalogue.list_services(uow).total == 1


def test_search_takes_wildcards_as_letters(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert catalogue.list_services(uow, "HAIRC").total == 1
        assert catalogue.list_services(uow, "%").total == 0
        with pytest.raises(Invalid):
            catalogue.list_services(uow, "x" * 1_000_000)


def test_rows_change_places_and_go_back(unit_of_work: Work, shop: Shop) -> None:
    def names(uow: Any) -> list[str]:
        return [row.name for row in catalogue.list_services(uow).rows]

    with unit_of_work(shop.actor()) as uow:
        trim, _ = catalogue.save_service(uow, replace(CUT, category_id=shop.category_id))
        assert names(uow) == ["Plain haircut", "Beard trim"]
        token = catalogue.move_service(uow, trim, "up")
        assert names(uow) == ["Beard trim", "Plain haircut"]
        assert catalogue.move_service(uow, trim, "up") == ""
        take_back(uow, token)
        assert names(uow) == ["Plain haircut", "Beard trim"]
        with pytest.raises(Invalid):
            catalogue.move_service(uow, trim, "sideways")


def test_an_archived_service_comes_back_unless_its_name_is_taken(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        catalogue.archive_service(uow, shop.service_id)
        assert catalogue.list_services(uow).total == 0
        twin, _ = catalogue.save_service(uow, replace(CUT, name="Plain haircut"))
        with pytest.raises(Invalid):
            catalogue.restore_service(uow, shop.service_id)
        catalogue.archive_service(uow, twin)
        catalogue.restore_service(uow, shop.service_id)
        assert catalogue.list_services(uow).total == 1


def test_a_category_with_services_stays(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        empty, _ = categories.save_category(uow, categories.SaveCategory("  Beard "))
        with pytest.raises(Invalid):
            categories.save_category(uow, categories.SaveCategory("BEARD"))
        with pytest.raises(Invalid):
            categories.remove_category(uow, shop.category_id)
        with pytest.raises(NotFound):
            categories.remove_category(uow, neighbour.category_id)
        token = categories.remove_category(uow, empty)
        assert [c.name for c in categories.list_categories(uow)] == ["Plain hair"]
        take_back(uow, token)
        assert [c.name for c in categories.list_categories(uow)] == ["Plain hair", "Beard"]


def test_rooms_and_chairs(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        room, added = resources.save_resource(uow, resources.SaveResource("Room 1", "room"))
        with pytest.raises(Invalid):
            resources.save_resource(uow, resources.SaveResource("Room 1", "equipment"))
        with pytest.raises(Conflict):
            resources.save_resource(uow, resources.SaveResource("Room 2", "room", room, version=9))
        resources.archive_resource(uow, room)
        with pytest.raises(Conflict):
            take_back(uow, added)
        resources.restore_resource(uow, room)
        assert {r.name for r in resources.list_resources(uow)} == {"Plain chair", "Room 1"}
        with pytest.raises(NotFound):
            resources.archive_resource(uow, neighbour.resource_id)


def test_what_a_member_does_is_the_same_list_from_the_other_side(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    member_id = shop.members[Role.MANAGER]
    with unit_of_work(shop.actor()) as uow:
        seen = skills.member_services(uow, member_id)
        token = skills.save_member_services(
            uow, skills.SaveOwnServices(member_id, [(shop.service_id, "700", None)], seen.stamp)
        )
        doers = {d.member_id: d for d in catalogue.open_service(uow, shop.service_id).doers}
        assert doers[member_id].price_paise == 70_000
        with pytest.raises(Conflict):
            skills.save_member_services(uow, skills.SaveOwnServices(member_id, [], seen.stamp))
        with pytest.raises(Invalid):
            skills.save_member_services(
                uow,
                skills.SaveOwnServices(
                    member_id, [(neighbour.service_id, "", "")], skills.member_services(uow, member_id).stamp
                ),
            )
        take_back(uow, token)
        assert skills.member_services(uow, member_id) == seen


@pytest.mark.parametrize("trade", list(Trade))
def test_a_template_fills_what_is_missing_and_only_once(unit_of_work: Work, shop: Shop, trade: Trade) -> None:
    template = TRADES[trade]
    with unit_of_work(shop.actor()) as uow:
        filled = templates.apply_template(uow, trade.value)
        assert filled.services == len(template.services)
        assert filled.windows == 0  # this shop had its hours
        assert templates.apply_template(uow, trade.value) == templates.Filled(0, 0, 0, 0)
        rows = {row.name: row for row in catalogue.list_services(uow).rows}
        for service in template.services:
            card = catalogue.open_service(uow, rows[service.name].id)
            assert all(doer.does for doer in card.doers)
            assert any(need.is_needed for need in card.needs) == bool(service.needs)
            assert card.service and card.service.seats == service.seats


def test_a_template_needs_the_right_and_a_known_trade(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow, pytest.raises(Invalid):
        templates.apply_template(uow, "bank")
    with unit_of_work(shop.actor(Role.STAFF)) as uow, pytest.raises(Forbidden):
        templates.apply_template(uow, "salon")


def test_a_class_stays_one_while_some_are_in_the_calendar(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any]
) -> None:
    teacher = (shop.members[Role.MANAGER], None, None)
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yoga = SaveService("Yoga", "60", "200", seats="8", members=[teacher])
        service_id, _ = catalogue.save_service(uow, yoga)
        held = schedule(uow, ScheduleClass(service_id, teacher[0], MONDAY, "10:00"))
        single = replace(yoga, service_id=service_id, version=1, seats="")
        with pytest.raises(Invalid) as refusal:
            catalogue.save_service(uow, single)
        assert list(refusal.value.fields) == ["seats"]
        catalogue.save_service(uow, replace(single, seats="12"))
        cancel_class(uow, CancelClass(held.session_id, 1))
        catalogue.save_service(uow, replace(single, version=2))
        card = catalogue.open_service(uow, service_id)
        assert card.service and card.service.seats == 1
        with pytest.raises(Invalid):
            catalogue.save_service(uow, replace(single, version=3, seats="0"))
