"""Who did what when, in plain words, and the way back."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.feedback import blank
from microcrm.components.tables import Column, cell, table
from microcrm.domain.activity_tables import KINDS
from microcrm.operations.activity import ActivityRow, Person
from microcrm.pages.frame import screen
from microcrm.state.activity import ActivityPage as S
from microcrm.state.base import AppState

COLUMNS = (Column("What happened"), Column("When", width="210px"), Column("Actions", right=True, width="110px"))


def activity() -> rx.Component:
    return screen(
        "Activity",
        _filters(),
        table("Activity", COLUMNS, S.rows, _row, loaded=S.is_listed, empty=_nothing(), footer=_pages()),
        here="/activity",
        sub="Every change in your business. Nothing can be removed from this list.",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        rx.el.select(
            rx.el.option("Everything", value=""),
            *[rx.el.option(words, value=kind) for kind, (words, _) in KINDS.items()],
            value=S.kind,
            on_change=S.pick_kind,
            class_name="input",
            aria_label="What it is about",
        ),
        rx.el.select(
            rx.el.option("Everybody", value=""),
            rx.foreach(S.persons, _person),
            value=S.member,
            on_change=S.pick_member,
            class_name="input",
            aria_label="Who did it",
        ),
        class_name="filters",
    )


def _person(person: rx.Var[Person]) -> rx.Component:
    return rx.el.option(person.label, value=person.value, key=person.value)


def _row(row: rx.Var[ActivityRow]) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(
                rx.el.span(row.who, class_name="strong"),
                " " + row.what,
                rx.cond(row.about != "", rx.el.span(": " + row.about, class_name="muted")),
            ),
        ),
        cell(row.day, ", ", row.time, class_name="num"),
        cell(
            rx.cond(row.undo != "", button("Undo", icon="undo_2", kind="quiet", on_click=AppState.undo(row.undo))),
            column=COLUMNS[2],
        ),
        key=row.id,
    )


def _nothing() -> rx.Component:
    is_filtered = (S.kind != "") | (S.member != "")
    return rx.cond(
        is_filtered,
        blank("search_x", "Nothing like that", "Choose another kind or another person."),
        blank(
            "history", "Nothing has happened yet", "Changes to visits, customers, staff and settings are listed here."
        ),
    )


def _pages() -> rx.Component:
    return rx.cond(
        S.is_later | S.has_more,
        rx.el.nav(
            rx.cond(S.is_later, button("Newest", on_click=S.show_newest)),
            rx.el.span(class_name="spring"),
            rx.cond(S.has_more, button("Older", on_click=S.show_older)),
            class_name="row pad",
            aria_label="Pages",
        ),
    )
