"""Why this number: the documents behind a total of a return, and the lines behind a document."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import crumb, link, link_button, text_button
from microcrm.components.dialogs import panel
from microcrm.components.feedback import blank, skeleton
from microcrm.components.tables import Column, cell, pager, table
from microcrm.pages.frame import screen
from microcrm.state.returns import WhyPage as S
from microcrm.state.returns_view import BehindLine, Figure, WhyStep

COLUMNS = (
    Column("Number"),
    Column("Date"),
    Column("Customer"),
    Column("Place of supply", wide_only=True),
    Column("Taxable value", right=True),
    Column("IGST", right=True, wide_only=True),
    Column("CGST", right=True, wide_only=True),
    Column("SGST", right=True, wide_only=True),
    Column("Actions"),
)


def returns_why() -> rx.Component:
    return screen(
        "Why this number",
        rx.el.p(S.head.title, class_name="strong"),
        rx.el.dl(
            rx.cond(S.is_read, rx.foreach(S.head.figures, _figure), rx.el.div(skeleton("48px"))),
            class_name="card strip num",
        ),
        table("Documents behind it", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_none(), footer=_pages()),
        _lines(),
        here="/returns",
        back=crumb("GST returns", S.head.back),
        sub=S.head.sub,
    )


def _figure(figure: rx.Var[Figure]) -> rx.Component:
    return rx.el.div(rx.el.dt(figure.name), rx.el.dd(rx.el.b(figure.value)), key=figure.name)


def _row(row: rx.Var[BehindLine]) -> rx.Component:
    return rx.el.tr(
        cell(
            link(row.number, "/invoice?id=" + row.id), rx.el.span(row.title, class_name="meta"), class_name="with-meta"
        ),
        cell(row.day),
        cell(row.customer, rx.cond(row.gstin != "", rx.el.span(" ", row.gstin, class_name="meta"))),
        cell(row.place, column=COLUMNS[3]),
        cell(row.taxable, column=COLUMNS[4]),
        cell(row.igst, column=COLUMNS[5]),
        cell(row.cgst, column=COLUMNS[6]),
        cell(row.sgst, column=COLUMNS[7]),
        cell(text_button("Lines", on_click=S.open(row.id), aria_label="Lines of " + row.number), column=COLUMNS[8]),
        class_name="num",
        key=row.id,
    )


def _pages() -> rx.Component:
    return rx.cond(
        S.is_later | S.has_more,
        pager(
            S.head.summary,
            has_previous=S.is_later,
            has_next=S.has_more,
            on_previous=S.first_page,
            on_next=S.next_page,
        ),
    )


def _lines() -> rx.Component:
    return panel(
        "Line by line",
        rx.el.ol(rx.foreach(S.lines, _line), class_name="why-lines"),
        link_button("Open the document", "/invoice?id=" + S.opened),
        open=S.opened != "",
        on_close=S.close,
        description=S.opened_words,
    )


def _line(line: rx.Var[WhyStep]) -> rx.Component:
    return rx.el.li(
        rx.el.p(line.description, " ", rx.el.span(line.code, class_name="meta"), class_name="strong"),
        rx.el.ul(rx.foreach(line.steps, _step), class_name="num"),
        key=line.at,
    )


def _step(words: rx.Var[str]) -> rx.Component:
    return rx.el.li(words, key=words)


def _none() -> rx.Component:
    return blank("search_x", "No documents behind it", "Choose another number on the page of the return.",
                 link_button("GST returns", "/returns"))  # fmt: skip
