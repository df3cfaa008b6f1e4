"""The note at seven to owners."""

from __future__ import annotations

from microcrm import wiring
from microcrm.adapters.mail import Mail
from microcrm.adapters.mail_letters import render
from microcrm.adapters.outbox import Message
from microcrm.operations.messages.tidying import every_business
from microcrm.operations.messaging.morning_note import ask_for_notes, note_for
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from microcrm.wiring import unit_of_work
from tasks.app import app


@app.task(name="tasks.morning.sweep")
def sweep() -> int:
    """How many notes were asked for; those of before are the same again and change nothing."""
    with unit_of_work(system(), realm="worker") as uow:
        businesses = every_business(uow)
    return sum(_ask(one) for one in businesses)


def _ask(business_id: int) -> int:
    with unit_of_work(system(business_id)) as uow:
        return ask_for_notes(uow)


def send_note(message: Message) -> None:
    """Payload: ``member_id``, ``day``. Raises: Upstream, when the mail server doesn't take it."""
    with unit_of_work(system(message.business_id)) as uow:
        note = note_for(uow, message.payload["member_id"], message.payload["day"])
    if note is None:
        return
    data = {"name": note.name, "shop": note.shop, "day": note.day, "lines": [one._asdict() for one in note.lines]}
    letter = render("morning_note", {**data, "path": "/today"}, settings().public_url)
    wiring.send_mail(Mail(message.key, note.to, letter.subject, letter.text, letter.html, wiring.now()))
