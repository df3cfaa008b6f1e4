"""On a customer's page: who was merged into them, and the question before that is taken apart."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit, text_button
from microcrm.components.cards import card
from microcrm.components.dialogs import dialog, form_footer
from microcrm.state.customer_merges import CustomerMerges as S
from microcrm.state.customer_merges import MergeRow
from microcrm.state.forms import Option


def customer_merges() -> rx.Component:
    """For those who may merge."""
    return rx.cond(
        S.rows.length() > 0,
        rx.fragment(card("Merged", rx.el.ul(rx.foreach(S.rows, _row), class_name="list"), padded=False), _question()),
    )


def _row(row: rx.Var[MergeRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(rx.el.p(row.name), rx.el.p(row.when, class_name="meta num"), class_name="entry-text"),
        rx.el.span(class_name="spring"),
        text_button("Take apart", on_click=S.ask(row.id)),
        key=row.id,
    )


def _question() -> rx.Component:
    since = rx.el.fieldset(
        rx.el.legend("Visits since then that are " + S.asked.name + "’s"),
        rx.el.ul(rx.foreach(S.asked.since, _visit), class_name="ticks"),
        class_name="plain-set",
    )
    return dialog(
        "Take " + S.asked.name + " apart again",
        rx.el.form(
            rx.el.p(
                "Everything that came with them goes back. What was added since stays here, and so does what somebody has "
                "changed since."
            ),
            rx.cond(S.asked.since.length() > 0, since),
            form_footer(button("Keep them together", on_click=S.close), submit("Take apart", busy=S.is_saving)),
            on_submit=S.take_apart,
            class_name="form",
            key=S.asked.id,
        ),
        open=S.asked.id != "",
        on_close=S.close,
    )


def _visit(visit: rx.Var[Option]) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            rx.el.input(type="checkbox", name="visit_" + visit.value), rx.el.span(visit.label, class_name="num"),
            class_name="check",
        ),
        key=visit.value,
    )  # fmt: skip
