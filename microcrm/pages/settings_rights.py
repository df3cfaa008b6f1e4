"""What one person may do, and handing over before somebody leaves."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link_button, submit
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.feedback import alert
from microcrm.components.fields import error_summary, select_field, switch_field
from microcrm.domain.permission_words import ROLE_SENTENCES
from microcrm.domain.permissions import ROLE_LABELS, Role
from microcrm.state.settings_rights import DepartureDialog as D
from microcrm.state.settings_rights import RightLine, VisitLine
from microcrm.state.settings_rights import RightsDialog as R


def rights_panel() -> rx.Component:
    role = rx.el.div(
        rx.el.label("Role", html_for="f-role"),
        rx.el.select(
            *[rx.el.option(ROLE_LABELS[role], value=role.value) for role in Role],
            value=R.role,
            on_change=R.pick_role,
            id="f-role",
            class_name="input",
        ),
        rx.el.p(
            rx.match(R.role, *[(role.value, words) for role, words in ROLE_SENTENCES.items()], ""), class_name="hint"
        ),
        class_name="field",
    )
    return panel(
        R.name,
        rx.el.form(
            error_summary(R.errors, {"rights": "Rights", "role": "Role"}),
            role,
            rx.cond(
                R.role == Role.OWNER.value,
                alert("info", "An owner may do everything.", "Nothing can be taken from the role."),
                _rights(),
            ),
            form_footer(button("Cancel", on_click=R.close), submit("Save")),
            on_submit=R.save,
            class_name="form",
        ),
        open=R.is_open,
        on_close=R.close,
        description="Role and rights",
    )


def _rights() -> rx.Component:
    """Drawn anew for another role, with its boxes ticked."""
    return rx.fragment(
        switch_field(
            "is_own",
            "Sees only their own column in the calendar",
            checked=R.is_own_only,
            hint="Even when the rights below allow more",
        ),
        rx.el.fieldset(
            rx.el.legend("Rights"),
            rx.el.ul(rx.foreach(R.rights, _right), class_name="ticks"),
            class_name="plain-set",
        ),
        key=R.role + R.version,
    )


def _right(row: RightLine) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            rx.el.input(type="checkbox", name="right_" + row.value, default_checked=row.is_on),
            rx.el.span(row.words),
            class_name="check",
        ),
        rx.el.span(rx.cond(row.is_usual, "with the role", ""), class_name="meta"),
        class_name="plain",
        key=row.value,
    )


def departure_dialog() -> rx.Component:
    return dialog(
        "Deactivate " + D.name,
        rx.el.p("They can no longer sign in or be booked. Past bookings stay as they are. You can bring them back."),
        rx.cond(D.visits > 0, _hand_over()),
        rx.el.div(
            button("Keep", on_click=D.close),
            button("Deactivate", kind="danger-solid", disabled=D.visits > 0, on_click=D.deactivate),
            class_name="form-actions",
        ),
        open=D.is_open,
        on_close=D.close,
    )


def _hand_over() -> rx.Component:
    return rx.el.div(
        rx.el.p(D.summary, " must go to somebody else first:", class_name="strong"),
        rx.el.ul(rx.foreach(D.lines, _visit), class_name="ticks"),
        rx.el.form(
            select_field("to_member_id", "Hand over to", D.errors, D.takers, blank="Choose a person", form="departure"),
            rx.el.div(
                button("Hand over", kind="next", type="submit"),
                link_button("Open the calendar", "/calendar", kind="quiet"),
                class_name="form-actions",
            ),
            on_submit=D.hand_over,
            class_name="form",
        ),
        class_name="stack-s",
    )


def _visit(row: VisitLine) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.words, class_name="num"), rx.cond(row.reason != "", rx.el.p(row.reason, class_name="error"))
        ),
        class_name="plain",
        key=row.key,
    )
