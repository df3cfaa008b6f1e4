"""What a customer agrees to: lights in the header, and a panel that shows and records it."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, submit, text_button
from microcrm.components.cards import chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import select_field, text_field
from microcrm.components.icons import icon
from microcrm.domain.consent import WAYS, Decision
from microcrm.domain.guardian import BOND_WORDS, PROOF_WORDS
from microcrm.domain.permissions import Permission
from microcrm.operations.consent_guardians import SOMEBODY, THEMSELVES
from microcrm.state.customer_consents import ConsentRow, LightRow, StepRow
from microcrm.state.customer_consents import CustomerConsents as S

_MAY_RECORD = S.allowed.contains(Permission.CONSENTS_RECORD.value)
_BONDS = [(bond.value, words) for bond, words in BOND_WORDS.items()]
_PROOFS = [(proof.value, words) for proof, words in PROOF_WORDS.items()]
_WAYS = [(way.value, words) for way, words in WAYS.items()]


def consent_lights() -> rx.Component:
    """In words and icons, not by colour alone. Nothing until they are read."""
    missing = rx.el.li(icon("circle_help", "s"), rx.el.span("Not asked yet: " + S.not_asked), class_name="light-none")
    return rx.cond(
        S.lights.length() > 0,
        rx.el.ul(
            rx.foreach(S.lights, _light),
            rx.cond(S.not_asked != "", missing),
            rx.el.li(text_button("Consents", on_click=S.show)),
            class_name="lights",
            aria_label="Consents",
        ),
    )


def _light(light: rx.Var[LightRow]) -> rx.Component:
    on = rx.el.li(
        icon("circle_check", "s"), rx.el.span(light.label, rx.el.span(": " + light.words, class_name="sr-only")),
        class_name="light-yes", key=light.key,
    )  # fmt: skip
    off = rx.el.li(icon("ban", "s"), rx.el.span(light.label, " ", light.words), class_name="light-no", key=light.key)
    return rx.cond(light.is_on, on, off)


def consent_panel() -> rx.Component:
    """One purpose after the other, or the form of one of them."""
    return panel(
        rx.cond(S.form.purpose != "", S.form.title, "Consents"),
        rx.cond(S.form.purpose != "", _form(), rx.el.div(rx.foreach(S.lines, _line), class_name="consents")),
        open=S.is_open,
        on_close=S.close,
    )


def _line(line: rx.Var[ConsentRow]) -> rx.Component:
    yes = rx.cond(
        line.can_give, button("Record a yes", on_click=S.begin(line.purpose, Decision.GIVEN.value)), rx.fragment()
    )
    no = rx.cond(
        line.no != "",
        button(line.no_words, on_click=S.begin(line.purpose, line.no)),
    )
    return rx.el.section(
        rx.el.div(rx.el.h3(line.label), chip(line.words, line.tone), class_name="row"),
        rx.cond(line.detail != "", rx.el.p(line.detail, class_name="meta")),
        rx.cond(
            line.steps.length() > 0,
            rx.el.ol(rx.foreach(line.steps, _step), class_name="consent-steps"),
        ),
        rx.cond(_MAY_RECORD, rx.el.div(yes, no, class_name="row")),
        key=line.purpose,
        aria_label=line.label,
    )


def _step(step: rx.Var[StepRow]) -> rx.Component:
    theirs = rx.cond(step.guardian_href != "", rx.fragment(" ", link("Their page", step.guardian_href)))
    return rx.el.li(step.text, theirs, class_name=rx.cond(step.is_void, "void", ""), key=step.key)


def _speaker() -> rx.Component:
    """Of a child's yes it must be a parent or guardian, whom the shop knows to be of age."""
    nobody = rx.cond(S.form.is_child & S.form.is_yes, "Choose who agreed", "The customer")
    other = rx.fragment(
        text_field("guardian_name", "Their name", S.errors, max_length=120, auto_complete="off", form="consent"),
        select_field("guardian_bond", "They are the customer’s", S.errors, _BONDS, blank="Choose", form="consent"),
    )
    known = select_field(
        "guardian_proof", "How you know that they are an adult", S.errors, _PROOFS, blank="Choose", form="consent"
    )
    return rx.fragment(
        rx.cond(
            S.form.is_child & S.form.is_yes,
            rx.el.p("The customer is under 18: a parent or guardian agrees for them.", class_name="hint"),
        ),
        select_field(
            "by", "Who says so", S.errors, S.form.speakers, value="", blank=nobody, form="consent", on_change=S.pick_by
        ),
        rx.cond(S.by == SOMEBODY, other),
        rx.cond(S.by != THEMSELVES, known),
    )


def _form() -> rx.Component:
    notice = rx.el.figure(
        rx.el.figcaption("Read this out or show it before the answer"),
        rx.el.blockquote(S.form.notice, class_name="quote"),
        rx.el.p(S.form.notice_note, class_name="meta"),
    )
    until = text_field(
        "until", "Until", S.errors, optional=True, type="date", hint="A consent that ends by itself", form="consent"
    )
    return rx.el.form(
        rx.cond(S.form.is_yes, notice),
        rx.cond(S.form.is_yes | S.form.is_child, _speaker()),
        select_field("way", "How it was said", S.errors, _WAYS, value="in_person", form="consent"),
        text_field("day", "On", S.errors, value=S.form.day, type="date", form="consent"),
        rx.cond(S.form.is_yes, until),
        text_field(
            "evidence", "What proves it", S.errors, optional=True, max_length=200, auto_complete="off",
            hint="Where the paper is, or who was there. Nothing about health here.", form="consent",
        ),
        form_footer(button("Back", on_click=S.go_back), submit("Record", busy=S.is_saving)),
        on_submit=S.save,
        class_name="form",
        key=S.form.purpose + S.form.decision,
    )  # fmt: skip
