"""A masked number with the way to see it: a reason is asked, the server writes it down, and the number stays in this script of the page
for a short while. It never is in a State."""

from __future__ import annotations

import reflex as rx
from reflex_base.event import no_args_event_spec

from microcrm.components.overlay import overlay  # noqa: F401 - the script imports its file
from microcrm.domain.reveals import CONTACTS, REASONS, Contact

SECONDS = 60  # until it is hidden again
UNKNOWN = -1  # how many are left is not said
_JSX = rx.asset("reveal.jsx", shared=True)
_REASONS = [{"value": reason.value, "label": words} for reason, words in REASONS.items()]


class Reveal(rx.NoSSRComponent):
    """``masked`` is what is shown until then; ``left``: how many looks are left today. ``on_shown`` comes after a look."""

    library = _JSX.importable_path
    tag = "Reveal"

    customer: rx.Var[str]
    contact: rx.Var[str]
    what: rx.Var[str]
    masked: rx.Var[str]
    reasons: rx.Var[list[dict[str, str]]]
    seconds: rx.Var[int]
    left: rx.Var[int]

    on_shown: rx.EventHandler[no_args_event_spec]


def reveal(
    contact: Contact, customer_id: rx.Var[str], masked: rx.Var[str], left: rx.Var[int] | int = UNKNOWN, **props: object
) -> rx.Component:
    return Reveal.create(
        customer=customer_id, contact=contact.value, what=CONTACTS[contact], masked=masked, reasons=_REASONS,
        seconds=SECONDS, left=left, **props,
    )  # fmt: skip
