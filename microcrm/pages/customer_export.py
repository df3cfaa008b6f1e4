"""The panel of the list of customers that asks how they are taken away."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit, text_button
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import check_field, choice_field
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_export import FileKind
from microcrm.state.customer_export import CustomerExport as S
from microcrm.state.customer_export import FieldRow

MAY_EXPORT = S.allowed.contains(Permission.CUSTOMERS_EXPORT.value)
_KINDS = [
    (FileKind.XLSX.value, "Excel", "For Excel, Numbers, LibreOffice. MicroCRM reads it again."),
    (FileKind.CSV.value, "CSV", "For other programs. MicroCRM reads it again."),
    (FileKind.CARDS.value, "Contact cards", "vCard, for the address book of a phone. Visits and money have no place on a card."),
]  # fmt: skip


def export_panel() -> rx.Component:
    return panel(
        "Export customers",
        rx.cond(S.is_open, _form()),
        description=S.words,
        open=S.is_open,
        on_close=S.stop,
    )


def _form() -> rx.Component:
    masked = rx.el.p(
        "Your role sees contact details in part only: phones and emails go masked, addresses and notes stay out, and "
        "contact cards hold neither.",
        class_name="meta",
    )
    return rx.el.form(
        choice_field("kind", "File", S.errors, _KINDS, value=S.kind, form="export"),
        rx.el.fieldset(
            rx.el.legend("What of each customer, beside the name"),
            rx.el.p(
                text_button("Everything", on_click=S.tick_all),
                text_button("As in the list", on_click=S.tick_list),
                class_name="row",
            ),
            rx.el.div(rx.foreach(S.fields, _field), class_name="stack-s", key=S.turn),
            class_name="plain-set",
        ),
        rx.cond(S.is_masked, masked),
        rx.el.p("Who takes customers away, how many and when, stands in the activity log.", class_name="meta"),
        form_footer(button("Cancel", on_click=S.stop), submit("Export")),
        on_submit=S.take,
        class_name="form",
    )


def _field(row: rx.Var[FieldRow]) -> rx.Component:
    return rx.el.div(check_field("field_" + row.name, row.label, checked=row.is_ticked), key=row.name)
