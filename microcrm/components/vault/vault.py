"""Sealed records on the screen: a list that opens for a purpose, the form that writes them, and the editor of such forms.

What records say is fetched by these scripts and kept by them alone (`opened.js`): it never is in a State. They forget it after
some minutes, when the tab is hidden and when the page is left. They are fetched when they are first shown: most who open a
customer's page never open this part of it.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import no_args_event_spec
from reflex_base.event import passthrough_event_spec as payload

_IMPORTED = ("opened.js", "chart.jsx", "signature.jsx", "field.jsx", "asked.js")  # by those below
_PARTS = [rx.asset(name, shared=True) for name in _IMPORTED]
_LIST = rx.asset("list.jsx", shared=True)
_FORM = rx.asset("form.jsx", shared=True)
_WHICH = rx.asset("which.jsx", shared=True)
_EDITOR = rx.asset("editor.jsx", shared=True)


class SealedList(rx.NoSSRComponent):
    """``rows``: what may be known unopened (`RecordRow`). ``purposes``: value and label. ``on_opened`` comes after records
    were opened, ``on_correct`` gets the id of an opened one."""

    library = _LIST.importable_path
    tag = "SealedList"

    rows: rx.Var[list[Any]]
    purposes: rx.Var[list[dict[str, str]]]
    minutes: rx.Var[int]

    on_opened: rx.EventHandler[no_args_event_spec]
    on_correct: rx.EventHandler[payload(str)]


class SealedForm(rx.NoSSRComponent):
    """``form`` is a `RecordForm`; a correction starts with what was opened. ``on_save`` gets {day, values}."""

    library = _FORM.importable_path
    tag = "SealedForm"

    form: rx.Var[Any]
    errors: rx.Var[dict[str, str]]
    busy: rx.Var[bool]

    on_save: rx.EventHandler[payload(dict)]
    on_close: rx.EventHandler[no_args_event_spec]


class Which(rx.NoSSRComponent):
    """Opens ``records`` (ids with commas between) in place, to check what is safe; nothing when there are none."""

    library = _WHICH.importable_path
    tag = "Which"

    records: rx.Var[str]
    minutes: rx.Var[int]


class FormEditor(rx.NoSSRComponent):
    """Writes a form (`EditedForm`). ``shapes`` and ``roles``: value and label, the owner first. ``on_save`` gets {text, readers,
    writers, is_published}; mistakes stand in ``errors`` at "title", "fields", "fields.2.label"."""

    library = _EDITOR.importable_path
    tag = "FormEditor"

    form: rx.Var[Any]
    shapes: rx.Var[list[dict[str, str]]]
    roles: rx.Var[list[dict[str, str]]]
    errors: rx.Var[dict[str, str]]
    busy: rx.Var[bool]

    on_save: rx.EventHandler[payload(dict)]
    on_close: rx.EventHandler[no_args_event_spec]


MINUTES = 5  # until what was opened is hidden again

sealed_list = SealedList.create
sealed_form = SealedForm.create
which = Which.create
form_editor = FormEditor.create
