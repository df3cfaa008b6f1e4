"""What is still to do for a customer, on their page, and the form of one task."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, icon_button, menu, menu_item, menu_trigger, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import skeleton_lines
from microcrm.components.fields import error_summary, select_field, text_field
from microcrm.domain.permissions import Permission
from microcrm.state.customer_tasks import CustomerTasks as S
from microcrm.state.customer_tasks import TaskRow

MAY_DO = S.allowed.contains(Permission.BOOKINGS_OWN.value)
_LABELS = {"title": "What to do", "due_on": "By when", "member_id": "Who does it"}


def tasks() -> rx.Component:
    listed = rx.cond(
        S.rows.length() > 0,
        rx.el.ul(rx.foreach(S.rows, _task), class_name="todos"),
        rx.el.p(
            rx.cond(MAY_DO, "Nothing to do. A call, a reminder, an order.", "Nothing to do."), class_name="pad muted"
        ),
    )
    return rx.fragment(
        card(
            "Tasks",
            rx.cond(S.is_read, listed, skeleton_lines(1)),
            actions=[rx.cond(MAY_DO, button("Task", icon="plus", kind="quiet", on_click=S.begin))],
            padded=False,
        ),
        _dialog(),
    )


def tick(row: rx.Var[TaskRow], on_press: rx.event.EventSpec) -> rx.Component:
    return icon_button("circle", "Done: " + row.title, kind="quiet", class_name="tick", on_click=on_press)


def due_chip(row: rx.Var[TaskRow]) -> rx.Component:
    return rx.cond(row.is_late, chip(row.due, "bad"), chip(row.due, "info"))


def _task(row: rx.Var[TaskRow]) -> rx.Component:
    return rx.el.li(
        rx.cond(MAY_DO, tick(row, S.finish(row.id))),
        rx.el.div(
            rx.el.p(row.title),
            rx.el.p(due_chip(row), rx.el.span(row.who, class_name="meta"), class_name="row"),
            class_name="what",
        ),
        rx.cond(MAY_DO, _menu(row)),
        key=row.id,
    )


def _menu(row: rx.Var[TaskRow]) -> rx.Component:
    uid = rx.Var.create("task-") + row.id
    return menu(
        uid,
        menu_trigger(uid, "Change task"),
        menu_item(uid, "Edit", icon="pencil", on_click=S.begin_editing(row.id)),
        menu_item(uid, "Delete", icon="trash_2", danger=True, on_click=S.remove(row.id)),
    )


def _dialog() -> rx.Component:
    form = S.form
    return dialog(
        rx.cond(form.id == "", "New task", "Edit task"),
        rx.cond(
            form.is_open,
            rx.el.form(
                error_summary(S.errors, _LABELS, form="task"),
                text_field(
                    "title", "What to do", S.errors, value=form.title, form="task", max_length=200, auto_focus=True,
                    auto_complete="off",
                ),
                text_field("due_on", "By when", S.errors, value=form.day, form="task", type="date"),
                select_field("member_id", "Who does it", S.errors, S.takers, value=form.member_id, form="task"),
                form_footer(button("Cancel", on_click=S.close), submit(busy=S.is_saving)),
                on_submit=S.save,
                class_name="form",
            ),
        ),
        open=form.is_open,
        on_close=S.close,
    )  # fmt: skip
