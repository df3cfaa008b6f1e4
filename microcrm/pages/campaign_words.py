"""The panel in which the words of a campaign are written, with the message as it would arrive below."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import segmented, text_button
from microcrm.components.dialogs import panel
from microcrm.domain.notices import LANGUAGE_NAMES
from microcrm.pages.settings_texts import words_form
from microcrm.state.campaign_words import CampaignWords as S


def campaign_words() -> rx.Component:
    return panel(
        "Words",
        rx.cond(
            S.is_open,
            rx.el.div(
                segmented("Language", list(LANGUAGE_NAMES.items()), S.words.language, S.pick_language),
                words_form(S, rx.el.div(text_button("Take this text out", on_click=S.drop), class_name="row")),
                class_name="stack",
            ),
        ),
        open=S.is_open,
        on_close=S.close,
        description="Counts as advertising: goes only to adults who agreed to offers, and says how to end them.",
    )
