"""The card with how many masked numbers a day may be looked at: by role, and by person where it differs."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import submit
from microcrm.components.cards import card
from microcrm.domain.reveals import MOST_A_DAY, QUICK_COUNT, QUICK_SPAN
from microcrm.state.reveal_budgets import BudgetRow
from microcrm.state.reveal_budgets import RevealBudgets as S

_MINUTES = QUICK_SPAN.seconds // 60


def reveal_budgets_card() -> rx.Component:
    """For owners only."""
    people = rx.fragment(
        rx.el.h3("One person"),
        rx.el.p("Empty: as many as their role.", class_name="hint"),
        rx.el.div(rx.foreach(S.people, _person), class_name="grid-2"),
    )
    return rx.cond(
        S.is_read,
        card(
            "Masked numbers",
            rx.el.form(
                rx.el.p(
                    "Whoever sees numbers and addresses masked may look at some of them a day, each for a reason. You get a "
                    f"mail when somebody has used all of a day’s, or looks at {QUICK_COUNT} within {_MINUTES} minutes.",
                    class_name="muted",
                ),
                rx.el.h3("Looks a day, by role"),
                rx.el.div(rx.foreach(S.roles, _role), class_name="grid-2"),
                rx.cond(S.people.length() > 0, people),
                rx.el.div(submit("Save", busy=S.is_saving), class_name="form-actions"),
                on_submit=S.save,
                class_name="form",
                key=S.stamp,
                no_validate=True,
            ),
        ),
    )


def _role(row: rx.Var[BudgetRow]) -> rx.Component:
    return _number(row, "Usually " + row.usual + f". 0 for none, at most {MOST_A_DAY}")


def _person(row: rx.Var[BudgetRow]) -> rx.Component:
    return _number(row, "Their role: " + row.usual)


def _number(row: rx.Var[BudgetRow], hint: rx.Var[str]) -> rx.Component:
    error = S.errors.get(row.key, "")
    return rx.el.div(
        rx.el.label(row.label, html_for="b-" + row.key),
        rx.el.input(
            id="b-" + row.key,
            name=row.key,
            default_value=row.value,
            input_mode="numeric",
            max_length=3,
            class_name="input",
            aria_invalid=rx.cond(error != "", "true", "false"),
            aria_describedby="b-" + row.key + "-about",
        ),
        rx.el.p(
            rx.cond(error != "", error, hint),
            id="b-" + row.key + "-about",
            class_name=rx.cond(error != "", "error", "hint"),
        ),
        class_name="field",
        key=row.key,
    )
