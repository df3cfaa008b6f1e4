"""Sends one mail: over SMTP when a server is configured, else into the development mailbox, which a page shows.

Both are safe to repeat: the mailbox keeps one row per key, and SMTP messages carry an id made from it.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from microcrm.domain.errors import Upstream
from microcrm.models.records import MailboxMessage

_PATIENCE = 20  # seconds


@dataclass(frozen=True, slots=True)
class Mail:
    """``key`` names the effect; the same key is the same mail. ``unsubscribe_url``: of mail to customers; opened it is a page,
    posted to it ends such mail (RFC 2369, RFC 8058)."""

    key: str
    to: str
    subject: str
    text: str
    html: str
    at: datetime
    unsubscribe_url: str = ""


class Mailer(Protocol):
    def send(self, mail: Mail) -> None: ...


class Mailbox:
    """Development only. The transaction must be of the realm ``worker``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def send(self, mail: Mail) -> None:
        row = {"recipient": mail.to, "subject": mail.subject, "text": mail.text, "html": mail.html, "at": mail.at}
        self._session.connection().execute(
            insert(MailboxMessage).values(key=mail.key, **row).on_conflict_do_nothing(index_elements=["key"])
        )


class Smtp:
    """``smtp://user:password@host:587`` insists on STARTTLS once there is a password or ``?tls=required``;
    ``smtps://user:password@host:465`` speaks TLS from the first byte. ``trust`` is for tests."""

    def __init__(self, url: str, sender: str, trust: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._is_tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._is_tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._needs_tls = bool(self._password) or parse_qs(parts.query).get("tls") == ["required"]
        self._sender, self._trust = sender, trust or ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        """Raises: Upstream, when the server doesn't take it; it can be tried again."""
        try:
            with self._connected() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message_of(mail, self._sender))
        except (smtplib.SMTPException, OSError) as error:
            raise Upstream("The mail server did not take the message.") from error

    def _connected(self) -> smtplib.SMTP:
        if self._is_tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_PATIENCE, context=self._trust)
        server = smtplib.SMTP(self._host, self._port, timeout=_PATIENCE)
        try:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=self._trust)
            elif self._needs_tls:
                raise smtplib.SMTPNotSupportedError("no STARTTLS")
        except BaseException:
            server.close()
            raise
        return server


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """Text first, HTML beside it. The id is made from the key, so that a repeated message is recognised as one."""
    message = EmailMessage()
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
