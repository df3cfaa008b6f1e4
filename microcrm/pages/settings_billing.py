"""Settings, Billing."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link
from microcrm.components.cards import card, facts
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.fields import (
    area_field,
    choice_field,
    control_props,
    field_error,
    select_field,
    switch_field,
    text_field,
)
from microcrm.domain.registration import WORDS
from microcrm.pages.filed_months import filed_months
from microcrm.pages.settings_frame import settings_screen
from microcrm.pages.settings_rates import rates
from microcrm.state.settings_billing import BillingSettings as S
from microcrm.state.settings_billing import SeriesLine

_WHY = {
    "regular": "You collect GST and write tax invoices",
    "composition": "You pay 6 % yourself and write bills of supply without tax",
    "none": "You write plain bills without GSTIN or tax",
}


def settings_billing() -> rx.Component:
    return settings_screen(
        "Billing",
        rx.cond(
            S.is_ready,
            rx.fragment(_registration(), _returns(), filed_months(), _prices(), _paid(), _paper(), _numbers(), rates()),
            card("Registration", skeleton_lines(4)),
        ),
        here="/settings/billing",
        sub="What your bills say, how they are numbered and where they are paid",
    )


def _registration() -> rx.Component:
    return card(
        "Registration",
        facts(
            ("GSTIN", rx.cond(S.form.gstin != "", rx.el.span(S.form.gstin, class_name="num"), "None")),
            ("Legal name", rx.cond(S.form.legal_name != "", S.form.legal_name, "Same as the shop’s name")),
        ),
        rx.el.p("Both come from ", link("Business and GST", "/settings/business"), ".", class_name="meta"),
        rx.cond(
            (S.form.gstin != "") & (S.form.registration == "none"),
            alert("warn", "You have a GSTIN, but your bills say you are not registered",
                  "Choose what holds and from which day; until then no bill can be issued."),
        ),
        rx.el.form(
            choice_field(
                "registration", "Under GST the shop is", S.errors,
                [(kind.value, words, _WHY[kind.value]) for kind, words in WORDS.items()], value=S.form.registration,
            ),
            text_field(
                "registered_from", "From", S.errors, type="date", optional=True,
                hint="The first day it holds. Empty: from today",
            ),
            rx.cond(S.form.history != "", rx.el.p(S.form.history, class_name="muted")),
            _save("registration"),
            on_submit=S.save_registration, class_name="form", key=f"registration-{S.form.version}", no_validate=True,
        ),
    )  # fmt: skip


def _returns() -> rx.Component:
    return rx.cond(
        S.form.gstin != "",
        card(
            "GST returns",
            rx.el.form(
                switch_field(
                    "is_quarterly", "We file by the quarter (QRMP)", checked=S.form.is_quarterly,
                    hint="Open to those with a turnover of up to ₹5 crore",
                ),
                switch_field(
                    "has_e_invoices", "Bills to businesses need an e-invoice", checked=S.form.has_e_invoices,
                    hint="Once the turnover of your PAN has passed ₹5 crore in a year. The file is on the bill; you "
                    "upload it on the portal",
                ),
                field_error("has_e_invoices", S.errors),
                _save("returns"),
                on_submit=S.save_returns, class_name="form", key=f"returns-{S.form.version}", no_validate=True,
            ),
        ),
    )  # fmt: skip


def _prices() -> rx.Component:
    return card(
        "Prices and dates",
        rx.el.form(
            switch_field(
                "is_price_with_tax", "Prices typed on a bill include GST", checked=S.form.is_price_with_tax,
                hint="Services of the price list know their own",
            ),
            switch_field(
                "is_rounded", "Round the total to a whole rupee", checked=S.form.is_rounded,
                hint="The difference is a line of its own on the bill",
            ),
            rx.el.div(
                text_field(
                    "due_days", "Bills are due after", S.errors, value=S.form.due_days, after="days",
                    input_mode="numeric", max_length=3, hint="0: on the day itself",
                ),
                class_name="grid-2",
            ),
            _save("prices"),
            on_submit=S.save_prices, class_name="form", key=f"prices-{S.form.version}", no_validate=True,
        ),
    )  # fmt: skip


def _paid() -> rx.Component:
    return card(
        "Where customers pay",
        rx.el.form(
            rx.el.div(
                text_field(
                    "upi_id", "UPI ID", S.errors, value=S.form.upi_id, optional=True, placeholder="name@bank",
                    max_length=130, auto_complete="off", spell_check=False, hint="Makes the code to scan on each bill",
                ),
                text_field(
                    "upi_name", "Name at the bank", S.errors, value=S.form.upi_name, optional=True, max_length=80,
                    hint="What the customer’s app shows",
                ),
                class_name="grid-2",
            ),
            area_field(
                "bank", "Bank details", S.errors, value=S.form.bank, rows=3, optional=True,
                hint="Account number and IFSC, for those who transfer",
            ),
            _save("paid"),
            on_submit=S.save_paid, class_name="form", key=f"paid-{S.form.version}", no_validate=True,
        ),
    )  # fmt: skip


def _paper() -> rx.Component:
    return card(
        "On the printed bill",
        rx.el.form(
            select_field(
                "second_language", "Labels in a second language", S.errors,
                [("", "English only"), ("hi", "English and Hindi"), ("kn", "English and Kannada")],
                value=S.form.second_language,
            ),
            area_field("terms", "Terms", S.errors, value=S.form.terms, rows=3, optional=True),
            text_field(
                "footer", "Last line", S.errors, value=S.form.footer, optional=True, max_length=120,
                placeholder="Thank you, visit again",
            ),
            _save("paper"),
            on_submit=S.save_paper, class_name="form", key=f"paper-{S.form.version}", no_validate=True,
        ),
    )  # fmt: skip


def _numbers() -> rx.Component:
    return card(
        "Numbers",
        rx.el.form(
            rx.el.p(
                "{FY} is the financial year as 2627, {YY} and {MM} year and month, {NNNN} the running number. At most 16 "
                "letters, digits, / and -. Numbers are given when a bill is issued and have no gap.",
                class_name="hint",
            ),
            rx.el.div(
                rx.el.div(
                    rx.el.span("Document"), rx.el.span("Pattern"), rx.el.span("Next number"),
                    class_name="series-line meta", aria_hidden="true",
                ),
                rx.foreach(S.series, _series),
                class_name="series-lines",
            ),
            field_error("patterns", S.errors),
            _save("numbers"),
            on_submit=S.save_numbers, class_name="form", key=f"numbers-{S.form.version}", no_validate=True,
        ),
        sub="One series for each kind of document and financial year",
    )  # fmt: skip


def _series(line: rx.Var[SeriesLine]) -> rx.Component:
    name = "pattern_" + line.kind
    return rx.el.div(
        rx.el.label(line.title, html_for="f-" + name),
        rx.el.div(
            rx.el.input(
                **control_props(name, S.errors),
                default_value=line.pattern,
                on_change=S.preview(line.kind).debounce(250),
                max_length=30,
                auto_complete="off",
                spell_check=False,
            ),
            field_error(name, S.errors),
        ),
        rx.el.output(rx.cond(line.number != "", line.number, "–"), html_for="f-" + name, class_name="num"),
        class_name="series-line",
        key=line.kind,
    )


def _save(section: str) -> rx.Component:
    """Plain, not solid: there is one on each card."""
    return rx.el.div(button("Save", kind="next", busy=S.saving == section, type="submit"), class_name="form-actions")
