"""Payments of a bill, and the dialogs that take money or correct."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, link, submit, text_button
from microcrm.components.cards import card
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.fields import check_field, error_summary, field_error, money_field, text_field
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.bill_rows import Amount
from microcrm.state.bills_view import PaidLine

_OTHER_WAYS = rx.Var.create(
    [
        {"mode": mode, "words": words, "place": str(place)}
        for place, (mode, words) in enumerate(
            (("upi", "UPI"), ("card", "Card"), ("bank", "Bank transfer"), ("wallet", "Wallet")), 1
        )
    ]
)


def paid() -> rx.Component:
    return card(
        "Payments",
        rx.cond(
            Till.payments.length() > 0,
            rx.el.ul(rx.foreach(Till.payments, _payment), class_name="list"),
            rx.el.p("Nothing yet.", class_name="muted pad"),
        ),
        padded=False,
    )


def _payment(one: rx.Var[PaidLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(one.words, class_name=rx.cond(one.is_void, "is-void", "")),
            rx.cond(
                one.voucher != "",
                link(one.voucher, "/invoice?id=" + one.voucher_id),
                rx.el.span(one.when, class_name="meta"),
            ),
            class_name="stack-xs",
        ),
        rx.el.b(one.amount, class_name="num"),
        rx.cond(one.may_void, text_button("Void", on_click=Till.begin("void", one.id))),
        class_name="bill-payment",
        key=one.id,
    )


def dialogs() -> rx.Component:
    return rx.fragment(
        panel(
            "Take payment",
            _pay_form(),
            open=Till.open == "pay",
            on_close=Till.close,
            description=Bill.bill.due + " is due",
        ),
        _reason_dialog(),
        _credit_dialog(),
        _debit_dialog(),
    )


def _credit_dialog() -> rx.Component:
    return dialog(
        "Credit note",
        rx.el.form(
            rx.el.fieldset(
                rx.el.legend("What is given back"),
                rx.foreach(Till.creditable, _creditable),
                rx.el.p("None ticked: the whole bill.", class_name="hint"),
            ),
            rx.cond(
                Till.has_goods,
                check_field(
                    "goods_return",
                    "The goods come back",
                    checked=True,
                    hint="They are counted into the stock again. Untick it when the customer keeps them.",
                ),
            ),
            text_field("reason", "Reason", Till.errors, form="credit", max_length=200),
            form_footer(submit("Write the credit note", busy=Till.is_busy), button("Close", on_click=Till.close)),
            on_submit=Till.correct,
            class_name="form",
        ),
        open=Till.open == "credit",
        on_close=Till.close,
        description="It has its own number and lowers the bill for good. " + Bill.bill.note_until,
    )


def _debit_dialog() -> rx.Component:
    return dialog(
        "Debit note",
        rx.el.form(
            rx.el.fieldset(
                rx.el.legend("How much more"),
                rx.foreach(Till.creditable, _debitable),
                field_error("more", Till.errors, form="debit"),
                class_name="stack-s",
            ),
            text_field("reason", "Reason", Till.errors, form="debit", max_length=200),
            form_footer(submit("Write the debit note", busy=Till.is_busy), button("Close", on_click=Till.close)),
            on_submit=Till.correct,
            class_name="form",
            no_validate=True,
        ),
        open=Till.open == "debit",
        on_close=Till.close,
        description="For a bill that was too low. It has its own number and date, is due by itself, and carries the rate and "
        "place of the bill.",
    )


def _pay_form() -> rx.Component:
    return rx.el.form(
        error_summary(Till.errors, {"parts": "Payment"}, form="pay"),
        rx.cond(
            Bill.bill.advance != "",
            rx.el.div(
                rx.el.p(Bill.bill.advance, " is paid ahead."),
                button("Use it", kind="next", on_click=Till.use_advance),
                class_name="row",
            ),
        ),
        _cash(),
        rx.foreach(_OTHER_WAYS, _way),
        rx.cond(
            Bill.bill.owes != "",
            check_field(
                "carries",
                "What is more pays earlier bills: " + Bill.bill.owes + " is due",
                hint="The oldest first; the rest stays as an advance",
            ),
        ),
        form_footer(submit("Take it", busy=Till.is_busy), button("Close", on_click=Till.close)),
        on_submit=Till.pay,
        class_name="form",
        key=Bill.bill.due_input,
    )


def _cash() -> rx.Component:
    return rx.el.fieldset(
        rx.el.div(
            _amount("cash", "Cash", value=Bill.bill.due_input, on_change=Till.count_cash("amount")),
            text_field(
                "given",
                "Cash given",
                Till.errors,
                optional=True,
                before="₹",
                form="pay",
                input_mode="decimal",
                on_change=Till.count_cash("given"),
            ),
            class_name="grid-2",
        ),
        rx.el.p(Till.change, class_name="strong num", role="status"),
        field_error("parts.0.amount", Till.errors, form="pay"),
        field_error("parts.0.given", Till.errors, form="pay"),
    )


def _way(way: rx.Var[dict[str, str]]) -> rx.Component:
    """Drawn from a list: a page of forms has its weight."""
    return rx.el.fieldset(
        rx.el.div(
            _amount(way["mode"], way["words"]),
            text_field("proof_" + way["mode"], "Reference", Till.errors, optional=True, form="pay", max_length=60),
            class_name="grid-2",
        ),
        field_error("parts." + way["place"] + ".amount", Till.errors, form="pay"),
        key=way["mode"],
    )


def _amount(
    mode: str | rx.Var[str], words: str | rx.Var[str], *, value: str | rx.Var[str] = "", **props: Any
) -> rx.Component:
    name = "amount_" + mode
    return text_field(name, words, Till.errors, value=value, before="₹", form="pay", input_mode="decimal", **props)


def _reason_dialog() -> rx.Component:
    """Before a bill is cancelled, or a payment is declared void."""
    is_void = Till.open == "void"
    return dialog(
        rx.cond(is_void, "Declare this payment void?", "Cancel this bill?"),
        rx.el.form(
            text_field("reason", "Reason", Till.errors, form="why", max_length=200),
            form_footer(
                submit(rx.cond(is_void, "Void the payment", "Cancel the bill"), busy=Till.is_busy),
                button("Keep it as it is", on_click=Till.close),
            ),
            on_submit=Till.correct,
            class_name="form",
        ),
        open=is_void | (Till.open == "cancel"),
        on_close=Till.close,
        description=rx.cond(
            is_void,
            "What it settled is due again.",
            "Only while nobody has been given it. Its number stays taken and is reported as cancelled.",
        ),
    )


def _debitable(line: rx.Var[Amount]) -> rx.Component:
    return rx.el.div(money_field("more_" + line.name, line.value, Till.errors, form="debit"), key=line.name)


def _creditable(line: rx.Var[Amount]) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="line_" + line.name), rx.el.span(line.value), class_name="row", key=line.name
    )
