"""Whom something is for: a customer who is found by name or phone, or a new one. Part of a form."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.fields import Errors, check_field, field_error, phone_field, search_field, text_field


def known_customer(
    words: rx.Var[str],
    people: rx.Var[Any],
    find: rx.EventHandler,
    errors: Errors,
    *,
    form: str,
    chosen: rx.Var[str] | str = "",
    on_choose: rx.EventHandler | None = None,
    **box: Any,
) -> rx.Component:
    """``people`` have ``id``, ``name`` and ``phone``; ``words`` is what they were searched by. ``on_choose`` gets
    the id of whoever is chosen. ``box`` goes to the box."""

    def person(one: rx.Var[Any]) -> rx.Component:
        return rx.el.label(
            rx.el.input(
                type="radio", name="customer_id", value=one.id, default_checked=one.id == chosen,
                **({} if on_choose is None else {"on_change": on_choose}),
            ),
            rx.el.span(one.name),
            rx.el.span(one.phone, class_name="meta num"),
            key=one.id,
        )  # fmt: skip

    found = rx.el.fieldset(
        rx.el.legend("Customer", class_name="sr-only"), rx.foreach(people, person), class_name="people"
    )
    nobody = rx.el.p("Nobody found. Add them under New customer.", class_name="muted", role="status")
    return rx.el.div(
        search_field("Search customers", words, find, placeholder="Name or last 4 digits of the phone", **box),
        rx.cond(people.length() > 0, found, rx.cond(words != "", nobody)),
        field_error("customer_id", errors, form=form),
        class_name="stack-s",
        id=f"{form}-customer_id",
        tab_index=-1,
    )


def new_customer(errors: Errors, offers_family: rx.Var[bool], *, form: str) -> rx.Component:
    """``offers_family``: the phone is somebody else's already, and two people may share it."""
    return rx.el.div(
        text_field("name", "Name", errors, form=form, max_length=120, auto_complete="off"),
        phone_field("phone", "Mobile number", errors, form=form, optional=True),
        rx.cond(offers_family, check_field("is_family", "Somebody else in the family who uses the same phone")),
        class_name="stack-s",
    )
