"""Form fields: label, control, hint and the server's error beside the control that caused it.

Every field takes ``errors``, the page state's ``dict[str, str]`` var keyed by field name. Inputs are uncontrolled: give
``value`` for what they start with, render the form only once that value is loaded, and read the submitted form data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import reflex as rx

from microcrm.components.buttons import anchor
from microcrm.components.icons import icon

HUES = ("teal", "indigo", "amber", "rose", "sky", "lime", "violet", "orange", "emerald", "slate")

Errors = rx.Var[dict[str, str]]
Options = Sequence[tuple[str, str]] | rx.Var[Any]


def field_id(name: str, form: str = "f") -> str:
    """The id of a control. Two forms on one screen need different ``form`` words."""
    return f"{form}-{name}"


def field(
    name: str,
    label: str | rx.Var[str],
    control: rx.Component,
    errors: Errors,
    *,
    hint: str | rx.Var[str] = "",
    optional: bool = False,
    form: str = "f",
) -> rx.Component:
    """Label, control, hint and error. ``control`` must carry `control_props`."""
    uid = field_id(name, form)
    return rx.el.div(
        rx.el.label(label, *([rx.el.span(" (optional)", class_name="optional")] if optional else []), html_for=uid),
        control,
        rx.el.p(hint, id=f"{uid}-hint", class_name="hint") if _given(hint) else rx.fragment(),
        field_error(name, errors, form=form),
        class_name="field",
    )


def field_error(name: str, errors: Errors, *, form: str = "f") -> rx.Component:
    """The error line of a field, empty while there is none."""
    uid = field_id(name, form)
    return rx.cond(
        errors.contains(name),
        rx.el.p(icon("circle_alert", "s"), rx.el.span(errors[name]), id=f"{uid}-error", class_name="error"),
    )


def control_props(name: str, errors: Errors, *, hint: str | rx.Var[str] = "", form: str = "f") -> dict[str, Any]:
    """The attributes that tie a control to its label, hint and error."""
    uid = field_id(name, form)
    described = f"{uid}-hint {uid}-error" if _given(hint) else f"{uid}-error"
    return {
        "id": uid,
        "name": name,
        "class_name": "input",
        "aria_describedby": rx.cond(errors.contains(name), described, f"{uid}-hint" if _given(hint) else ""),
        "aria_invalid": rx.cond(errors.contains(name), "true", "false"),
    }


def text_field(
    name: str,
    label: str | rx.Var[str],
    errors: Errors,
    *,
    value: str | rx.Var[str] = "",
    hint: str | rx.Var[str] = "",
    optional: bool = False,
    before: str = "",
    after: str = "",
    form: str = "f",
    **props: Any,
) -> rx.Component:
    """One line of text. ``before`` and ``after`` are fixed words at the control's ends, as +91 or min."""
    control = rx.el.input(
        default_value=value, **{**control_props(name, errors, hint=hint, form=form), "type": "text", **props}
    )
    if before or after:
        sides = ([rx.el.span(before)] if before else [], [rx.el.span(after)] if after else [])
        control = rx.el.div(*sides[0], control, *sides[1], class_name="affix")
    return field(name, label, control, errors, hint=hint, optional=optional, form=form)


def file_field(name: str, label: str, errors: Errors, *, accept: str, hint: str) -> rx.Component:
    """For a form that is posted in parts. ``accept``: endings and types, as HTML has them."""
    props = control_props(name, errors, hint=hint)
    return field(name, label, rx.el.input(type="file", accept=accept, required=True, **props), errors, hint=hint)


def phone_field(name: str, label: str, errors: Errors, **props: Any) -> rx.Component:
    """An Indian mobile number without its country code."""
    return text_field(
        name,
        label,
        errors,
        before="+91",
        **{"type": "tel", "input_mode": "tel", "auto_complete": "tel-national", "max_length": 20, **props},
    )


def money_field(name: str, label: str, errors: Errors, **props: Any) -> rx.Component:
    """Rupees as typed: 1,200 or 1200.50."""
    return text_field(name, label, errors, before="₹", **{"input_mode": "decimal", "max_length": 16, **props})


def minutes_field(name: str, label: str, errors: Errors, **props: Any) -> rx.Component:
    return text_field(name, label, errors, after="min", **{"input_mode": "numeric", "max_length": 4, **props})


def area_field(
    name: str,
    label: str | rx.Var[str],
    errors: Errors,
    *,
    value: str | rx.Var[str] = "",
    hint: str | rx.Var[str] = "",
    optional: bool = False,
    form: str = "f",
    **props: Any,
) -> rx.Component:
    """Several lines of text."""
    control = rx.el.textarea(default_value=value, **control_props(name, errors, hint=hint, form=form), **props)
    return field(name, label, control, errors, hint=hint, optional=optional, form=form)


def select_field(
    name: str,
    label: str | rx.Var[str],
    errors: Errors,
    options: Options,
    *,
    value: str | rx.Var[str] = "",
    hint: str | rx.Var[str] = "",
    optional: bool = False,
    blank: str | rx.Var[str] | None = None,
    form: str = "f",
    **props: Any,
) -> rx.Component:
    """A native select. ``options`` are (value, words) pairs, or a Var of objects with ``value`` and ``label``.

    ``blank`` is the words of an empty first option, as "Choose a State".
    """
    control = rx.el.select(
        *([rx.el.option(blank, value="")] if blank is not None else []),
        *_options(options),
        default_value=value,
        **control_props(name, errors, hint=hint, form=form),
        **props,
    )
    return field(name, label, control, errors, hint=hint, optional=optional, form=form)


def check_field(
    name: str, label: str | rx.Var[str], *, checked: bool | rx.Var[bool] = False, hint: str = "", **props: Any
) -> rx.Component:
    """A box to tick. An unticked box is absent from the submitted data."""
    return rx.el.label(
        rx.el.input(type="checkbox", name=name, default_checked=checked, **props),
        rx.el.span(label, rx.el.small(hint) if hint else rx.fragment()),
        class_name="check",
    )


def switch_field(
    name: str, label: str | rx.Var[str], *, checked: bool | rx.Var[bool] = False, hint: str = "", **props: Any
) -> rx.Component:
    """Like `check_field`, for a setting that is on or off."""
    return rx.el.label(
        rx.el.span(label, rx.el.span(hint, class_name="hint", display="block") if hint else rx.fragment()),
        rx.el.input(type="checkbox", role="switch", name=name, default_checked=checked, **props),
        class_name="switch",
    )


def choice_field(
    name: str,
    label: str,
    errors: Errors,
    options: Sequence[tuple[str, str, str | rx.Var[str]]],
    *,
    value: str | rx.Var[str] = "",
    form: str = "f",
    **props: Any,
) -> rx.Component:
    """Radio buttons with a line of explanation each. ``options`` are (value, words, explanation)."""
    return rx.el.fieldset(
        rx.el.legend(label),
        rx.el.div(
            *[
                rx.el.label(
                    rx.el.input(type="radio", name=name, value=key, default_checked=_same(value, key), **props),
                    rx.el.span(words, rx.el.small(why) if _given(why) else rx.fragment()),
                )
                for key, words, why in options
            ],
            class_name="choices",
        ),
        field_error(name, errors, form=form),
        id=field_id(name, form),
    )


def hue_field(name: str, label: str, *, value: str | rx.Var[str] = "teal") -> rx.Component:
    """The ten colours of services and people."""
    return rx.el.fieldset(
        rx.el.legend(label),
        rx.el.div(
            *[
                rx.el.label(
                    rx.el.input(
                        type="radio",
                        name=name,
                        value=hue,
                        default_checked=_same(value, hue),
                        aria_label=hue.capitalize(),
                    ),
                    class_name=f"hue-{hue}",
                )
                for hue in HUES
            ],
            class_name="hues",
        ),
    )


def search_field(
    label: str,
    value: rx.Var[str],
    on_change: rx.EventHandler,
    *,
    restart: rx.Var[Any] | str = "",
    placeholder: str = "",
    **props: Any,
) -> rx.Component:
    """A search box that asks the server 250 ms after the last letter. The ``/`` key puts the cursor in it.

    What is in the box belongs to the person typing: a late answer never changes it. To put another text into it, set
    ``value`` and change ``restart``.
    """
    return rx.el.label(
        icon("search", "s"),
        rx.el.span(label, class_name="sr-only"),
        rx.el.input(
            default_value=value,
            key=restart,
            on_change=on_change.debounce(250),
            type="search",
            placeholder=placeholder or label,
            class_name="input",
            auto_complete="off",
            custom_attrs={"data-search": "true"},
            **props,
        ),
        class_name="search",
    )


def error_summary(errors: Errors, labels: Mapping[str, str], *, form: str = "f") -> rx.Component:
    """What is wrong, on top of a form, each line a link to its field. ``errors["form"]`` is about the whole form."""
    return rx.cond(
        errors.length() > 0,
        rx.el.div(
            icon("circle_alert"),
            rx.el.div(
                rx.el.p("Please check what is marked below.", class_name="strong"),
                rx.cond(errors.contains("form"), rx.el.p(errors["form"])),
                rx.el.ul(
                    *[
                        rx.cond(
                            errors.contains(name),
                            rx.el.li(anchor(f"{label}: ", errors[name], href=f"#{field_id(name, form)}")),
                        )
                        for name, label in labels.items()
                    ]
                ),
            ),
            class_name="alert alert-bad",
            role="alert",
        ),
    )


def _options(options: Options) -> list[rx.Component]:
    if isinstance(options, rx.Var):
        return [rx.foreach(options, _option_of)]
    return [rx.el.option(words, value=key) for key, words in options]


def _option_of(option: rx.Var[Any]) -> rx.Component:
    return rx.el.option(option.label, value=option.value, key=option.value)


def _same(value: str | rx.Var[str], key: str) -> bool | rx.Var[bool]:
    return value == key


def _given(text: str | rx.Var[str]) -> bool:
    return isinstance(text, rx.Var) or bool(text)
