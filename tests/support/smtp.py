"""A small SMTP server on a thread: takes mail, knows STARTTLS and AUTH PLAIN, can be told to refuse."""

from __future__ import annotations

import base64
import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Inbox:
    port: int = 0
    messages: list[Message] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    signed_in_as: list[str] = field(default_factory=list)
    refuses: bool = False


@contextlib.contextmanager
def serving(certificate: ssl.SSLContext | None = None, *, implicit_tls: bool = False) -> Iterator[Inbox]:
    """Without a ``certificate`` the server does not offer STARTTLS."""
    inbox = Inbox()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            encrypted = False
            if implicit_tls and certificate:
                self.encrypt(certificate)
                encrypted = True
            self.say("220 test")
            while line := self.rfile.readline():
                verb = line.decode().strip().upper()
                if verb.startswith("EHLO"):
                    self.say("250-test")
                    if certificate and not encrypted:
                        self.say("250-STARTTLS")
                    self.say("250 AUTH PLAIN")
                elif verb == "STARTTLS" and certificate:
                    self.say("220 go on")
                    self.encrypt(certificate)
                    encrypted = True
                elif verb.startswith("AUTH PLAIN"):
                    user = base64.b64decode(line.split()[2]).split(b"\0")[1]
                    inbox.signed_in_as.append(user.decode())
                    self.say("235 ok")
                elif verb == "DATA":
                    self.take(encrypted)
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("450 later" if inbox.refuses and verb.startswith("RCPT") else "250 ok")

        def take(self, encrypted: bool) -> None:
            self.say("354 go on")
            body = b""
            while (line := self.rfile.readline()) != b".\r\n":
                body += line.removeprefix(b".") if line.startswith(b"..") else line
            inbox.messages.append(message_from_bytes(body))
            inbox.was_encrypted.append(encrypted)
            self.say("250 taken")

        def encrypt(self, context: ssl.SSLContext) -> None:
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", buffering=0)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up in the handshake is what some tests want."""

    with Server(("127.0.0.1", 0), Session) as server:
        inbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield inbox
        server.shutdown()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server, and for a client that trusts it: a certificate for "localhost" that lasts an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
