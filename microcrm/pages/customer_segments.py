"""Above the list of customers: the groups that somebody looks at again and again; and the panel in which one is made."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, submit, text_button
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import check_field, error_summary, money_field, select_field, text_field
from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.permissions import Permission
from microcrm.state.customer_segments import Segments, SegmentTab
from microcrm.state.customers import Customers

_LABELS = {
    "name": "Name",
    "not_seen_days": "Not seen for",
    "first_visit_days": "First visit in the last",
    "least_visits": "Visits, at least",
    "spent_paise": "Billed, at least",
    "tags_any": "Any of these tags",
    "tags_all": "All of these tags",
    "tags_none": "None of these tags",
}
_BIRTHDAYS = [("0", "This month"), *((str(place), month) for place, month in enumerate(MONTHS, 1))]
_ADDED = [
    ("0", "This month"),
    ("30", "In the last 30 days"),
    ("90", "In the last 90 days"),
    ("365", "In the last year"),
]
FORM = Segments.form
MAY_EDIT = Segments.allowed.contains(Permission.CUSTOMERS_EDIT.value)
MAY_WRITE = Segments.allowed.contains(Permission.CAMPAIGNS_SEND.value)
MAY_SEE_BILLS = Segments.allowed.contains(Permission.INVOICES_VIEW.value)


def segment_tabs() -> rx.Component:
    everybody = rx.el.button(
        "All", type="button", aria_pressed=_pressed(Customers.segment == ""), on_click=Customers.pick_segment("")
    )
    return rx.el.div(
        rx.el.nav(everybody, rx.foreach(Segments.tabs, _tab), class_name="segment-tabs", aria_label="Segments"),
        rx.cond(
            MAY_EDIT, button("Segment", icon="plus", kind="quiet", on_click=Segments.start, aria_label="New segment")
        ),
        class_name="segments",
    )


def segment_words() -> rx.Component:
    """What the pressed one means, and the way to change it."""
    return rx.foreach(Segments.tabs, _words)


def segment_panel() -> rx.Component:
    return panel(
        rx.cond(FORM.key != "", "Change segment", "New segment"),
        rx.cond(Segments.is_open, _form()),
        description="Everybody for whom all of this is true. Leave empty what does not matter.",
        open=Segments.is_open,
        on_close=Segments.close,
    )


def _tab(tab: rx.Var[SegmentTab]) -> rx.Component:
    return rx.el.button(
        tab.name,
        rx.cond(tab.count != "", rx.el.span(tab.count, class_name="count num")),
        type="button",
        aria_pressed=_pressed(Customers.segment == tab.key),
        on_click=Customers.pick_segment(tab.key),
        key=tab.key,
    )


def _pressed(is_pressed: rx.Var[bool]) -> rx.Var[str]:
    return rx.cond(is_pressed, "true", "false")


def _words(tab: rx.Var[SegmentTab]) -> rx.Component:
    return rx.cond(
        Customers.segment == tab.key,
        rx.el.p(
            tab.words,
            rx.cond(
                tab.is_own & MAY_EDIT, rx.fragment(" · ", text_button("Change", on_click=Segments.change(tab.key)))
            ),
            rx.cond(MAY_WRITE, rx.fragment(" · ", link("Campaign to them", "/campaigns?segment=" + tab.key))),
            class_name="meta segment-words",
            key=tab.key,
        ),
    )


def _form() -> rx.Component:
    errors = Segments.errors
    return rx.el.form(
        error_summary(errors, _LABELS, form="seg"),
        rx.el.input(type="hidden", name="version", default_value=FORM.version),
        text_field("name", "Name", errors, value=FORM.name, max_length=40, auto_focus=True, auto_complete="off", form="seg"),
        _days("not_seen_days", FORM.not_seen_days),
        check_field("is_not_booked", "No visit booked", checked=FORM.is_not_booked),
        _days("first_visit_days", FORM.first_visit_days),
        select_field("added_days", "Added", errors, _ADDED, value=FORM.added_days, optional=True, blank="At any time", form="seg"),
        text_field(
            "least_visits", _LABELS["least_visits"], errors, value=FORM.least_visits, optional=True, input_mode="numeric",
            max_length=4, form="seg",
        ),
        select_field(
            "birthday_month", "Birthday", errors, _BIRTHDAYS, value=FORM.birthday_month, optional=True, blank="In any month",
            form="seg",
        ),
        rx.cond(
            MAY_SEE_BILLS,
            rx.fragment(
                money_field("spent_paise", _LABELS["spent_paise"], errors, value=FORM.spent_paise, optional=True, form="seg"),
                check_field("is_owing", "Owing money", checked=FORM.is_owing),
            ),
        ),
        *[_tags(name) for name in ("tags_any", "tags_all", "tags_none")],
        form_footer(
            rx.cond(FORM.key != "", button("Delete", kind="danger", on_click=Segments.remove)),
            button("Cancel", on_click=Segments.close),
            submit("Save", busy=Segments.is_saving),
        ),
        on_submit=Segments.save,
        class_name="form",
        key=FORM.key,
    )  # fmt: skip


def _days(name: str, value: rx.Var[str]) -> rx.Component:
    return text_field(
        name, _LABELS[name], Segments.errors, value=value, optional=True, after="days", input_mode="numeric", max_length=4,
        form="seg",
    )  # fmt: skip


def _tags(name: str) -> rx.Component:
    hint = "Words with commas between" if name == "tags_any" else ""
    return text_field(
        name, _LABELS[name], Segments.errors, value=getattr(FORM, name), optional=True, hint=hint, form="seg"
    )
