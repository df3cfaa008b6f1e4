"""Writes what a demo shop is before anybody visits: sign-ins, members, services, rooms, hours, leave, holidays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from microcrm.demo.diary import AHEAD_DAYS, HISTORY_DAYS, Calendar
from microcrm.demo.outline import Outline, windows_of
from microcrm.demo.rows import Row, Rows
from microcrm.domain.email import email_key
from microcrm.domain.gstin import check_character
from microcrm.domain.hours import Week
from microcrm.domain.permissions import Role
from microcrm.domain.trades import ResourceKind
from microcrm.domain.zones import INDIA, to_instant, zone_of
from microcrm.operations.onboarding import STEPS
from microcrm.operations.resources import CHOICE_OF_KIND


@dataclass(frozen=True, slots=True)
class Opened:
    """Ids of a shop's rows, each list in the outline's order. ``users`` by the first part of the address."""

    business_id: int
    opened_at: datetime
    users: Mapping[str, int]
    members: list[int]
    services: list[int]
    resources: list[int]


def open_shop(rows: Rows, outline: Outline, calendar: Calendar, password_hash: str) -> Opened:
    opened_at = to_instant(calendar.today - timedelta(days=HISTORY_DAYS + 40), 11 * 60, zone_of(INDIA))
    business_id = rows.add("businesses", [business_row(outline, opened_at)])[0]
    users = _users(rows, outline, password_hash, opened_at)
    members = _members(rows, outline, business_id, users, opened_at)
    resources = rows.add(
        "resources",
        [
            {"business_id": business_id, "name": name, "kind": kind, "is_active": True, "position": place, "version": 1}
            for place, (name, kind) in enumerate(outline.template.resources, start=1)
        ],
    )
    services = _services(rows, outline, business_id, members, resources)
    _hours(rows, outline, calendar, business_id, members)
    return Opened(business_id, opened_at, users, members, services, resources)


def calendar_of(outline: Outline, today: date) -> Calendar:
    """The shop's days, a year back and as far ahead as anybody has planned."""
    facts = outline.facts
    late = facts["late_opening"]
    return Calendar(
        outline=outline,
        today=today,
        exceptions={today + timedelta(days=late["in_days"]): windows_of([late["hours"]])},
        holidays=frozenset(h.day for h in outline.holidays(*_span(today))),
        leave={
            person: [
                (today + timedelta(days=first), today + timedelta(days=last))
                for who, first, last, _ in facts["leave"]
                if who == person
            ]
            for person in range(len(outline.people))
        },
    )


def _span(today: date) -> tuple[date, date]:
    return today - timedelta(days=HISTORY_DAYS), today + timedelta(days=3 * AHEAD_DAYS)


def business_row(outline: Outline, opened_at: datetime) -> Row:
    facts = dict(outline.business)
    first = facts.pop("gstin_first")
    return {
        **facts,
        "gstin": first + check_character(first) if first else "",
        "zone": INDIA,
        "logo_kind": "",
        "holiday_state": facts["state_code"],
        "onboarding": {"steps": dict.fromkeys(STEPS, "done"), "put_away": True},
        "is_demo": True,
        "version": 1,
        "created_at": opened_at,
    }


def _users(rows: Rows, outline: Outline, password_hash: str, opened_at: datetime) -> dict[str, int]:
    people = [person for person in outline.people if person.sign_in]
    ids = rows.add(
        "users",
        [
            {
                "email": outline.address(person),
                "email_key": email_key(outline.address(person)),
                "name": person.name,
                "phone": "",
                "password_hash": password_hash,
                "password_changed_at": opened_at,
                "email_verified_at": opened_at,
                "totp_last_step": 0,
                "created_at": opened_at,
            }
            for person in people
        ],
    )
    return {person.sign_in: user for person, user in zip(people, ids, strict=True)}


def _members(
    rows: Rows, outline: Outline, business_id: int, users: Mapping[str, int], opened_at: datetime
) -> list[int]:
    return rows.add(
        "members",
        [
            {
                "business_id": business_id,
                "user_id": users.get(person.sign_in),
                "name": person.name,
                "role": person.role,
                "colour": person.colour,
                "granted": [],
                "withheld": [],
                "is_own_calendar_only": person.role == Role.STAFF,
                "is_bookable": person.is_bookable,
                "position": place,
                "joined_at": opened_at + timedelta(days=place),
                "version": 1,
            }
            for place, person in enumerate(outline.people)
        ],
    )


def _services(rows: Rows, outline: Outline, business_id: int, members: list[int], resources: list[int]) -> list[int]:
    template, mine = outline.template, {"business_id": business_id}
    categories = rows.add(
        "categories",
        [{**mine, "name": name, "position": n, "version": 1} for n, name in enumerate(template.categories, start=1)],
    )
    category_ids = dict(zip(template.categories, categories, strict=True))
    services = rows.add(
        "services",
        [
            {
                **mine,
                "category_id": category_ids[service.category],
                "name": service.name,
                "description": "",
                "duration_min": service.minutes,
                "buffer_before_min": service.before,
                "buffer_after_min": service.after,
                "gap_after_min": service.gap.after if service.gap else 0,
                "gap_min": service.gap.minutes if service.gap else 0,
                "price_paise": service.price_paise,
                "is_price_with_tax": template.prices_include_tax,
                "sac": service.sac,
                "tax_class": service.tax_class,
                "colour": service.colour,
                "is_online": service.is_online,
                "needs_approval": service.name in outline.facts["by_request"] or None,
                **_timers(outline, service.name),
                "seats": service.seats,
                "is_active": True,
                "position": place,
                "version": 1,
            }
            for place, service in enumerate(template.services, start=1)
        ],
    )
    pairs = list(zip(services, template.services, strict=True))
    rows.add("service_members", list(_skills(outline, business_id, members, services)))
    rows.add(
        "service_resources",
        [
            {**mine, "service_id": service_id, "resource_id": resource_id, "choice": CHOICE_OF_KIND[kind]}
            for service_id, service in pairs
            for resource_id, kind in _usable(outline, resources, service.needs)
        ],
    )
    return services


def _timers(outline: Outline, service: str) -> Row:
    """Safety timers and what it uses: by the service's name, where the shop says anything."""
    patch_test, rest = outline.facts.get("timers", {}).get(service, (None, None))
    uses = outline.facts.get("uses", {}).get(service, "")
    return {"patch_test_days": patch_test, "rest_days": rest, "substances": uses}


def _skills(outline: Outline, business_id: int, members: list[int], services: list[int]) -> Iterable[Row]:
    for member_id, person in zip(members, outline.people, strict=True):
        for service_id, service in zip(services, outline.template.services, strict=True):
            if service.category in person.does:
                yield {"business_id": business_id, "service_id": service_id, "member_id": member_id}


def _usable(outline: Outline, resources: list[int], needs: ResourceKind | None) -> Iterable[tuple[int, ResourceKind]]:
    for resource_id, (_, kind) in zip(resources, outline.template.resources, strict=True):
        if kind == needs:
            yield resource_id, kind


def _hours(rows: Rows, outline: Outline, calendar: Calendar, business_id: int, members: list[int]) -> None:
    weekly = list(_weekly(business_id, None, outline.week))
    for member_id, person in zip(members, outline.people, strict=True):
        if person.is_bookable:
            weekly += _weekly(business_id, member_id, person.week)
    rows.add("weekly_hours", weekly)
    reason = outline.facts["late_opening"]["reason"]
    rows.add(
        "dated_hours",
        [
            {**_dated(business_id, day, reason), "start_min": window.start, "end_min": window.end, "is_holiday": False}
            for day, windows in calendar.exceptions.items()
            for window in windows
        ]
        + [
            {**_dated(business_id, holiday.day, holiday.name), "start_min": None, "end_min": None, "is_holiday": True}
            for holiday in outline.holidays(*_span(calendar.today))
            if holiday.day not in calendar.exceptions
        ],
    )
    rows.add(
        "leaves",
        [
            {
                "business_id": business_id,
                "member_id": members[person],
                "starts_on": calendar.today + timedelta(days=first),
                "ends_on": calendar.today + timedelta(days=last),
                "reason": reason,
            }
            for person, first, last, reason in outline.facts["leave"]
        ],
    )


def _weekly(business_id: int, member_id: int | None, week: Week) -> Iterable[Row]:
    for weekday, windows in enumerate(week):
        for window in windows:
            yield {
                "business_id": business_id,
                "member_id": member_id,
                "weekday": weekday,
                "start_min": window.start,
                "end_min": window.end,
            }


def _dated(business_id: int, day: date, reason: str) -> dict[str, Any]:
    return {"business_id": business_id, "member_id": None, "day": day, "reason": reason[:80]}
