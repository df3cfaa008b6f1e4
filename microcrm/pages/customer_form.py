"""The form of a customer, the same for a new one and for one that is edited."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, link, submit
from microcrm.components.dialogs import form_footer
from microcrm.components.fields import area_field, check_field, error_summary, phone_field, text_field
from microcrm.operations.customer_view import NOBODY, CustomerView
from microcrm.state.customer import CustomerPage
from microcrm.state.customer_form import Alike
from microcrm.state.customers import NewCustomer

_LABELS = {
    "name": "Name",
    "phone": "Mobile number",
    "email": "Email",
    "birthday": "Birthday",
    "tags": "Tags",
    "address": "Address",
    "notes": "Note",
}


def customer_form(state: type[NewCustomer | CustomerPage], person: rx.Var[CustomerView] | CustomerView) -> rx.Component:
    """``state`` saves it; ``person`` is what the fields start with. Inputs keep what was typed whatever the server answers."""
    close = state.close if state is NewCustomer else state.stop_editing
    return rx.el.form(
        error_summary(state.errors, _LABELS),
        rx.el.input(type="hidden", name="version", default_value=person.version),
        text_field(
            "name", "Name", state.errors, value=person.name, max_length=120, auto_complete="off", auto_focus=True,
            on_change=_compared(state, "name"),
        ),
        phone_field(
            "phone", "Mobile number", state.errors, value=person.phone_input, on_change=_compared(state, "phone"),
            **_when_hidden(person, "phone"),
        ),
        _family(state),
        text_field(
            "email",
            "Email",
            state.errors,
            value=person.email_input,
            optional=True,
            type="email",
            auto_complete="off",
            on_change=_compared(state, "email"),
            **_when_hidden(person, "email"),
        ),
        _alike(state),
        text_field("birthday", "Birthday", state.errors, value=person.birthday_input, optional=True, type="date"),
        text_field(
            "tags",
            "Tags",
            state.errors,
            value=person.tags_input,
            optional=True,
            hint="Words with commas between, such as VIP, Bridal",
        ),
        *_notes(state, person),
        area_field("address", "Address", state.errors, value=person.address, optional=True, auto_complete="off"),
        form_footer(
            button("Cancel", on_click=close),
            submit("Add customer" if person is NOBODY else "Save", busy=state.is_saving),
        ),
        on_submit=state.save,
        class_name="form",
    )  # fmt: skip


def _compared(state: type[NewCustomer | CustomerPage], name: str) -> Any:
    return state.compare(name).debounce(400)


def _alike(state: type[NewCustomer | CustomerPage]) -> rx.Component:
    """A warning, never a refusal: two people may share a name."""
    return rx.el.div(
        rx.cond(
            state.alike.length() > 0,
            rx.el.div(
                rx.el.p("Is it one of these? They are here already.", class_name="strong"),
                rx.el.ul(rx.foreach(state.alike, _one_alike)),
                class_name="family stack-s",
            ),
        ),
        role="status",
    )


def _one_alike(one: rx.Var[Alike]) -> rx.Component:
    return rx.el.li(
        link(one.name, "/customer?id=" + one.id),
        " · ",
        one.why,
        rx.cond(one.hint != "", " · " + one.hint, ""),
        key=one.id,
    )


def _notes(state: type[NewCustomer | CustomerPage], person: rx.Var[CustomerView] | CustomerView) -> list[rx.Component]:
    """Only of a new customer: the others are on the page, each with its author."""
    hint = "Pinned on top of the customer’s page. The whole team can read it."
    return [area_field("notes", "Note", state.errors, optional=True, hint=hint)] if person is NOBODY else []


def _when_hidden(person: rx.Var[CustomerView] | CustomerView, name: str) -> dict[str, Any]:
    """Who may not see a phone or an email may still replace it; left empty it stays."""
    if person is NOBODY:
        return {}
    return {"hint": rx.cond(person.is_contact_hidden, "Leave it empty to keep the one on file: " + person[name], "")}


def _family(state: type[NewCustomer | CustomerPage]) -> rx.Component:
    """Two people may use one phone, but only when somebody says so."""
    return rx.cond(
        state.offers_family,
        rx.el.div(
            rx.cond(
                state.taken_id != "",
                rx.el.p(
                    "This number belongs to ",
                    link(state.taken_name, "/customer?id=" + state.taken_id),
                    ". If they are the same person, open that one instead.",
                ),
                rx.el.p("This number belongs to another customer of the shop."),
            ),
            check_field("is_family", "Somebody else in the family who uses the same phone"),
            class_name="family stack-s",
        ),
    )
