"""One contract for both ways that mail goes: over a real SMTP conversation, and into the development mailbox."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from microcrm import wiring
from microcrm.adapters.mail import Mail, Mailbox, Smtp, message_of
from microcrm.adapters.mail_letters import render
from microcrm.domain.errors import Upstream
from microcrm.models.records import MailboxMessage
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from tests.conftest import Work
from tests.support import smtp

SENDER = "MicroCRM <hello@shop.test>"
MAIL = Mail("reset:1", "asha@a.example", "Set a new password ₹", "Open\n.\nthis", "<p>Open</p>", datetime.now(UTC))
FOLDER = Path(wiring.__file__).parent / "adapters" / "mail_templates"
TEMPLATES = sorted(path.stem for path in FOLDER.glob("*.txt"))
DATA = {
    "shop": "Asha <b>Rao</b>",
    "code": "042042",
    "language": "en",
    "minutes": 10,
    "name": "Asha <b>Rao</b>",
    "business": "Glow & Go",
    "invited_by": "Meera",
    "role": "front desk",
    "days": 7,
    "path": "/verify?token=abc",
    "at": "2026-12-05T04:00:00+00:00",
    "browser": "Chrome on Windows",
    "address": "203.0.113.7",
    "left": 3,
    "new_email": "new@a.example",
    "who": "Farhan <b>Ahmed</b>",
    "count": 12,
    "is_spent": False,
    "day": "Sat, 05 Dec 2026",
    "text": "Contacts were looked at more often than usual",
    "fixed": "",
    "lines": [{"words": "Asha <b>Rao</b> is due", "path": "/customer?id=1"}],
}


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return smtp.certificate(tmp_path)


def test_smtp_sends_text_and_html_with_an_id_made_from_the_key() -> None:
    with smtp.serving() as inbox:
        sender = Smtp(f"smtp://localhost:{inbox.port}", SENDER)
        sender.send(MAIL)
        sender.send(MAIL)
    first, again = inbox.messages
    assert (first["To"], first["From"]) == ("asha@a.example", SENDER)
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@shop.test>")
    text, html = first.get_payload()
    assert text.get_payload(decode=True).decode().split() == ["Open", ".", "this"]
    assert html.get_content_type() == "text/html"


def test_mail_to_customers_is_ended_by_one_press() -> None:
    """RFC 8058 section 3.1: the same address for opening and for posting to it. Account mail has none."""
    end = "https://crm.example/u/1.2.x/mail"
    sent = message_of(replace(MAIL, unsubscribe_url=end), SENDER)
    assert (sent["List-Unsubscribe"], sent["List-Unsubscribe-Post"]) == (f"<{end}>", "List-Unsubscribe=One-Click")
    plain = message_of(MAIL, SENDER)
    assert plain["List-Unsubscribe"] is None and plain["List-Unsubscribe-Post"] is None


def test_smtp_encrypts_where_the_server_can_and_signs_in(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, trust = contexts
    with smtp.serving(server) as inbox:
        Smtp(f"smtp://us%40er:p%3Aw@localhost:{inbox.port}", SENDER, trust).send(MAIL)
    assert inbox.was_encrypted == [True]
    assert inbox.signed_in_as == ["us@er"]


def test_smtps_is_encrypted_from_the_first_byte(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, trust = contexts
    with smtp.serving(server, implicit_tls=True) as inbox:
        Smtp(f"smtps://localhost:{inbox.port}", SENDER, trust).send(MAIL)
    assert inbox.was_encrypted == [True]


@pytest.mark.parametrize("url", ["smtp://user:secret@localhost:{}", "smtp://localhost:{}?tls=required"])
def test_a_password_never_goes_over_a_plain_line(url: str) -> None:
    with smtp.serving() as inbox, pytest.raises(Upstream):
        Smtp(url.format(inbox.port), SENDER).send(MAIL)
    assert inbox.messages == inbox.signed_in_as == []


def test_a_certificate_that_nobody_trusts_is_refused(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with smtp.serving(contexts[0]) as inbox, pytest.raises(Upstream):
        Smtp(f"smtp://localhost:{inbox.port}", SENDER).send(MAIL)
    assert inbox.messages == []


def test_a_refusal_or_silence_can_be_tried_again() -> None:
    with smtp.serving() as inbox:
        sender = Smtp(f"smtp://localhost:{inbox.port}", SENDER)
        inbox.refuses = True
        with pytest.raises(Upstream):
            sender.send(MAIL)
        inbox.refuses = False
        sender.send(MAIL)
        assert len(inbox.messages) == 1
    with pytest.raises(Upstream):
        sender.send(MAIL)


def test_the_mailbox_keeps_one_of_each_key(unit_of_work: Work) -> None:
    for _ in range(2):
        with unit_of_work(system(), realm="worker") as uow:
            Mailbox(uow.session).send(MAIL)
    with unit_of_work(system(), realm="worker") as uow:
        rows = uow.session.exec(select(MailboxMessage)).all()
        assert [(row.recipient, row.subject) for row in rows] == [("asha@a.example", "Set a new password ₹")]
    with unit_of_work(system()) as uow:
        assert uow.session.exec(select(MailboxMessage)).all() == []


@pytest.mark.usefixtures("fresh_database")
def test_without_a_mail_server_production_waits_instead_of_dropping_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    wiring.send_mail(MAIL)
    changed = settings().model_copy(update={"environment": "prod"})
    monkeypatch.setattr(wiring, "settings", lambda: changed)
    with pytest.raises(Upstream):
        wiring.send_mail(MAIL)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_letter_reads_well_with_hostile_values(template: str) -> None:
    hostile = {
        key: f"{value}\r\nBcc: x@y.example" if isinstance(value, str) and key != "at" else value
        for key, value in DATA.items()
    }
    letter = render(template, hostile | {"path": DATA["path"]}, "https://app.shop.test")
    assert "\n" not in letter.subject
    assert "{{" not in letter.text + letter.html
    assert "<b>" not in letter.html
    assert "<b>" not in letter.text or "Asha <b>Rao</b>" in letter.text
    assert letter.text.endswith("https://app.shop.test\n")
    if "Open\n" in letter.text or "button" in (FOLDER / f"{template}.txt").read_text():
        assert "https://app.shop.test/verify?token=abc" in letter.text
        assert 'href="https://app.shop.test/verify?token=abc"' in letter.html


def test_a_moment_is_told_in_indian_time() -> None:
    assert "Sat, 05 Dec 2026, 9:30 am (India)" in render("reset", DATA, "https://x.test").text


@pytest.mark.parametrize(
    ("language", "said"), [("en", "is your code"), ("hi", "आपका कोड"), ("kn", "ನಿಮ್ಮ ಕೋಡ್"), ("fr", "is your code")]
)
def test_a_code_comes_in_the_visitor_s_language(language: str, said: str) -> None:
    letter = render("booking_code", DATA | {"language": language}, "https://x.test")
    assert letter.subject.startswith("042042") and said in letter.subject
    assert "042042" in letter.text and "042042" in letter.html and "10" in letter.text
