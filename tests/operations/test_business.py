"""The business's own settings, its logo, and its first steps."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from microcrm.domain.errors import Conflict, Forbidden, Invalid
from microcrm.domain.permissions import Role
from microcrm.domain.pictures import LARGEST_LOGO, Picture, read_picture
from microcrm.operations import business, onboarding
from microcrm.operations.business import SaveAddress, SaveLogo, SaveProfile
from microcrm.operations.undo import take_back
from tests.conftest import Work
from tests.support.shops import Shop

PROFILE = SaveProfile("Glow Salon", "Glow Wellness LLP", "salon", "98450 12345", "hello@glow.example", 1)
ADDRESS = SaveAddress("12, 100 Feet Road\nIndiranagar", "Bengaluru", "29", "560 038", "29ABCFS1234K1Z3", 1)
PNG, JPEG, WEBP = "PNG", "JPEG", "WEBP"


def picture(kind: str, width: int = 64, height: int = 48, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, kind, **options)
    return file.getvalue()


def test_the_profile_is_saved_and_taken_back(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        before = business.business_view(uow)
        token = business.save_profile(uow, PROFILE)
        after = business.business_view(uow)
        assert (after.name, after.phone, after.version) == ("Glow Salon", "+919845012345", 2)
        with pytest.raises(Conflict):
            business.save_profile(uow, replace(PROFILE, name="Too late"))
        take_back(uow, token)
        assert replace(business.business_view(uow), version=1) == before
    with unit_of_work(neighbour.actor()) as uow:
        assert business.business_view(uow).version == 1


@pytest.mark.parametrize("role", list(Role))
def test_who_may_change_the_business(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        assert business.business_view(uow).slug == "shop-a"
        changes: list[Any] = [
            lambda: business.save_profile(uow, PROFILE),
            lambda: business.save_address(uow, replace(ADDRESS, version=2)),
            lambda: business.save_zone(uow, "Asia/Dubai", 3),
            lambda: business.save_slug(uow, "glow-indiranagar", 4),
            lambda: business.save_logo(uow, SaveLogo(picture(PNG))),
        ]
        for change in changes:
            if role is Role.OWNER:
                assert change()
            else:
                with pytest.raises(Forbidden):
                    change()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 1_000_000}, "name"),
        ({"legal_name": "a\u202eb"}, "legal_name"),
        ({"trade": "bank"}, "trade"),
        ({"phone": "12"}, "phone"),
        ({"phone": ["98450 12345"]}, "phone"),
        ({"email": "hello@"}, "email"),
    ],
)
def test_an_impossible_profile_is_refused(unit_of_work: Work, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            business.save_profile(uow, replace(PROFILE, **changes))
        assert field in refusal.value.fields
        assert business.business_view(uow).version == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"state_code": "99"}, "state_code"),
        ({"pin": "12345"}, "pin"),
        ({"gstin": "29ABCFS1234K1Z4"}, "gstin"),
        ({"state_code": "27"}, "gstin"),
        ({"address": "x" * 10_000}, "address"),
    ],
)
def test_an_impossible_address_is_refused(unit_of_work: Work, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with unit_of_work(shop.actor()) as uow, pytest.raises(Invalid) as refusal:
        business.save_address(uow, replace(ADDRESS, **changes))
    assert list(refusal.value.fields) == [field]


def test_a_pin_code_of_another_state_is_only_a_caution(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        business.save_address(uow, replace(ADDRESS, pin="411001"))
        assert "Maharashtra" in business.business_view(uow).pin_caution


def test_a_booking_link_belongs_to_one_shop(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert business.judge_slug(uow, "glow-indiranagar").is_good
        for taken in ("shop-b", "admin", "a", "<b>", "x" * 10_000, None):
            assert not business.judge_slug(uow, taken).is_good
            with pytest.raises(Invalid) as refusal:
                business.save_slug(uow, taken, 1)
            assert "slug" in refusal.value.fields
        token = business.save_slug(uow, " Glow-Indiranagar ", 1)
        assert business.business_view(uow).slug == "glow-indiranagar"
        take_back(uow, token)
        assert business.business_view(uow).slug == "shop-a"


def test_a_gstin_is_judged_while_it_is_typed(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert business.judge_gstin(uow, "29abcfs1234k1z3").words == "29 ABCFS1234K 1Z3, registered in Karnataka."
        assert not business.judge_gstin(uow, "29ABCFS1234K1Z4").is_good
        assert business.judge_gstin(uow, "") == business.Verdict(True, "")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (picture(PNG), "image/png"),
        (picture(JPEG), "image/jpeg"),
        (picture(JPEG, progressive=True), "image/jpeg"),
        (picture(WEBP), "image/webp"),
        (picture(WEBP, lossless=True), "image/webp"),
    ],
)
def test_a_logo_is_judged_by_its_content(unit_of_work: Work, shop: Shop, data: bytes, kind: str) -> None:
    assert read_picture(data) == Picture(kind, 64, 48)
    with unit_of_work(shop.actor()) as uow:
        token = business.save_logo(uow, SaveLogo(data))
        assert business.logo(uow) == (data, kind)
        gone = business.save_logo(uow, SaveLogo(b""))
        assert business.logo(uow) is None
        take_back(uow, gone)
        assert business.logo(uow) == (data, kind)
        with pytest.raises(Conflict):
            take_back(uow, token)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x89PNG\r\n\x1a\n",
        picture(PNG)[:20],
        picture(JPEG)[:4],
        b"\xff\xd8\xff" + b"\xff" * 5_000,
        b"\xff\xd8\xff\xe0\x00\x00" + b"a" * 50,
        b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\x00" * 40,
        picture(PNG, 8, 8),
        picture(PNG) + b"\x00" * LARGEST_LOGO,
    ],
)
def test_what_is_no_usable_picture_is_refused(unit_of_work: Work, shop: Shop, data: bytes) -> None:
    with unit_of_work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            business.save_logo(uow, SaveLogo(data))
        assert "logo" in refusal.value.fields
        assert business.logo(uow) is None


def test_steps_are_done_or_skipped_and_remembered(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert onboarding.progress(uow).step == "trade"
        onboarding.mark_step(uow, "trade", "done")
        onboarding.mark_step(uow, "business", "skipped")
        onboarding.mark_step(uow, "trade", "skipped")
        assert onboarding.progress(uow) == onboarding.Progress("hours", ("trade",), ("business",))
        for odd in (("tea", "done"), ("trade", "burnt")):
            with pytest.raises(Invalid):
                onboarding.mark_step(uow, *odd)
        for step in onboarding.STEPS:
            onboarding.mark_step(uow, step, "done")
        assert onboarding.progress(uow).step == ""
    with unit_of_work(neighbour.actor()) as uow:
        assert onboarding.progress(uow).step == "trade"
    with unit_of_work(shop.actor(Role.MANAGER)) as uow, pytest.raises(Forbidden):
        onboarding.mark_step(uow, "trade", "done")


def test_the_checklist_follows_what_is_there(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        left = {task.key for task in onboarding.checklist(uow).tasks if not task.is_done}
        assert left == {"business", "hours", "services", "share"}
        business.save_address(uow, ADDRESS)
        for step in ("hours", "services", "share"):
            onboarding.mark_step(uow, step, "done")
        assert all(task.is_done for task in onboarding.checklist(uow).tasks)
        assert not onboarding.checklist(uow).is_shown
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert not onboarding.checklist(uow).is_shown


def test_the_checklist_can_be_put_away(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert onboarding.checklist(uow).is_shown
        onboarding.put_checklist_away(uow)
        assert not onboarding.checklist(uow).is_shown


def test_each_owner_says_not_now_for_themselves(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert onboarding.checklist(uow).asks_second_step
        onboarding.ask_no_second_step(uow)
        assert not onboarding.checklist(uow).asks_second_step
    with unit_of_work(neighbour.actor()) as uow:
        assert onboarding.checklist(uow).asks_second_step
    with unit_of_work(shop.actor(Role.MANAGER)) as uow:
        assert not onboarding.checklist(uow).asks_second_step
        with pytest.raises(Forbidden):
            onboarding.ask_no_second_step(uow)


def test_the_kind_of_business_is_chosen_and_can_be_taken_back(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        before = business.business_view(uow)
        undo = onboarding.choose_trade(uow, "clinic")
        assert business.business_view(uow).trade == "clinic"
        take_back(uow, undo)
        assert business.business_view(uow).trade == before.trade != "clinic"
        for odd in ("", "bakery", None, 7):
            with pytest.raises(Invalid) as refusal:
                onboarding.choose_trade(uow, odd)
            assert "trade" in refusal.value.fields
    with unit_of_work(shop.actor(Role.MANAGER)) as uow, pytest.raises(Forbidden):
        onboarding.choose_trade(uow, "clinic")
