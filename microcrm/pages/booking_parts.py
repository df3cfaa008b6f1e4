"""What the forms about one visit share: free times to choose, a reason to go past the hours, and telling the customer."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import away_button
from microcrm.components.feedback import alert
from microcrm.components.fields import check_field, choice_field, minutes_field, select_field, text_field
from microcrm.components.icons import icon
from microcrm.components.overlay.overlay import puts
from microcrm.components.vault.vault import MINUTES, which
from microcrm.state.booking_card_view import TimeChoice
from microcrm.state.booking_letter import Letter

STEP_ICONS = {
    "confirmed": "check",
    "arrived": "door_open",
    "started": "play",
    "finished": "circle_check",
    "no_show": "circle_slash",
    "booked": "thumbs_up",
}


def offered_times(times: rx.Var[list[TimeChoice]], take: rx.EventHandler) -> rx.Component:
    """The nearest free times of a refusal, each a button that puts itself into the form."""

    def offer(choice: rx.Var[TimeChoice]) -> rx.Component:
        return rx.el.button(
            choice.label,
            type="button",
            class_name="btn",
            on_click=take(choice.day, choice.time),
            key=choice.label,
            **puts(choice.day, choice.time),
        )

    return rx.cond(
        times.length() > 0,
        rx.el.div(
            rx.el.p("These times are free:", class_name="strong"),
            rx.el.div(rx.foreach(times, offer), class_name="row num"),
            class_name="stack-s offered",
            role="status",
        ),
    )


def free_times(form: Any, chosen: rx.Var[str], take: rx.EventHandler) -> rx.Component:
    """All free times of one day, as ``find_free`` left them in the state ``form``. ``chosen``: the time that is in the
    form."""

    def chip(choice: rx.Var[TimeChoice]) -> rx.Component:
        return rx.el.button(
            choice.label,
            type="button",
            class_name="time-chip",
            aria_pressed=rx.cond(choice.time == chosen, "true", "false"),
            on_click=take(choice.day, choice.time),
            key=choice.day + choice.time,
            **puts(choice.day, choice.time),
        )

    chips = rx.el.div(
        rx.foreach(form.free, chip), class_name="time-chips num", role="group", aria_label=form.free_words
    )
    return rx.cond(
        form.free_words != "",
        rx.el.div(
            rx.el.p(form.free_words, class_name="label", role="status"),
            rx.cond(form.free.length() > 0, chips),
            class_name="field",
        ),
    )


def when_fields(form: Any, uid: str, on_day: Any, on_time: Any = None, *, label: str = "Day") -> rx.Component:
    """Day and time as they stand in ``start`` of the state ``form``, drawn anew with its ``turn``."""
    start, heard = form.start, {} if on_time is None else {"on_change": on_time}
    return rx.el.div(
        text_field("day", label, form.errors, value=start.day, type="date", form=uid, on_change=on_day),
        text_field("time", "Time", form.errors, value=start.time, type="time", step=300, form=uid, **heard),
        class_name="grid-2",
        key=start.turn.to_string(),
    )


def who_fields(form: Any, takers: Any, uid: str, *, class_name: str = "grid-2") -> rx.Component:
    """Who does it, and how long it takes; what is typed there stays when another time is taken."""
    return rx.el.div(
        select_field(
            "member_id",
            "With",
            form.errors,
            takers,
            value=form.start.member_id,
            form=uid,
            on_change=form.typed("member_id"),
        ),
        minutes_field(
            "minutes", "Length", form.errors, value=form.start.minutes, form=uid, on_change=form.typed("minutes")
        ),
        class_name=class_name,
    )


def which_classes(
    card: Any, following: Any, all_of_them: Any, errors: rx.Var[dict[str, str]], uid: str, on_change: Any
) -> rx.Component:
    """Of a series: how many each answer covers is said with it."""
    scopes = [
        ("this", "Only this class", card.when),
        ("following", "This and following", following),
        ("all", "All still to come", all_of_them),
    ]
    return choice_field("scope", "Which classes?", errors, scopes, value="this", form=uid, on_change=on_change)


def reason_field(errors: rx.Var[dict[str, str]], form: str) -> rx.Component:
    return text_field(
        "reason",
        "Reason to book it outside hours",
        errors,
        optional=True,
        hint="Only owners, managers and the front desk can do this.",
        max_length=120,
        form=form,
    )


def safety_field(errors: rx.Var[dict[str, str]], form: str, *, optional: bool = True) -> rx.Component:
    """For whoever may go past a safety timer, or an allergy. ``optional``: something else in the form can be changed instead."""
    return text_field(
        "safety_reason",
        "Reason to go past what is not safe",
        errors,
        optional=optional,
        hint="It is kept with the visit and in the log, with your name.",
        max_length=120,
        form=form,
    )


def unsafe_note(form: Any) -> rx.Component:
    """What speaks against what is chosen in the state ``form``, and for whoever may open the record, what that says."""
    shown = rx.cond(form.against != "", which(records=form.against, minutes=MINUTES))
    note = rx.el.div(alert("warn", "Not safe as it stands", form.unsafe), shown, class_name="stack-s")
    return rx.cond(form.unsafe != "", note)


def sealed_beside(ask: Any) -> rx.Component:
    """What the records behind a refusal say, for whoever may open them here (``against`` of the state ``ask``); and the customer's own
    page of them (``records``), in a tab of its own: what is asked stays open."""
    words = "Sealed records of this customer, in a new tab"
    there = away_button("Sealed records", ask.records, icon="lock", target="_blank", aria_label=words)
    return rx.fragment(
        rx.cond(ask.against != "", which(records=ask.against, minutes=MINUTES)),
        rx.cond(ask.records != "", rx.el.div(there, class_name="row")),
    )


def to_fill_note(form: Any) -> rx.Component:
    """What has to be filled in before the visit of the state ``form`` starts; the way there leaves this form as it is."""
    note = form.to_fill
    there = away_button(
        "Forms", note.href, icon="clipboard_list", target="_blank", aria_label="Forms of this customer, in a new tab"
    )
    told = alert("warn", "To be filled in before it starts", note.words, rx.cond(note.href != "", there))
    return rx.cond(note.words != "", rx.el.div(told, role="status"))


def tell_field(
    letter: rx.Var[Letter],
    *,
    label: str = "Tell the customer",
    nobody: str = "This customer has neither phone nor e-mail: tell them yourself.",
    is_usual: bool | rx.Var[bool] | None = None,
) -> rx.Component:
    """Whether the customer is told, and in which words. Nobody is asked about who cannot be reached."""
    ticked = letter.is_usual if is_usual is None else is_usual
    return rx.cond(
        letter.reach != "",
        rx.el.div(check_field("tell", label, checked=ticked), letter_figure(letter), class_name="tell"),
        rx.el.p(icon("info", "s"), nobody, class_name="meta tell-nobody"),
    )


def tell_new_field(letter: rx.Var[Letter]) -> rx.Component:
    """The same for a customer who is being typed."""
    return rx.cond(
        letter.text != "",
        rx.el.div(
            check_field("tell", "Tell the customer", checked=letter.is_usual), letter_figure(letter), class_name="tell"
        ),
    )


def letter_figure(letter: rx.Var[Letter]) -> rx.Component:
    return rx.el.figure(
        rx.el.blockquote(letter.text, lang=letter.lang),
        rx.el.figcaption(letter.reach, " ", letter.hint, class_name="meta"),
        class_name="letter",
    )


def waive_field(fee: rx.Var[str], errors: rx.Var[dict[str, str]], form: str) -> rx.Component:
    """The fee stands unless it is waived, and nothing is waived without a reason."""
    return rx.el.div(
        check_field("is_waived", "Waive the fee of " + fee),
        rx.el.div(
            text_field("waiver", "Why no fee is asked for", errors, max_length=200, form=form), class_name="waive-why"
        ),
        class_name="waive",
    )


def icon_of_step(status: rx.Var[str]) -> rx.Component:
    """The mark of a step, the same on the card and on Today."""
    return rx.match(status, *[(value, icon(name)) for value, name in STEP_ICONS.items()], icon("check"))
