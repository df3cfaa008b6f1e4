"""Settings, Hours and holidays."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, icon_button, segmented, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.fields import error_summary, field_error, text_field
from microcrm.components.week import week_fields
from microcrm.domain.states import choices
from microcrm.pages.settings_frame import settings_screen
from microcrm.state.settings_days import DaysSettings as Days
from microcrm.state.settings_days import ExceptionLine, HolidayLine
from microcrm.state.settings_days import HolidaySettings as Holidays
from microcrm.state.settings_hours import ShopHours as Week


def settings_hours() -> rx.Component:
    return settings_screen(
        "Hours and holidays",
        _week(),
        _days(),
        _holidays(),
        _day_panel(),
        here="/settings/hours",
        sub="Customers can book only inside these hours",
    )


def _week() -> rx.Component:
    return card(
        "Ordinary week",
        rx.cond(
            Week.is_ready,
            rx.fragment(
                week_fields(
                    Week.week,
                    Week.errors,
                    set_time=Week.set_time,
                    add=Week.add_window,
                    drop=Week.drop_window,
                    copy=Week.copy_day,
                ),
                rx.el.div(
                    button("Save hours", kind="primary", busy=Week.is_saving, on_click=Week.save),
                    class_name="form-actions",
                ),
            ),
            skeleton_lines(7),
        ),
        sub="A gap between two lines is a break",
    )


def _days() -> rx.Component:
    nothing = blank("calendar_off", "No special days", "Add a day on which you are closed or keep other hours.")
    return card(
        "Special days",
        rx.cond(
            Days.is_ready,
            rx.cond(Days.rows.length() > 0, rx.el.ul(rx.foreach(Days.rows, _day), class_name="list"), nothing),
            skeleton_lines(2),
        ),
        actions=[button("Add a day", icon="plus", on_click=Days.start)],
        padded=False,
    )


def _day(row: ExceptionLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.words, class_name="num"),
            rx.cond(row.reason != "", rx.el.p(row.reason, class_name="meta")),
        ),
        rx.el.span(class_name="spring"),
        rx.cond(row.is_closed, chip("Closed"), chip(row.hours, "info")),
        icon_button("x", "Ordinary hours on this day", kind="quiet", on_click=Days.clear(row.day)),
        key=row.day,
    )


def _day_panel() -> rx.Component:
    return panel(
        "A special day",
        rx.el.form(
            error_summary(Days.errors, {"day": "Day", "until": "Until", "windows": "Hours", "reason": "Reason"}),
            segmented("What is special", [("closed", "Closed"), ("hours", "Other hours")], Days.kind, Days.pick_kind),
            text_field("day", "Day", Days.errors, type="date"),
            text_field(
                "until",
                "Until",
                Days.errors,
                type="date",
                optional=True,
                hint="For several days in a row, both included",
            ),
            rx.cond(
                Days.kind == "hours",
                rx.el.div(
                    rx.el.div(
                        text_field("from", "From", Days.errors, type="time"),
                        text_field("to", "To", Days.errors, type="time"),
                        class_name="grid-2",
                    ),
                    field_error("windows", Days.errors),
                ),
            ),
            text_field(
                "reason", "Reason", Days.errors, optional=True, max_length=80, hint="Your team sees it in the calendar"
            ),
            form_footer(button("Cancel", on_click=Days.close), submit("Save")),
            on_submit=Days.save,
            class_name="form",
            no_validate=True,
        ),
        open=Days.is_adding,
        on_close=Days.close,
    )


def _holidays() -> rx.Component:
    return card(
        "Public holidays",
        rx.cond(
            Holidays.is_ready,
            rx.fragment(
                rx.el.div(
                    rx.el.label(
                        rx.el.span("State", class_name="sr-only"),
                        rx.el.select(
                            rx.el.option("Choose a State", value="", disabled=True),
                            *[rx.el.option(name, value=code) for code, name in choices()],
                            value=Holidays.state_code,
                            on_change=Holidays.pick_state,
                            class_name="input",
                        ),
                    ),
                    rx.el.label(
                        rx.el.span("Year", class_name="sr-only"),
                        rx.el.select(
                            rx.foreach(Holidays.years, _year),
                            value=Holidays.year,
                            on_change=Holidays.pick_year,
                            class_name="input",
                        ),
                    ),
                    class_name="row",
                ),
                rx.cond(Holidays.rows.length() + Holidays.past.length() > 0, _holiday_form()),
            ),
            skeleton_lines(6, "44px"),
        ),
        sub="Tick those on which you stay closed",
    )


def _year(year: rx.Var[str]) -> rx.Component:
    return rx.el.option(year, value=year, key=year)


def _holiday_form() -> rx.Component:
    return rx.el.form(
        rx.cond(
            Holidays.past.length() > 0,
            rx.el.details(
                rx.el.summary("Days of this year that are over"),
                rx.el.ul(rx.foreach(Holidays.past, _holiday), class_name="ticks"),
                class_name="more",
            ),
        ),
        rx.el.ul(rx.foreach(Holidays.rows, _holiday), class_name="ticks"),
        rx.el.div(button("Save holidays", kind="next", type="submit"), class_name="form-actions"),
        on_submit=Holidays.save,
        class_name="form",
        key=Holidays.drawn.to_string(),
    )


def _holiday(row: HolidayLine) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            rx.el.input(type="checkbox", name=row.name, default_checked=row.is_kept),
            rx.el.span(row.words, rx.cond(row.note != "", rx.el.small(row.note))),
            class_name="check",
        ),
        rx.el.span(row.day, class_name="meta num"),
        class_name="plain",
        key=row.name,
    )
