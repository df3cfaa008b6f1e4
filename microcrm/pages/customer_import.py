"""Customers are imported from a file: choose it, say what its columns are, look at each row, import it, take it back."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button, crumb, link, link_button, post_form, submit
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.fields import file_field
from microcrm.components.tables import Column, cell, page_turns, table
from microcrm.pages.frame import screen
from microcrm.state.customer_import import ImportPage as S
from microcrm.state.forms import Option
from microcrm.state.import_view import LOOK, ColumnLine, KeptLine, PastLine, RowLine, TabLine

COLUMNS = (
    Column("Row", width="72px"),
    Column("Name"),
    Column("Phone", wide_only=True),
    Column("Verdict"),
    Column("Why"),
)
_KINDS = ".csv,.txt,.xlsx,.vcf,text/csv,text/vcard,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def customer_import() -> rx.Component:
    return screen(
        "Import customers",
        rx.cond(
            S.is_read,
            rx.match(
                S.about.stage,
                ("", _start()),
                ("failed", _start()),
                ("mapping", _mapping()),
                ("rehearsed", rx.cond(S.is_mapping, _mapping(), _rehearsed())),
                ("done", _result()),
                ("undone", _result()),
                _at_work(),
            ),
            skeleton_lines(6),
        ),
        here="/customers",
        back=crumb("Customers", "/customers"),
        sub=rx.cond(S.about.id != "", S.about.file, "From Excel, CSV or the contacts of a phone."),
        actions=[rx.cond(S.about.id != "", link_button("All imports", "/customers/import"))],
    )


def _start() -> rx.Component:
    return rx.fragment(
        card(
            "Choose a file",
            rx.cond(S.fault.length() > 1, alert("bad", S.fault[0], S.fault[1])),
            rx.cond(S.about.fault != "", alert("bad", S.about.fault, S.about.remedy)),
            post_form(
                file_field(
                    "customers", "List of customers", S.errors, accept=_KINDS,
                    hint="Excel (.xlsx), CSV or vCard, up to 25 MB. You see every row before anything is imported.",
                ),
                rx.el.div(button("Read the file", icon="upload", kind="primary", type="submit"), class_name="form-actions"),
                to="/customers/import/file", enc_type="multipart/form-data", class_name="form",
            ),
        ),
        card(
            "Imports",
            rx.cond(
                S.past.length() > 0,
                rx.el.ul(rx.foreach(S.past, _past), class_name="list"),
                blank("inbox", "Nothing was imported yet", "Each list stands here, and can be undone for 30 days."),
            ),
            padded=False,
        ),
    )  # fmt: skip


def _past(line: rx.Var[PastLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            link(line.file, "/customers/import?id=" + line.id, class_name="strong"),
            rx.el.span(line.about, class_name="meta"),
            class_name="stack-xs import-past",
        ),
        chip(line.state, line.tone),
        rx.cond(
            line.can_undo,
            button("Undo", icon="undo_2", aria_label="Undo the import of " + line.file, on_click=S.take_back(line.id)),
        ),
        key=line.id,
    )


def _at_work() -> rx.Component:
    return card(
        S.about.work,
        rx.el.progress(value=S.about.done, max=S.about.total, aria_label=S.about.work, class_name="import-progress"),
        rx.el.p(
            S.about.done.to_string() + " of " + S.about.total.to_string() + " rows", class_name="num", role="status"
        ),
        rx.el.p("You can leave this page: it goes on, and stands under Imports.", class_name="hint"),
    )


def _mapping() -> rx.Component:
    """Built anew for each version, so that what stands in the fields is what is stored."""
    return rx.el.form(
        card(
            "What are the columns?",
            rx.cond(S.errors.contains("mapping"), alert("bad", S.errors["mapping"])),
            rx.el.p("We have guessed. Look at the examples and correct what is wrong.", class_name="hint"),
            rx.el.ul(rx.foreach(S.columns, _column), class_name="import-columns"),
            rx.cond(S.about.asks_order, _order()),
            rx.el.div(
                submit("Check the rows"),
                rx.cond(
                    S.is_mapping, button("Cancel", on_click=S.stop_mapping), button("Throw away", on_click=S.discard)
                ),
                class_name="form-actions",
            ),
            sub=S.about.words,
        ),
        on_submit=S.check,
        key=S.about.id + "-" + S.about.version.to_string(),
    )


def _column(column: rx.Var[ColumnLine]) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            rx.el.span(column.heading, class_name="strong"),
            rx.el.span(column.samples, class_name="meta"),
            html_for=column.field,
        ),
        rx.el.select(
            rx.foreach(S.options, _option),
            id=column.field,
            name=column.field,
            default_value=column.holds,
            class_name="input",
        ),
        key=column.field,
    )


def _option(option: rx.Var[Option]) -> rx.Component:
    return rx.el.option(option.label, value=option.value, key=option.value)


def _order() -> rx.Component:
    return rx.el.label(
        rx.el.span("How are days written in this file?", class_name="strong"),
        rx.el.select(
            rx.el.option("Not said: leave doubtful birthdays out", value=""),
            rx.el.option("Day first: 05/06 is 5 June", value="dmy"),
            rx.el.option("Month first: 05/06 is 6 May", value="mdy"),
            name="order",
            default_value=S.about.order,
            class_name="input",
        ),
        class_name="import-order",
    )


def _rehearsed() -> rx.Component:
    return rx.fragment(
        card(
            "Nothing is imported yet",
            rx.el.p(S.about.words, class_name="num"),
            rx.cond(
                S.about.go != "",
                rx.fragment(),
                rx.el.p("There is nothing to import: everybody is here already, or was left out.", class_name="hint"),
            ),
            rx.el.div(
                rx.cond(S.about.go != "", button(S.about.go, icon="check", kind="primary", on_click=S.commit)),
                button("Change the columns", on_click=S.begin_mapping),
                _left_out(),
                button("Throw away", kind="quiet", on_click=S.discard),
                class_name="form-actions",
            ),
        ),
        _rows(),
    )


def _left_out() -> rx.Component:
    return rx.cond(
        S.about.left_out != "",
        away_button("Rows left out (CSV)", S.about.left_out, icon="download", title="With the reason for each row"),
    )


def _rows() -> rx.Component:
    return rx.fragment(
        rx.el.div(rx.foreach(S.tabs, _tab), class_name="seg import-tabs", role="group", aria_label="Which rows"),
        table("Rows of the file", COLUMNS, S.rows, _row, loaded=S.is_read, empty=_no_rows()),
        page_turns(S.shown.page, S.shown.has_next, S.turn_page),
    )  # fmt: skip


def _no_rows() -> rx.Component:
    return blank("inbox", "No such rows", "Choose others above.")


def _tab(tab: rx.Var[TabLine]) -> rx.Component:
    return rx.el.button(
        tab.words,
        rx.el.span(tab.count, class_name="meta num"),
        type="button",
        aria_pressed=rx.cond(S.shown.tab == tab.show, "true", "false"),
        on_click=S.pick_tab(tab.show),
        key=tab.show,
    )


def _row(row: rx.Var[RowLine]) -> rx.Component:
    return rx.el.tr(
        cell(row.number, class_name="import-number"),
        cell(row.name),
        cell(row.phone, column=COLUMNS[2], class_name="import-phone"),
        cell(rx.el.span(chip(row.verdict, row.tone), rx.cond(row.is_warned, chip(LOOK, "warn")), class_name="row")),
        rx.cond(row.words != "", cell(row.words, class_name="import-why"), cell("", class_name="wide-only")),
        class_name="num",
        key=row.number,
    )


def _result() -> rx.Component:
    undone = rx.fragment(
        alert("info", "The import is undone", S.about.words),
        rx.cond(
            S.kept.length() > 0,
            rx.fragment(
                rx.el.p("These have changed since, or have visits or bills by now, and stay:"),
                rx.el.ul(rx.foreach(S.kept, _kept), class_name="import-kept"),
            ),
        ),
    )
    return rx.fragment(
        card(
            rx.cond(S.about.stage == "done", "Imported", "Undone"),
            rx.cond(S.about.stage == "done", alert("ok", "Your customers are here", S.about.words), undone),
            rx.el.div(
                link_button("To the customers", "/customers?sort=new&down=1", kind="primary"),
                _left_out(),
                rx.cond(S.about.can_undo, button("Undo import", icon="undo_2", on_click=S.take_back(S.about.id))),
                class_name="form-actions",
            ),
        ),
        rx.cond(S.rows.length() > 0, _rows()),
    )


def _kept(line: rx.Var[KeptLine]) -> rx.Component:
    return rx.el.li(link(line.name, "/customer?id=" + line.id), key=line.id)
