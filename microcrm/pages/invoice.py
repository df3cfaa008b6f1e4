"""One bill: the editor of a draft beside its paper; an issued document with its payments."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    anchor,
    button,
    crumb,
    icon_button,
    link,
    link_button,
    menu,
    menu_item,
    menu_link,
    menu_trigger,
    segmented,
)
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import confirm
from microcrm.components.feedback import blank, skeleton, skeleton_lines
from microcrm.components.fields import search_field, text_field
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission
from microcrm.pages.advance import give_back_dialog
from microcrm.pages.bill_lines import lines
from microcrm.pages.bill_money import dialogs, paid
from microcrm.pages.bill_online import online, online_dialogs
from microcrm.pages.bill_share import share_dialog
from microcrm.pages.frame import screen
from microcrm.state.advance import AdvanceForm
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.bill_online import OnlineTill
from microcrm.state.bill_rows import Amount
from microcrm.state.bill_share import ShareBill
from microcrm.state.bills_view import RelatedLine
from microcrm.state.customer_finding import Person
from microcrm.state.recurring import RepeatForm

BILL = Bill.bill
MAY_EDIT = Bill.allowed.contains(Permission.INVOICES_EDIT.value)
MAY_CORRECT = Bill.allowed.contains(Permission.INVOICES_CORRECT.value)
MAY_TAKE = Bill.allowed.contains(Permission.PAYMENTS_TAKE.value)


def invoice() -> rx.Component:
    body = rx.cond(BILL.is_draft, _draft(), _document())
    return screen(
        rx.cond(Bill.is_known, BILL.title, "Bill"),
        rx.cond(Bill.is_missing, _missing(), rx.cond(Bill.is_known, body, _coming())),
        confirm(
            rx.cond(BILL.is_estimate, "Issue this estimate?", "Issue this bill?"),
            rx.cond(
                BILL.is_estimate,
                "It gets a number and cannot be changed any more. It is no bill: nothing is owed until it becomes one.",
                "It gets the next number of its series and cannot be changed any more; a credit note can lower it later.",
            ),
            open=Bill.is_issuing,
            on_close=Bill.keep_draft,
            on_confirm=Bill.issue_now,
            action="Issue",
        ),
        dialogs(),
        give_back_dialog(),
        online_dialogs(),
        share_dialog(),
        here="/invoices",
        head=_head(),
    )


def _head() -> rx.Component:
    return rx.el.div(
        crumb("Bills", "/invoices"),
        rx.el.div(
            rx.el.div(
                rx.el.h1(rx.cond(Bill.is_known, BILL.title, "Bill")),
                rx.cond(Bill.is_known & ~BILL.is_draft, chip(BILL.status, BILL.tone)),
                rx.cond(OnlineTill.is_disputed, chip("In dispute", "bad")),
                rx.cond(Bill.is_changed, rx.el.span("Not saved yet", class_name="meta", role="status")),
                class_name="row",
            ),
            rx.cond(Bill.is_known & ~Bill.is_missing, rx.cond(BILL.is_draft, _draft_actions(), _actions())),
            class_name="bill-head",
        ),
        class_name="record-head",
    )


def _draft_actions() -> rx.Component:
    return rx.cond(
        MAY_EDIT,
        rx.el.div(
            segmented(
                "What it is",
                [("bill", "Bill"), ("estimate", "Estimate")],
                rx.cond(BILL.is_estimate, "estimate", "bill"),
                Bill.as_estimate,
            ),
            button("Throw away", kind="quiet", on_click=Bill.throw_away),
            button("Save draft", on_click=Bill.save),
            button("Issue", kind="primary", on_click=Bill.ask_to_issue),
            class_name="head-actions",
        ),
    )


def _file(file: rx.Var[Amount]) -> rx.Component:
    return anchor(file.name, href=file.value, target="_blank", class_name="btn", key=file.name)


def _actions() -> rx.Component:
    return rx.el.div(
        rx.foreach(BILL.files, _file),
        rx.cond(BILL.may_share & MAY_EDIT, button("Share", icon="share_2", on_click=ShareBill.share)),
        rx.cond(
            BILL.is_estimate & (BILL.cancel_reason == "") & MAY_EDIT,
            rx.cond(
                BILL.became == "",
                button("Make it a bill", kind="primary", on_click=Bill.bill_it),
                button("Open its bill", on_click=Bill.bill_it),
            ),
        ),
        rx.cond(
            ((BILL.left != "") | (BILL.freed != "")) & MAY_CORRECT,
            button("Give back", icon="receipt_indian_rupee", on_click=AdvanceForm.begin_giving),
        ),
        rx.cond(BILL.takes_money & MAY_TAKE, button("Take payment", kind="primary", on_click=Till.begin_paying)),
        rx.cond(
            MAY_EDIT,
            menu(
                "bill-more",
                menu_trigger("bill-more", "More actions", kind="plain"),
                menu_item("bill-more", "The customer has it", icon="share_2", on_click=Bill.given),
                rx.cond(
                    BILL.may_repeat,
                    menu_link("Let it come again", "/recurring?bill=" + BILL.id, icon="plus"),
                ),
                rx.cond(
                    BILL.is_repeated,
                    menu_item("bill-more", "Next ones like this", icon="copy", on_click=RepeatForm.use_lines),
                ),
                rx.cond(
                    BILL.may_credit & MAY_CORRECT,
                    rx.fragment(
                        menu_item(
                            "bill-more", "Credit note", icon="receipt_indian_rupee", on_click=Till.begin("credit", "")
                        ),
                        menu_item("bill-more", "Debit note", icon="plus", on_click=Till.begin("debit", "")),
                    ),
                ),
                rx.cond(
                    BILL.may_cancel & MAY_CORRECT,
                    menu_item("bill-more", "Cancel", icon="x", on_click=Till.begin("cancel", ""), danger=True),
                ),
            ),
        ),
        class_name="head-actions",
    )


def _draft() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(_who(), key="who" + Bill.drawn.to_string()),
            lines(),
            rx.el.div(_rest(), key="rest" + Bill.drawn.to_string()),
            class_name="stack",
        ),
        rx.el.aside(_totals(), _paper(), class_name="stack", aria_label="What it comes to"),
        class_name="record",
    )


def _document() -> rx.Component:
    return rx.el.div(
        rx.el.div(_paper(), class_name="stack"),
        rx.el.aside(
            _totals(),
            _related(),
            rx.cond(~BILL.is_voucher & ~BILL.is_estimate, rx.fragment(paid(), online())),
            class_name="stack",
            aria_label="What it comes to",
        ),
        class_name="record",
    )


def _who() -> rx.Component:
    return card(
        "For whom",
        rx.el.div(
            rx.el.div(
                rx.cond(
                    BILL.customer != "",
                    rx.el.p(
                        rx.el.b(BILL.customer),
                        icon_button("x", "No customer: a walk-in", on_click=Bill.pick_person("", "")),
                        class_name="row",
                    ),
                    rx.el.p("Walk-in, without a name", class_name="muted"),
                ),
                rx.cond(BILL.owes != "", rx.el.p(BILL.owes, " due from earlier bills", class_name="meta num")),
                rx.cond(BILL.advance != "", rx.el.p(BILL.advance, " paid ahead", class_name="meta num")),
                rx.el.p(BILL.deposit, class_name="meta num"),
                search_field("Search customers", Bill.words, Bill.find, placeholder="Name or last 4 digits"),
                rx.el.ul(rx.foreach(Bill.people, _person), class_name="list people-found"),
                class_name="stack-s",
            ),
            _head_field("buyer_gstin", "Customer’s GSTIN", BILL.buyer_gstin, hint="Only for a business"),
            _head_field("day", "Date", BILL.day, type="date"),
            _place(),
            class_name="bill-who",
        ),
        rx.cond(BILL.reason != "", rx.el.p(icon("info", "s"), BILL.reason, class_name="row muted bill-reason")),
    )


def _person(person: rx.Var[Person]) -> rx.Component:
    return rx.el.li(
        button(person.name, kind="quiet", on_click=Bill.pick_person(person.id, person.name)),
        rx.el.span(person.phone, class_name="meta num"),
        key=person.id,
    )


def _head_field(name: str, label: str, value: rx.Var[str], **props: object) -> rx.Component:
    return text_field(
        name, label, Bill.errors, value=value, optional=name != "day", on_blur=Bill.type_head(name), **props
    )


def _place() -> rx.Component:
    return rx.el.div(
        rx.el.label("Where the work was done", html_for="f-performed_in"),
        rx.el.select(
            rx.el.option("At the shop", value=""),
            rx.foreach(Bill.places, lambda one: rx.el.option(one.label, value=one.value, key=one.value)),
            id="f-performed_in",
            default_value=BILL.performed_in,
            on_change=Bill.type_head("performed_in"),
            class_name="input",
        ),
        class_name="field",
    )


def _rest() -> rx.Component:
    return card(
        "On the whole bill",
        rx.el.div(
            _head_field("discount", "Discount", BILL.discount, before="₹", hint="Shared over the lines before GST"),
            _head_field("tip", "Tip", BILL.tip, before="₹", hint="Kept apart: no part of the supply"),
            class_name="grid-2",
        ),
        _head_field("note", "Note on the bill", BILL.note),
    )


def _totals() -> rx.Component:
    return card(
        "What it comes to",
        rx.el.dl(
            rx.foreach(BILL.sums, _sum),
            rx.el.div(rx.el.dt("Total"), rx.el.dd(BILL.total), class_name="bill-total"),
            rx.cond(BILL.kept_tip != "", rx.el.div(rx.el.dt("Tip, no part of the supply"), rx.el.dd(BILL.kept_tip))),
            rx.cond(BILL.due != "", rx.el.div(rx.el.dt("Due"), rx.el.dd(BILL.due), class_name="strong")),
            rx.cond(BILL.left != "", rx.el.div(rx.el.dt("Not used yet"), rx.el.dd(BILL.left), class_name="strong")),
            rx.cond(BILL.freed != "", rx.el.div(rx.el.dt("To give back"), rx.el.dd(BILL.freed), class_name="strong")),
            class_name="bill-sums num",
        ),
        rx.cond(BILL.cancel_reason != "", rx.el.p("Cancelled: " + BILL.cancel_reason, class_name="muted")),
        rx.cond(~BILL.is_draft & (BILL.reason != ""), rx.el.p(BILL.reason, class_name="meta")),
    )


def _related() -> rx.Component:
    return rx.cond(
        BILL.related.length() > 0,
        card(
            "Belongs together",
            rx.el.ul(rx.foreach(BILL.related, _related_line), class_name="list"),
            padded=False,
        ),
    )


def _related_line(one: rx.Var[RelatedLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(one.how, class_name="meta"),
            link(one.words, "/invoice?id=" + one.id),
            rx.el.span(one.day, class_name="meta"),
            class_name="stack-xs",
        ),
        rx.el.b(one.amount, class_name=rx.cond(one.is_void, "num is-void", "num")),
        class_name="bill-related",
        key=one.id,
    )


def _sum(amount: rx.Var[Amount]) -> rx.Component:
    return rx.el.div(rx.el.dt(amount.name), rx.el.dd(amount.value), key=amount.name)


def _paper() -> rx.Component:
    return rx.cond(
        BILL.id != "",
        rx.el.figure(
            rx.el.img(src=BILL.paper, alt="The bill as it will be printed", class_name="bill-paper"),
            rx.cond(Bill.is_changed, rx.el.figcaption("As last saved", class_name="meta")),
            class_name="card pad",
        ),
    )


def _missing() -> rx.Component:
    return blank(
        "receipt_indian_rupee",
        "This bill isn’t here",
        "The link may be old, or the draft was thrown away.",
        link_button("All bills", "/invoices"),
    )


def _coming() -> rx.Component:
    return rx.el.div(skeleton("88px"), skeleton_lines(6), class_name="stack", aria_busy="true")
