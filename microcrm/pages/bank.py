"""Match a bank statement: read the file, accept what fits, name or set aside the rest."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, crumb, link, post_form, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import alert, blank
from microcrm.components.fields import file_field, text_field
from microcrm.components.tables import Column, cell, table
from microcrm.pages.bill_tabs import money_tabs
from microcrm.pages.frame import screen
from microcrm.state.bank import BankLineView
from microcrm.state.bank import BankPage as S

COLUMNS = (
    Column("Day"),
    Column("What the bank says"),
    Column("Amount", right=True),
    Column("Belongs to"),
    Column(""),
)


def bank() -> rx.Component:
    return screen(
        "Match a bank statement",
        _file(),
        money_tabs("What is shown", S.tabs, S.show, S.pick_tab),
        rx.cond(
            (S.sure != "") & (S.show == "open"),
            rx.el.div(button(S.sure, icon="check", kind="primary", on_click=S.accept_sure), class_name="row"),
        ),
        table("Amounts that came in", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_none()),
        rx.cond(
            S.is_cut, rx.el.p("The newest 100 are shown. The others come up as these are done.", class_name="hint")
        ),
        _naming(),
        _putting(),
        here="/invoices",
        back=crumb("Bills", "/invoices"),
        sub="A payment that the desk has noted counts as proven once the bank shows it.",
    )


def _file() -> rx.Component:
    return card(
        "Read a statement",
        rx.cond(
            S.told.title != "",
            rx.cond(S.told.is_fault, alert("bad", S.told.title, S.told.text), alert("ok", S.told.title, S.told.text)),
        ),
        post_form(
            file_field(
                "statement",
                "Statement",
                S.errors,
                accept=".csv,.txt,text/csv",
                hint="CSV of your bank or UPI app, up to 2 MB. The same days again bring nothing twice.",
            ),
            rx.el.div(button("Read", icon="upload", type="submit"), class_name="form-actions"),
            to="/bank/statement",
            enc_type="multipart/form-data",
            class_name="form",
        ),
    )


def _row(line: rx.Var[BankLineView]) -> rx.Component:
    said = rx.el.div(line.words, rx.cond(line.reference != "", rx.el.p(line.reference, class_name="meta num")))
    return rx.el.tr(
        cell(line.day, class_name="num"),
        cell(said, class_name="bank-said"),
        cell(rx.el.b(line.amount), column=COLUMNS[2], class_name="num"),
        cell(rx.el.div(_belonging(line), class_name="bank-match")),
        cell(rx.cond(S.show == "open", _open_acts(line), _done_acts(line))),
        key=line.id,
    )


def _belonging(line: rx.Var[BankLineView]) -> rx.Component:
    """Or why nothing is proposed."""
    nothing = rx.el.p("Nothing fits, or more than one thing", class_name="meta")
    return rx.cond(
        line.about != "",
        rx.fragment(
            rx.cond(line.href != "", link(line.about, line.href), rx.el.span(line.about)),
            rx.cond(line.is_sure, chip("Reference and amount", "ok"), rx.el.p(line.why, class_name="meta")),
        ),
        rx.cond(S.show == "open", nothing, rx.el.p(line.why, class_name="meta")),
    )


def _open_acts(line: rx.Var[BankLineView]) -> rx.Component:
    return rx.el.div(
        rx.cond(
            line.target != "",
            button(
                "Accept",
                icon="check",
                kind="next",
                aria_label="Accept: " + line.amount + ", " + line.about,
                on_click=S.accept(line.id, line.version, line.target, line.target_id),
            ),
        ),
        button("Bill…", aria_label="Another bill for " + line.amount, on_click=S.begin_naming(line.id)),
        button("Set aside", kind="quiet", aria_label="Set aside " + line.amount, on_click=S.begin_putting(line.id)),
        class_name="row",
    )


def _done_acts(line: rx.Var[BankLineView]) -> rx.Component:
    return button(
        "Take back", icon="undo_2", kind="quiet", aria_label="Take back " + line.amount,
        on_click=S.reopen(line.id, line.version),
    )  # fmt: skip


def _naming() -> rx.Component:
    number = text_field("number", "Number of the bill", S.errors, placeholder="INV/2627/0012", max_length=20)
    return _question("Which bill is this?", number, "Match", S.name, open=S.naming != "")


def _putting() -> rx.Component:
    reason = text_field("reason", "Reason", S.errors, placeholder="Own money, rent, a refund", max_length=120)
    return _question("Why does it belong to no bill?", reason, "Set aside", S.put_aside, open=S.putting != "")


def _question(
    title: str, asked: rx.Component, action: str, on_submit: rx.EventHandler, *, open: rx.Var[bool]
) -> rx.Component:
    """About one amount, answered in one field."""
    buttons = form_footer(button("Cancel", on_click=S.close), submit(action, busy=S.is_saving))
    form = rx.el.form(asked, buttons, on_submit=on_submit, class_name="form", no_validate=True)
    return dialog(title, form, open=open, on_close=S.close, description=S.asked_about)


def _none() -> rx.Component:
    return rx.cond(
        S.show == "open",
        blank("circle_check", "Nothing to match", "Read a statement, and what came in will stand here."),
        blank("inbox", "Nothing here", "What you match or set aside will stand here."),
    )
