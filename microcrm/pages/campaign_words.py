"""The panel in which the words of a campaign are written, with the message as it would arrive below."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, segmented, submit, text_button
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.wording.wording import wording
from microcrm.domain.notices import LANGUAGE_NAMES
from microcrm.pages.settings_texts import as_it_arrives, registered_fields, wrong_in
from microcrm.state.campaign_words import CampaignWords as S


def campaign_words() -> rx.Component:
    return panel(
        "Words",
        rx.cond(
            S.is_open,
            rx.el.div(
                segmented("Language", list(LANGUAGE_NAMES.items()), S.words.language, S.pick_language),
                _form(),
                class_name="stack",
            ),
        ),
        open=S.is_open,
        on_close=S.close,
        description="Counts as advertising: goes only to adults who agreed to offers, and says how to end them.",
    )


def _form() -> rx.Component:
    words = S.words
    return rx.el.form(
        wording(
            name="text",
            label="Text",
            start=words.text,
            places=words.places,
            error=wrong_in(S, "text"),
            hint="Press a word below to put it in. It becomes the customer’s own when the message leaves.",
            lang=words.language,
            on_type=lambda text: S.put("text", text).debounce(300),
        ),
        as_it_arrives(S),
        registered_fields(S),
        rx.el.div(text_button("Take this text out", on_click=S.drop), class_name="row"),
        form_footer(button("Close", on_click=S.close), submit("Save", busy=S.is_saving)),
        on_submit=S.save,
        key=words.turn,
        class_name="form",
    )
