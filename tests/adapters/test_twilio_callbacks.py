"""What the stand-in tells on its own: signed like Twilio, and wrong, late, twice and in any order when it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from microcrm.adapters.twilio_signature import is_signed
from tests.support.sandbox import Texter
from tests.support.texting import PHONE, SMS, client_of

Call = tuple[str, list[tuple[str, str]], str]  # address, form, signature


class Ear:
    """A server that hears callbacks. ``status``: what it answers."""

    def __init__(self) -> None:
        self.heard: list[Call] = []
        self.status = 204
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = parse_qsl(body, keep_blank_values=True)
                ear.heard.append((f"{ear.url}{self.path}", form, self.headers.get("x-twilio-signature", "")))
                self.send_response(ear.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def states(self) -> list[str]:
        return [dict(form)["MessageStatus"] for _, form, _ in self.heard]

    def after(self, count: int) -> list[str]:
        """The states that were told, once there are so many; and a moment later no more of them."""
        until = time.monotonic() + 20
        while len(self.heard) < count and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        assert len(self.heard) == count, self.states()
        return self.states()


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def sent(texter: Texter, ear: Ear) -> str:
    return (
        client_of(texter, status_url=f"{ear.url}/hooks/twilio/x/status").send(replace(SMS, reference="7")).provider_id
    )


def test_each_step_is_told_once_in_order_and_signed(texter: Texter, ear: Ear) -> None:
    texter.act("knobs", delivers_after=0)
    sid = sent(texter, ear)
    assert ear.after(2) == ["sent", "delivered"]
    for url, form, signature in ear.heard:
        assert url == f"{ear.url}/hooks/twilio/x/status?m=7"
        assert is_signed(url, form, signature, texter.token) and not is_signed(url, form, signature, "0" * 32)
        assert dict(form)["MessageSid"] == sid and dict(form)["AccountSid"] == texter.sid and dict(form)["To"] == PHONE


def test_a_failure_carries_its_code(texter: Texter, ear: Ear) -> None:
    texter.act("knobs", fails=[30005])
    sent(texter, ear)
    assert ear.after(1) == ["undelivered"]
    assert dict(ear.heard[0][1])["ErrorCode"] == "30005"


def test_what_nobody_took_is_not_told_again(texter: Texter, ear: Ear) -> None:
    """As with Twilio: messages are asked about instead."""
    ear.status = 500
    texter.act("knobs", delivers_after=-1)
    sent(texter, ear)
    assert ear.after(1) == ["sent"]


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({"duplicate": 2}, ["sent"] * 3 + ["delivered"] * 3),
        ({"drop": 1}, ["delivered"]),
        ({"shuffle": True, "delay": 0.5}, ["delivered", "sent"]),
    ],
)
def test_callbacks_go_wrong_as_they_are_told_to(
    texter: Texter, ear: Ear, knobs: dict[str, object], told: list[str]
) -> None:
    texter.act("knobs", delivers_after=0, **knobs)
    sent(texter, ear)
    assert sorted(ear.after(len(told))) == sorted(told)


@pytest.mark.parametrize("signature", ["wrong", "none"])
def test_a_wrong_signature_is_wrong(texter: Texter, ear: Ear, signature: str) -> None:
    texter.act("knobs", delivers_after=-1, signature=signature)
    sent(texter, ear)
    ear.after(1)
    [(url, form, given)] = ear.heard
    assert not is_signed(url, form, given, texter.token)


def test_many_messages_all_go_on(texter: Texter, ear: Ear) -> None:
    texter.act("knobs", delivers_after=0)
    client = client_of(texter)
    for n in range(60):
        client.send(replace(SMS, text=f"text {n}"))
    until = time.monotonic() + 20
    while {one["status"] for one in texter.act("state")["messages"]} != {"delivered"} and time.monotonic() < until:
        time.sleep(0.1)
    assert {one["status"] for one in texter.act("state")["messages"]} == {"delivered"}
