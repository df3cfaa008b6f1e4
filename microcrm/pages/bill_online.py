"""What came through Razorpay for a bill, the link to ask for it, and the dialog that gives money back."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button, submit, text_button
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import alert
from microcrm.components.fields import money_field, text_field
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.domain.permissions import Permission
from microcrm.state.bill import Bill
from microcrm.state.bill_online import OnlineLine
from microcrm.state.bill_online import OnlineTill as S

_MAY_CORRECT = S.allowed.contains(Permission.INVOICES_CORRECT.value)
_MAY_TAKE = S.allowed.contains(Permission.PAYMENTS_TAKE.value)


def online() -> rx.Component:
    """Nothing at all for a shop that has no keys and never had a payment."""
    return rx.cond(
        (S.mode != "") | (S.lines.length() > 0),
        card(
            "Online",
            rx.cond(
                (S.mode == "sandbox") | (S.mode == "test"),
                rx.el.div(chip("No money moves: " + S.mode, "warn"), class_name="pad"),
            ),
            rx.cond(
                S.lines.length() > 0,
                rx.el.ul(rx.foreach(S.lines, _line), class_name="list"),
                rx.el.p("Nobody has paid online yet.", class_name="muted pad"),
            ),
            rx.cond(
                Bill.bill.takes_money & (S.mode != "") & _MAY_TAKE,
                rx.el.div(
                    button("Payment link", icon="link", busy=S.is_asking, on_click=S.ask), class_name="pad"
                ),
            ),
            padded=False,
        ),
    )  # fmt: skip


def _line(one: rx.Var[OnlineLine]) -> rx.Component:
    """The button stands at the end of the first line; what has to be looked at below has the whole width."""
    back = text_button("Give back", on_click=S.begin_refund(one.ledger_id))
    return rx.el.li(
        rx.el.div(
            rx.el.div(chip(one.status, one.tone), rx.el.b(one.amount, class_name="num"), class_name="row"),
            rx.el.span(one.about, class_name="meta"),
            class_name="stack-xs",
        ),
        rx.cond(_MAY_CORRECT & (one.ledger_id != ""), back),
        rx.cond(
            (one.concern != "") | (one.dispute != ""),
            alert("warn", one.concern + one.dispute, action=rx.cond(
                _MAY_CORRECT & (one.concern != ""), text_button("Leave it so", on_click=S.leave_it(one.id)))),
        ),
        class_name="bill-online",
        key=one.id,
    )  # fmt: skip


def online_dialogs() -> rx.Component:
    return rx.fragment(
        dialog(
            "Payment link",
            rx.el.div(
                rx.el.div(
                    rx.el.code(S.address), button("Copy", icon="copy", **copies(S.address)), class_name="link-now"
                ),
                rx.el.div(
                    away_button("See the page", S.address, target="_blank", rel="noopener noreferrer"),
                    class_name="row",
                ),
                rx.el.p("It is taken back by itself when the bill is paid another way.", class_name="hint"),
                rx.el.div(button("Done", on_click=S.close), class_name="form-actions"),
                class_name="stack",
            ),
            open=S.address != "",
            on_close=S.close,
            description="Send it to the customer yourself. What is paid there shows up here without your doing.",
        ),
        dialog(
            "Give money back",
            rx.el.form(
                money_field("amount", "Amount", S.errors, value=S.giving.left, form="refund"),
                text_field("reason", "Reason", S.errors, form="refund", max_length=200),
                form_footer(submit("Give back"), button("Close", on_click=S.keep)),
                on_submit=S.give_back,
                class_name="form",
                key=S.giving.ledger_id,
            ),
            open=S.is_giving,
            on_close=S.keep,
            description="It goes back the way it came, within some days. The bill is due again for as much, unless a credit "
            "note has lowered it.",
        ),
    )
