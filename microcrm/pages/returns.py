"""GST returns: what each table of GSTR-1 comes to, whether it foots, what to mend before filing, and the files."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import anchor, away_button, link, link_button
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, blank, skeleton, skeleton_lines
from microcrm.components.icons import icon
from microcrm.components.tables import Column, cell, table
from microcrm.domain.permissions import Permission
from microcrm.pages.frame import screen
from microcrm.state.returns import ReturnsPage as S
from microcrm.state.returns_view import Choice, CodeLine, Figure, GapLine, RunLine, TableCard, WarningLine

CODES = (
    Column("HSN or SAC"),
    Column("Customers"),
    Column("Quantity", right=True, wide_only=True),
    Column("Rate", right=True),
    Column("Taxable value", right=True),
    Column("Tax", right=True),
)
NUMBERS = (
    Column("Document"),
    Column("From"),
    Column("To"),
    Column("Given", right=True),
    Column("Cancelled", right=True),
    Column("Net", right=True, wide_only=True),
)
_MAY_FILE = S.allowed.contains(Permission.BUSINESS_EDIT.value)
FILES = (
    ("Sales register", "register", ("xlsx", "csv")),
    ("Day-book", "day-book", ("xlsx", "csv")),
    ("HSN summary", "hsn", ("xlsx", "csv")),
    ("Documents issued", "documents", ("csv",)),
)


def returns() -> rx.Component:
    return screen(
        "GST returns",
        rx.cond(S.is_read, rx.cond(S.head.gstin != "", _return(), _no_gstin()), _loading()),
        here="/returns",
        sub=rx.cond(S.is_read, S.head.sub, ""),
        actions=[
            rx.cond(S.gstins.length() > 0, _gstins()),
            _periods(),
            rx.cond(S.is_read & S.head.is_open & _MAY_FILE, link_button("Mark as filed", "/settings/billing")),
            rx.cond(
                S.is_read & (S.head.gstin != ""),
                away_button(
                    rx.cond(S.head.is_quarterly & ~S.head.is_quarter, "IFF for the portal", "GSTR-1 for the portal"),
                    S.head.folder + "/gstr1.json" + S.head.whose,
                    icon="download",
                    kind="primary",
                ),
            ),
        ],
    )


def _gstins() -> rx.Component:
    return rx.el.select(
        rx.foreach(S.gstins, _period),
        value=S.head.gstin,
        on_change=S.pick_gstin,
        class_name="input return-gstin num",
        aria_label="GSTIN",
    )


def _periods() -> rx.Component:
    return rx.el.select(
        rx.foreach(S.periods, _period),
        value=S.head.period,
        on_change=S.pick,
        class_name="input return-period",
        aria_label="Month or quarter",
    )


def _period(choice: rx.Var[Choice]) -> rx.Component:
    return rx.el.option(choice.label, value=choice.value, key=choice.value)


def _loading() -> rx.Component:
    return rx.fragment(
        rx.el.div(*[rx.el.div(skeleton("48px")) for _ in range(4)], class_name="card strip", aria_busy="true"),
        rx.el.div(*[card("…", skeleton_lines(4)) for _ in range(6)], class_name="return-cards"),
    )


def _return() -> rx.Component:
    return rx.fragment(
        rx.cond(S.head.former != "", alert("info", "Another registration", S.head.former)),
        _footing(),
        rx.cond(S.warnings.length() > 0, _warnings()),
        rx.cond(S.head.documents > 0, _tables(), _nothing()),
        rx.cond(S.runs.length() > 0, _numbers()),
        _files(),
        rx.el.p(
            "Worked out from your bills by MicroCRM’s defaults. This is no tax advice: let your accountant look at it.",
            class_name="hint",
        ),
    )


def _footing() -> rx.Component:
    good = alert("ok", S.head.words + " foots", S.head.footing)
    bad = rx.el.div(
        icon("circle_alert"),
        rx.el.div(
            rx.el.p(S.head.words, " does not foot", class_name="strong"),
            rx.el.p(S.head.footing),
            rx.cond(S.different.length() > 0, rx.el.p("These documents differ from their lines or the ledger:")),
            rx.el.ul(rx.foreach(S.different, _number)),
        ),
        class_name="alert alert-bad",
        role="alert",
    )
    return rx.cond(S.head.foots, rx.cond(S.head.documents > 0, good), bad)


def _warnings() -> rx.Component:
    return card(
        "Before you file",
        rx.el.ul(rx.foreach(S.warnings, _warning), class_name="return-warnings"),
        padded=False,
    )


def _warning(line: rx.Var[WarningLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                line.title, " ", chip(rx.cond(line.tone == "bad", "Mend first", "Look"), line.tone), class_name="strong"
            ),
            rx.el.p(line.text, class_name="muted"),
        ),
        rx.cond(line.href != "", link(line.way, line.href, class_name="btn-link")),
        key=line.title,
    )


def _tables() -> rx.Component:
    return rx.fragment(
        rx.el.dl(rx.foreach(S.head.figures, _figure), class_name="card strip num"),
        rx.cond(
            S.head.is_quarterly & ~S.head.is_quarter,
            alert("info", "You file by the quarter",
                  "This is one month of it. Tables 4A and 9B of the first two months may be sent early, through the IFF."),
        ),
        rx.el.div(rx.foreach(S.cards, _card), class_name="return-cards"),
        rx.el.h2("Summary by HSN and SAC (table 12)"),
        table("Summary by HSN and SAC (table 12)", CODES, S.codes, _code, loaded=S.is_read, empty=_nothing()),
    )  # fmt: skip


def _figure(figure: rx.Var[Figure]) -> rx.Component:
    return rx.el.div(rx.el.dt(figure.name), rx.el.dd(rx.el.b(figure.value)), key=figure.name)


def _card(one: rx.Var[TableCard]) -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(one.section + " · " + one.title),
            rx.el.span(class_name="spring"),
            rx.cond(
                one.is_empty,
                rx.fragment(),
                anchor(
                    "CSV",
                    rx.el.span(" of table ", one.section, class_name="sr-only"),
                    href=one.file,
                    class_name="btn-link",
                ),
            ),
        ),
        rx.el.div(
            rx.el.p(one.holds, class_name="hint"),
            rx.cond(
                one.is_empty,
                rx.el.p("Nothing in it", class_name="muted"),
                rx.el.dl(
                    rx.el.div(rx.el.dt("Documents"), rx.el.dd(link(one.count, one.href))),
                    rx.foreach(
                        one.figures,
                        lambda figure: rx.el.div(
                            rx.el.dt(figure.name), rx.el.dd(link(figure.value, one.href)), key=figure.name
                        ),
                    ),
                    class_name="bill-sums num",
                ),
            ),
            class_name="pad stack-s",
        ),
        class_name="card",
        key=one.key,
    )


def _code(line: rx.Var[CodeLine]) -> rx.Component:
    return rx.el.tr(
        cell(link(line.code, line.href), rx.el.span(line.words, class_name="meta"), class_name="with-meta"),
        cell(line.side),
        cell(line.quantity, column=CODES[2]),
        cell(line.rate, column=CODES[3]),
        cell(link(line.taxable, line.href), column=CODES[4]),
        cell(rx.el.span("tax ", class_name="phone-only"), link(line.tax, line.href), column=CODES[5]),
        class_name="num number-links",
        key=line.key,
    )


def _numbers() -> rx.Component:
    return rx.fragment(
        rx.el.h2("Documents issued (table 13)"),
        table("Documents issued (table 13)", NUMBERS, S.runs, _run, loaded=S.is_read, empty=_nothing()),
        rx.cond(
            S.gaps.length() > 0,
            card(
                "Numbers explained",
                rx.el.ul(rx.foreach(S.gaps, _number), class_name="return-gaps"),
                sub="Inside the series, and in no table of this return",
            ),
        ),
    )


def _run(line: rx.Var[RunLine]) -> rx.Component:
    return rx.el.tr(
        cell(line.title),
        cell(line.first),
        cell(line.last),
        cell(line.count, column=NUMBERS[3]),
        cell(line.cancelled, column=NUMBERS[4]),
        cell(line.net, column=NUMBERS[5]),
        class_name="num",
        key=line.key,
    )


def _number(line: rx.Var[GapLine]) -> rx.Component:
    return rx.el.li(
        link(line.number, "/invoice?id=" + line.id), rx.cond(line.why != "", rx.el.span(" ", line.why)), key=line.id
    )


def _files() -> rx.Component:
    return card(
        "Files for your accountant",
        rx.el.ul(
            *[
                rx.el.li(
                    rx.el.span(words),
                    *[
                        anchor(kind.upper(), rx.el.span(f" {words}", class_name="sr-only"),
                               href=S.head.folder + f"/{name}.{kind}" + S.head.whose, class_name="btn-link")
                        for kind in kinds
                    ],
                )
                for words, name, kinds in FILES
            ],
            class_name="return-files",
        ),
        rx.el.p("Who took which file is in the activity log.", class_name="hint"),
    )  # fmt: skip


def _nothing() -> rx.Component:
    return blank("receipt_indian_rupee", "No documents in this period",
                 "Nothing was billed under your GSTIN. A return is due all the same: file it as nil.")  # fmt: skip


def _no_gstin() -> rx.Component:
    return rx.fragment(
        blank(
            "landmark",
            "No GSTIN, no GSTR-1",
            "Your business is not registered, so it files none. Its registers are here all the same.",
            link_button("Business and GST", "/settings/business"),
        ),
        _files(),
    )
