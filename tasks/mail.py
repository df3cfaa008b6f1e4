"""Outbox messages that end in a mail."""

from __future__ import annotations

from microcrm import wiring
from microcrm.adapters.mail import Mail
from microcrm.adapters.mail_letters import render
from microcrm.adapters.outbox import Message
from microcrm.operations.accounts import letters
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings


def send_mail(message: Message) -> None:
    """Payload: ``to``, ``template``, ``data``. Raises: Upstream, when the mail server doesn't take it."""
    letter = render(message.payload["template"], message.payload["data"], settings().public_url)
    mail = Mail(message.key, message.payload["to"], letter.subject, letter.text, letter.html, wiring.now())
    wiring.send_mail(mail)


def write_account_letter(message: Message) -> None:
    """Somebody typed an address; whether it has an account is found out here, where nobody can time it."""
    with wiring.unit_of_work(system(), realm="accounts") as uow:
        letters.write(uow, key=message.key, **message.payload)
