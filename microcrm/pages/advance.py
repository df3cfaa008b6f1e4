"""The form of an advance that a customer pays, and the form of money that goes back."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import money_field, select_field, text_field
from microcrm.state.advance import AdvanceForm as S
from microcrm.state.bill import Bill

WAYS = [("cash", "Cash"), ("upi", "UPI"), ("card", "Card"), ("bank", "Bank transfer"), ("wallet", "Wallet")]


def take_advance_dialog() -> rx.Component:
    return dialog(
        "Take an advance",
        rx.el.form(
            rx.el.div(
                money_field("amount", "Amount", S.errors, form="advance"),
                select_field("mode", "Way of paying", S.errors, WAYS, value="upi", form="advance"),
                class_name="grid-2",
            ),
            select_field(
                "service_id", "What it is for", S.errors, S.services, blank="Not known yet", optional=True, form="advance",
                hint="Decides the GST in it. Not known: the rate of all that you sell if that is one, else 18 %",
            ),
            rx.el.div(
                text_field("proof", "Reference", S.errors, optional=True, form="advance", max_length=60),
                text_field("buyer_gstin", "Their GSTIN", S.errors, optional=True, form="advance", max_length=20),
                class_name="grid-2",
            ),
            form_footer(submit("Take it", busy=S.is_saving), button("Close", on_click=S.close)),
            on_submit=S.take, class_name="form", no_validate=True,
        ),
        open=S.open == "take",
        on_close=S.close,
        description="It gets a receipt voucher of its own, and pays the next bill when you say so there.",
    )  # fmt: skip


def give_back_dialog() -> rx.Component:
    return dialog(
        rx.cond(Bill.bill.is_voucher, "Give the advance back", "Give money back"),
        rx.el.form(
            rx.el.div(
                money_field("amount", "Amount", S.errors, value=Bill.bill.back_input, form="back"),
                select_field("mode", "How it is given back", S.errors, WAYS, value="cash", form="back"),
                class_name="grid-2",
            ),
            text_field("proof", "Reference", S.errors, optional=True, form="back", max_length=60),
            rx.cond(Bill.bill.is_voucher, text_field("reason", "Reason", S.errors, form="back", max_length=200)),
            form_footer(submit("Give back", busy=S.is_saving), button("Close", on_click=S.close)),
            on_submit=S.give, class_name="form", key=Bill.bill.back_input, no_validate=True,
        ),
        open=S.open == "give",
        on_close=S.close,
        description=rx.cond(
            Bill.bill.is_voucher,
            "It gets a refund voucher that names the receipt voucher. What was used for bills stays used.",
            "A credit note has freed it. It leaves the till, or the account that you pay it from.",
        ),
    )  # fmt: skip
