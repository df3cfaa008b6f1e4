"""Possible duplicates: pairs with what speaks for them, and the two records side by side before they are merged."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, crumb, link, submit, text_button
from microcrm.components.cards import card
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.fields import error_summary, search_field
from microcrm.domain.merging import FIELDS, Choice
from microcrm.pages.frame import screen
from microcrm.state.customer_finding import Person
from microcrm.state.duplicates import Duplicates, FieldRow, PairRow, SideRow
from microcrm.state.duplicates import MergeForm as M

_LABELS = {field.name: field.label for field in FIELDS}


def duplicates() -> rx.Component:
    found = rx.cond(
        Duplicates.pairs.length() > 0,
        rx.el.ul(rx.foreach(Duplicates.pairs, _pair), class_name="list"),
        blank(
            "users",
            "No duplicates found",
            "Customers with the same phone, email or birthday and a similar name are listed here.",
        ),
    )
    return screen(
        "Possible duplicates",
        rx.el.div(
            rx.cond(Duplicates.one.id != "", _other()),
            card(
                "Pairs that may be one person",
                rx.cond(Duplicates.is_read, found, skeleton_lines(6)),
                sub="The likeliest first. A merge can be taken apart.",
                padded=False,
            ),
            class_name="stack",
        ),
        merge_dialog(),
        here="/customers",
        back=crumb("Customers", "/customers"),
    )


def _other() -> rx.Component:
    """For whoever came from a customer's page."""
    return card(
        "Merge " + Duplicates.one.name + " with",
        search_field(
            "Search for the other customer",
            "",
            Duplicates.find,
            restart=Duplicates.one.id,
            placeholder="Name or last digits",
        ),
        rx.cond(
            Duplicates.people.length() > 0,
            rx.el.ul(rx.foreach(Duplicates.people, _person), class_name="list"),
            rx.cond(Duplicates.words != "", rx.el.p("Nobody found.", class_name="meta", role="status")),
        ),
    )


def _person(person: rx.Var[Person]) -> rx.Component:
    return rx.el.li(
        rx.el.div(rx.el.p(person.name), rx.el.p(person.phone, class_name="meta num"), class_name="entry-text"),
        rx.el.span(class_name="spring"),
        rx.cond(person.id != Duplicates.one.id, button("Compare", on_click=M.begin(Duplicates.one.id, person.id))),
        key=person.id,
    )


def _pair(row: rx.Var[PairRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(_side(row.first), _side(row.second), class_name="twins"),
        rx.el.span(row.why, class_name="meta"),
        rx.el.span(class_name="spring"),
        text_button("Not the same", on_click=Duplicates.not_the_same(row.first.id, row.second.id)),
        button("Compare", on_click=M.begin(row.first.id, row.second.id)),
        class_name="twin-row",
        key=row.key,
    )


def _side(side: rx.Var[SideRow]) -> rx.Component:
    return rx.el.div(link(side.name, "/customer?id=" + side.id), rx.el.p(side.line, class_name="meta num"))


def merge_dialog() -> rx.Component:
    return dialog(
        "Merge two customers",
        rx.el.form(
            error_summary(M.errors, _LABELS, form="merge"),
            rx.el.p(
                rx.el.b(M.form.kept), " is kept, ", rx.el.b(M.form.gone), " becomes part of it. ",
                text_button("Keep the other one", on_click=M.swap),
            ),
            rx.cond(
                M.form.fields.length() > 0,
                rx.el.div(rx.foreach(M.form.fields, _field), class_name="stack-s"),
                rx.el.p("Both say the same.", class_name="muted"),
            ),
            rx.el.p(M.form.line, class_name="meta"),
            form_footer(button("Cancel", on_click=M.close), submit("Merge", busy=M.is_saving)),
            on_submit=M.save,
            class_name="form",
            key=M.form.kept_id + "-" + M.form.gone_id,
            no_validate=True,
        ),
        open=M.form.kept_id != "",
        on_close=M.close,
        wide=True,
    )  # fmt: skip


def _field(row: rx.Var[FieldRow]) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(row.label),
        rx.el.div(
            rx.cond(row.has_one, _choice(row, Choice.KEPT, row.one)),
            rx.cond(row.has_other, _choice(row, Choice.GONE, row.other)),
            rx.cond(row.has_both, _choice(row, Choice.BOTH, rx.Var.create("Both"))),
            class_name="choices choices-aside",
        ),
        class_name="plain-set",
        key=row.name,
    )


def _choice(row: rx.Var[FieldRow], choice: Choice, words: rx.Var[str]) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="radio", name=row.name, value=choice.value, default_checked=row.default == choice.value),
        rx.el.span(words),
    )
