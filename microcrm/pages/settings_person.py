"""The drawer of one person: details, services, hours, leave."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, icon_button, segmented, submit
from microcrm.components.dialogs import panel
from microcrm.components.fields import error_summary, field_error, hue_field, switch_field, text_field
from microcrm.components.terms import terms_fields
from microcrm.components.week import week_fields
from microcrm.pages.calendar_feed import calendar_feed
from microcrm.state.calendar_feed import CalendarFeed
from microcrm.state.settings_person import LeaveLine, PersonHours, PersonLeave, PersonServices
from microcrm.state.settings_staff import StaffSettings as S

TABS = [
    ("details", "Details"),
    ("services", "Services"),
    ("hours", "Hours"),
    ("leave", "Leave"),
    ("calendar", "Calendar address"),
]


def person_panel() -> rx.Component:
    return panel(
        S.person.name,
        segmented("Part", TABS, S.tab, S.pick_tab),
        rx.match(
            S.tab,
            ("services", rx.el.div(_services(), on_mount=PersonServices.load(S.person.id), key="services")),
            ("hours", rx.el.div(_hours(), on_mount=PersonHours.load(S.person.id), key="hours")),
            ("leave", rx.el.div(_leave(), on_mount=PersonLeave.load(S.person.id), key="leave")),
            ("calendar", rx.el.div(calendar_feed(), on_mount=CalendarFeed.load(S.person.id), key="calendar")),
            rx.el.div(_details(), key="details"),
        ),
        open=S.is_open,
        on_close=S.close,
        description=S.person.role,
    )


def _details() -> rx.Component:
    return rx.el.form(
        text_field("name", "Name", S.errors, value=S.person.name, max_length=80),
        hue_field("colour", "Colour in the calendar", value=S.person.colour),
        switch_field(
            "is_bookable", "Takes bookings", checked=S.person.is_bookable, hint="Has a column in the calendar"
        ),
        text_field(
            "most_per_day",
            "Most visits a day that customers book",
            S.errors,
            value=S.person.most_per_day,
            optional=True,
            hint="Empty: as many as fit. Your team can book more.",
            input_mode="numeric",
            max_length=3,
        ),
        rx.el.div(submit("Save"), class_name="form-actions"),
        on_submit=S.save,
        class_name="form",
        key=S.person.version,
        no_validate=True,
    )


def _services() -> rx.Component:
    s = PersonServices
    return rx.cond(
        s.person_id == S.person.id,
        rx.el.form(
            error_summary(s.errors, {"services": "Services"}),
            terms_fields("Service", s.rows, s.errors),
            rx.el.div(submit("Save services"), class_name="form-actions"),
            on_submit=s.save,
            class_name="form",
            key=s.stamp,
            no_validate=True,
        ),
    )


def _hours() -> rx.Component:
    s = PersonHours
    return rx.cond(
        s.person_id == S.person.id,
        rx.el.div(
            segmented(
                "Whose hours",
                [("shop", "Same as the shop"), ("own", "Own hours")],
                rx.cond(s.is_own, "own", "shop"),
                s.pick_own,
            ),
            field_error("form", s.errors),
            rx.cond(
                s.is_own,
                week_fields(
                    s.week, s.errors, set_time=s.set_time, add=s.add_window, drop=s.drop_window, copy=s.copy_day
                ),
                rx.el.p("Can be booked whenever the shop is open.", class_name="muted"),
            ),
            rx.el.div(button("Save hours", kind="primary", on_click=s.save), class_name="form-actions"),
            class_name="stack",
        ),
    )


def _leave() -> rx.Component:
    s = PersonLeave
    return rx.cond(
        s.person_id == S.person.id,
        rx.el.div(
            rx.cond(
                s.rows.length() > 0,
                rx.el.ul(rx.foreach(s.rows, _leave_line), class_name="ticks"),
                rx.el.p("No leave coming up.", class_name="muted"),
            ),
            rx.el.form(
                rx.el.h3("Add leave"),
                rx.el.div(
                    text_field("starts_on", "First day", s.errors, type="date"),
                    text_field("ends_on", "Last day", s.errors, type="date", optional=True),
                    text_field("starts_at", "From", s.errors, type="time", optional=True, hint="For part of one day"),
                    text_field("ends_at", "To", s.errors, type="time", optional=True),
                    class_name="grid-2",
                ),
                text_field("reason", "Reason", s.errors, optional=True, max_length=80, hint="Only your team sees it"),
                rx.el.div(submit("Add leave"), class_name="form-actions"),
                on_submit=s.add,
                class_name="form",
                key=s.drawn.to_string(),
                no_validate=True,
            ),
            class_name="stack",
        ),
    )


def _leave_line(row: LeaveLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.words, class_name="num"), rx.cond(row.reason != "", rx.el.p(row.reason, class_name="meta"))
        ),
        icon_button("x", "Remove this leave", kind="quiet", on_click=PersonLeave.remove(row.id)),
        class_name="plain",
        key=row.id,
    )
