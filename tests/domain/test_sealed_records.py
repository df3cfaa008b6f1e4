"""The forms that each trade begins with, and what the product itself looks at in them."""

from __future__ import annotations

from typing import Any

import pytest

from microcrm.domain.fields import Reader
from microcrm.domain.form_fields import is_asked, options_of
from microcrm.domain.form_text import NEEDED, fingerprint, from_json, read_form, to_json
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.domain.sealed_records import RecordKind, is_clear, may
from microcrm.domain.starting_forms import STARTING_FORMS
from microcrm.domain.trades import Trade

FORMS = [(trade, form) for trade, forms in STARTING_FORMS.items() for form in forms]
named = pytest.mark.parametrize(("trade", "form"), FORMS, ids=lambda one: getattr(one, "code", one))


@named
def test_each_form_is_whole(trade: Trade, form: Any) -> None:
    names = [field.name for field in form.fields]
    assert len(set(names)) == len(names) and "day" not in names, "the day has a field of its own"
    assert Role.OWNER in form.writers and form.writers <= form.readers
    for role in form.readers:
        assert Permission.RECORDS_OPEN in permissions_of(role)
    for place, field in enumerate(form.fields):
        assert bool(field.options) == (field.shape in ("choice", "choices"))
        assert (field.high > field.low) == (field.shape in ("number", "scale"))
        if field.only_if is not None:
            [decider] = [one for one in form.fields[:place] if one.name == field.only_if.name]
            assert is_asked(field, {decider.name: field.only_if.value})
            assert field.only_if.value in dict(options_of(decider))


@named
def test_the_owner_can_save_each_as_it_is(trade: Trade, form: Any) -> None:
    """What the editor sends of an untouched form is the same text, with the same fingerprint."""
    reader = Reader()
    stored = to_json(form.text)
    typed = stored | {
        "fields": [
            field | {"options": [{"value": value, "words": words} for value, words in field.get("options", [])]}
            | {"is_sensitive": field.get("is_sensitive", True), "shape": field.get("shape", "line")}
            for field in stored["fields"]
        ]
    }  # fmt: skip
    read = read_form(typed, form.code, reader)
    assert reader.errors == {}
    assert (read, fingerprint(read)) == (form.text, fingerprint(form.text))
    assert from_json(stored) == form.text


@named
def test_what_the_product_looks_at_cannot_be_edited_away(trade: Trade, form: Any) -> None:
    needed = NEEDED.get(form.code, {})
    for name in needed:
        rest = [field for field in to_json(form.text)["fields"] if field["name"] != name]
        rows = [field | {"options": [{"value": v, "words": w} for v, w in field.get("options", [])]} for field in rest]
        reader = Reader()
        read_form(
            {"title": "T", "day_label": "D", "fields": [{"shape": "line"} | row for row in rows]}, form.code, reader
        )
        assert "fields" in reader.errors


def test_codes_are_the_product_s_own_and_each_trade_has_a_consent() -> None:
    for forms in STARTING_FORMS.values():
        codes = [form.code for form in forms]
        assert len(set(codes)) == len(codes) and RecordKind.OWN not in codes and RecordKind.CONSENT in codes


def test_only_a_patch_test_without_a_reaction_is_clear() -> None:
    assert is_clear("patch_test", {"result": "clear"})
    assert not is_clear("patch_test", {"result": "reaction"}) and not is_clear("patch_test", {})
    assert not is_clear("own", {"result": "clear"})


def test_a_task_is_narrowed_by_no_table() -> None:
    assert may(frozenset(), None) and not may(frozenset({Role.OWNER}), Role.STAFF)
