"""Tasks on Today: due, or late."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link
from microcrm.components.cards import card
from microcrm.pages.customer_tasks import MAY_DO, due_chip, tick
from microcrm.state.customer_tasks import TaskRow
from microcrm.state.today_tasks import TodayTasks as S


def due_tasks() -> rx.Component:
    """Nothing while nothing is due."""
    return rx.cond(
        S.rows.length() > 0,
        card("Tasks", rx.el.ul(rx.foreach(S.rows, _task), class_name="todos"), sub=S.words, padded=False),
    )


def _task(row: rx.Var[TaskRow]) -> rx.Component:
    customer = rx.cond(row.href != "", link(row.customer, row.href), rx.el.span(row.customer))
    return rx.el.li(
        rx.cond(MAY_DO, tick(row, S.finish(row.id))),
        rx.el.div(
            rx.el.p(row.title),
            rx.el.p(
                customer,
                due_chip(row),
                rx.cond(S.is_everybodys, rx.el.span(row.who, class_name="meta")),
                class_name="row",
            ),
            class_name="what",
        ),
        key=row.id,
    )
