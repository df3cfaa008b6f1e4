"""Fields of a customer that are changed where they stand."""

from __future__ import annotations

from typing import Literal

import reflex as rx

from microcrm.components.inline.field import inline_field
from microcrm.domain.permissions import Permission
from microcrm.state.customer_field import CustomerField as S

_MAY_EDIT = S.allowed.contains(Permission.CUSTOMERS_EDIT.value)
Kind = Literal["text", "tel", "email", "date", "lines"]


def inline(name: str, label: str, shown: rx.Component | rx.Var[str], *, kind: Kind = "text") -> rx.Component:
    """``shown``, with a way to change it for those who may. ``label``: within a sentence, "phone number"."""
    field = inline_field(
        shown,
        name=name,
        label=label,
        kind=kind,
        start=S.start,
        editing=S.field == name,
        error=rx.cond((S.field == name) & S.errors.contains(name), S.errors[name], ""),
        busy=S.is_saving,
        family=S.family,
        on_begin=S.begin,
        on_save=S.save,
        on_cancel=S.cancel,
    )
    return rx.cond(_MAY_EDIT, field, shown)
