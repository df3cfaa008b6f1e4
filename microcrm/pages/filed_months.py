"""The card of the months that are filed."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit, text_button
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import confirm, dialog, form_footer
from microcrm.components.feedback import skeleton_lines
from microcrm.components.fields import text_field
from microcrm.state.filed_months import FiledMonths as S
from microcrm.state.filed_months import MonthLine


def filed_months() -> rx.Component:
    return rx.fragment(
        card(
            "Filed months",
            rx.cond(S.is_read, rx.el.ul(rx.foreach(S.months, _month), class_name="list"), skeleton_lines(4)),
            sub="Nothing dated in them is issued or cancelled any more; corrections are notes of today",
            padded=False,
        ),
        confirm(
            "Mark " + S.asked_words + " as filed?",
            "It and all months before it are closed: no bill gets a date in them, and none of theirs is cancelled.",
            open=(S.asked != "") & ~S.is_opening,
            on_close=S.close,
            on_confirm=S.file,
            action="Mark as filed",
        ),
        dialog(
            "Open " + S.asked_words + " again?",
            rx.el.form(
                text_field("reason", "Reason", S.errors, form="filed", max_length=200),
                form_footer(submit("Open it again"), button("Keep it closed", on_click=S.close)),
                on_submit=S.open_again,
                class_name="form",
            ),
            open=(S.asked != "") & S.is_opening,
            on_close=S.close,
            description="What changes in it then differs from the return that was filed. The reason stays in the activity log.",
        ),
    )


def _month(month: rx.Var[MonthLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(rx.el.span(month.words), rx.cond(month.is_filed, chip("Filed", "ok")), class_name="row"),
            rx.el.span(month.about, class_name="meta"),
            class_name="stack-xs",
        ),
        rx.cond(month.may_file, text_button("Mark as filed", on_click=S.ask(month.key, "file"))),
        rx.cond(month.may_open, text_button("Open again", on_click=S.ask(month.key, "open"))),
        class_name="bill-related",
        key=month.key,
    )
