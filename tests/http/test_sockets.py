"""What the websocket may do before a word of it is understood."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from reflex.app import App
from reflex_base.utils.format import format_event_handler
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from microcrm.http.sockets import Bucket, SocketGuard, SocketLimits, client_address, is_known
from microcrm.state.customers import Customers
from tests.support import tabs

ORIGIN = "https://shop.test"
BURST = 5
LIMITS = SocketLimits(per_second=1, burst=BURST, per_address=2, frame_bytes=100)


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


@pytest.fixture
def guard() -> SocketGuard:
    return SocketGuard(Starlette(routes=[WebSocketRoute("/_event/", echo)]), origins=[ORIGIN], limits=LIMITS)


@pytest.fixture
def browser(guard: SocketGuard) -> Iterator[TestClient]:
    with TestClient(guard) as client:
        yield client


def test_our_own_page_may_connect(browser: TestClient) -> None:
    with browser.websocket_connect("/_event/", headers={"origin": ORIGIN}) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "http://shop.test"},
        {"origin": "https://shop.test.evil.test"},
        {"origin": "null"},
        {},
    ],
)
def test_any_other_origin_is_refused_at_the_handshake(browser: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/_event/", headers=headers):
        pass


def test_a_flood_is_cut(browser: TestClient) -> None:
    with browser.websocket_connect("/_event/", headers={"origin": ORIGIN}) as socket:
        for number in range(BURST):
            socket.send_text(str(number))
            assert socket.receive_text() == str(number)
        socket.send_text("one too many")
        with pytest.raises(WebSocketDisconnect) as cut:
            socket.receive_text()
    assert cut.value.code == 1008


def test_a_frame_may_be_large_but_not_huge(browser: TestClient) -> None:
    with browser.websocket_connect("/_event/", headers={"origin": ORIGIN}) as socket:
        socket.send_text("x" * LIMITS.frame_bytes)
        assert len(socket.receive_text()) == LIMITS.frame_bytes
        socket.send_text("₹" * LIMITS.frame_bytes)  # as many letters, three times the bytes
        with pytest.raises(WebSocketDisconnect) as cut:
            socket.receive_text()
    assert cut.value.code == 1009


KNOWN = frozenset({"state.save"})


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        ('42/_event,["event",{"name":"state.save","payload":{}}]', True),
        ('42/_event,7["event",{"payload":{},"name":"state.save"}]', True),
        ('42["event","{\\"name\\": \\"state.save\\"}"]', True),
        ('42/_event,["ping"]', True),
        ("2", True),
        ("40/_event,", True),
        ('42/_event,["event",{"name":"state.other","payload":{}}]', False),
        ('42/_event,["event",{"payload":{"name":"state.save"}}]', False),
        ('42/_event,["event",{"name":["state.save"]}]', False),
        ('42/_event,["event"]', False),
        ('42/_event,["event",7]', False),
        ('42/_event,["event","{"]', False),
        ("42/_event,[", False),
        ("42/_event,[]", False),
        ("42" + "[" * 90_000, False),
    ],
)
def test_an_event_that_no_handler_takes_goes_no_further(packet: str, passes: bool) -> None:
    assert is_known(packet, KNOWN) is passes


def test_a_tab_that_sends_an_unknown_event_stays_connected() -> None:
    guard = SocketGuard(
        Starlette(routes=[WebSocketRoute("/_event/", echo)]), origins=[ORIGIN], limits=LIMITS, known=KNOWN
    )
    with TestClient(guard) as client, client.websocket_connect("/_event/", headers={"origin": ORIGIN}) as socket:
        socket.send_text('42/_event,["event",{"name":"state.gone"}]')
        socket.send_text('42/_event,["event",{"name":"state.save"}]')
        assert socket.receive_text().endswith('"state.save"}]')


def test_the_app_knows_all_its_handlers(app: App) -> None:
    guard = next(one for one in app.api_transformer if isinstance(one, partial) and one.func is SocketGuard)
    assert {*tabs.handlers()} == {*guard.keywords["known"]}
    assert format_event_handler(Customers.load) in guard.keywords["known"]


def test_one_address_has_a_limit_and_gets_its_places_back(browser: TestClient, guard: SocketGuard) -> None:
    headers = {"origin": ORIGIN}
    with (
        browser.websocket_connect("/_event/", headers=headers),
        browser.websocket_connect("/_event/", headers=headers),
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/_event/", headers=headers),
    ):
        pass
    with browser.websocket_connect("/_event/", headers=headers) as socket:
        socket.send_text("back")
        assert socket.receive_text() == "back"
    assert not guard.open


def test_a_bucket_fills_with_time() -> None:
    now = 0.0
    bucket = Bucket(SocketLimits(per_second=2, burst=2), clock=lambda: now)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 60.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        ("", 0, "10.0.0.9"),
        ("6.6.6.6", 0, "10.0.0.9"),  # nobody's proxy of ours: the header can be made up
        ("6.6.6.6, 49.36.1.2", 1, "49.36.1.2"),
        ("49.36.1.2, 10.1.1.1", 2, "49.36.1.2"),
        ("49.36.1.2", 2, "10.0.0.9"),
    ],
)
def test_the_address_behind_our_proxies(forwarded: str, hops: int, address: str) -> None:
    scope = {"client": ("10.0.0.9", 1234)}
    assert client_address(scope, {"x-forwarded-for": forwarded}, hops) == address
