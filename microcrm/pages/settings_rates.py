"""Tax rates on the billing page: the shop's own first, then the tax book with its citations."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, icon_button, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import check_field, select_field, text_field
from microcrm.domain.taxbook import KINDS
from microcrm.state.settings_rates import RateLine
from microcrm.state.settings_rates import TaxRates as S


def rates() -> rx.Component:
    return rx.fragment(
        card(
            "Tax rates of your own",
            rx.cond(
                S.own.length() > 0,
                rx.el.ul(rx.foreach(S.own, _own), class_name="list"),
                rx.el.p("None: the rates below hold.", class_name="muted pad"),
            ),
            sub="They go before the book, from their day on",
            actions=[button("Add a rate", icon="plus", on_click=S.begin, disabled=~S.is_hydrated)],
            padded=False,
        ),
        card(
            "Tax book",
            rx.el.ul(rx.foreach(S.book, _rate), class_name="list"),
            sub="Software defaults as of Nov 2026, not tax advice: ask your accountant",
            padded=False,
        ),
        panel("Add a tax rate", _form(), open=S.is_adding, on_close=S.close),
    )


def _own(line: rx.Var[RateLine]) -> rx.Component:
    return _rate(line, icon_button("x", "Remove this rate", kind="quiet", on_click=S.remove(line.id)))


def _rate(line: rx.Var[RateLine], *actions: rx.Component) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.b(line.kind),
            rx.el.span(rx.cond(line.sac != "", "SAC/HSN " + line.sac + " · ", ""), line.days, class_name="meta num"),
            rx.el.span(line.citation, class_name="meta"),
            class_name="tax-rate",
        ),
        rx.cond(line.is_used, chip(line.rate, "ok", "check"), chip(line.rate)),
        *actions,
        key=line.kind + line.days + line.sac,
        class_name="row tax-rate-row",
    )


def _form() -> rx.Component:
    return rx.el.form(
        select_field(
            "tax_class",
            "Kind of service or goods",
            S.errors,
            [(kind.value, words.label) for kind, words in KINDS.items()],
            form="rate",
        ),
        text_field(
            "sac", "Only for SAC or HSN", S.errors, optional=True, form="rate", input_mode="numeric", max_length=8,
            hint="Empty: for the whole kind",
        ),
        text_field("rate", "GST", S.errors, after="%", form="rate", input_mode="decimal", max_length=6),
        check_field("is_exempt", "Exempt from GST", hint="Then there is no rate, and the bill is a bill of supply"),
        rx.el.div(
            text_field("valid_from", "From", S.errors, type="date", form="rate"),
            text_field("valid_to", "To", S.errors, type="date", optional=True, form="rate"),
            class_name="grid-2",
        ),
        text_field(
            "citation", "Why", S.errors, form="rate", max_length=200,
            hint="The notification or who told you, so that everybody can check it later",
        ),
        form_footer(submit("Add the rate"), button("Close", on_click=S.close)),
        on_submit=S.add,
        class_name="form",
        key=S.drawn.to_string(),
        no_validate=True,
    )  # fmt: skip
