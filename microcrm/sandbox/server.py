"""The stand-ins for Razorpay and Twilio as a process of their own: ``microcrm sandbox``. It listens on this machine only."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm.sandbox import api, checkout, control, phone, sender, twilio_api, twilio_sender
from microcrm.sandbox.twilio_world import TwilioWorld
from microcrm.sandbox.world import World

HOST = "127.0.0.1"


async def _health(_request: Request) -> Response:
    return PlainTextResponse("sandbox")


async def _unknown(request: Request, _error: Exception) -> Response:
    is_twilio = request.url.path.startswith(("/2010-04-01", "/v1/Content"))
    return await (twilio_api.unknown if is_twilio else api.unknown)(request)


def make_app(world: World, twilio: TwilioWorld, public_url: str) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        telling = [
            asyncio.create_task(sender.send_for_ever(world)),
            asyncio.create_task(twilio_sender.send_for_ever(twilio)),
        ]
        yield
        for task in telling:
            task.cancel()
        world.save()
        twilio.save(is_last=True)

    app = Starlette(
        routes=[
            Route("/health", _health),
            *api.ROUTES,
            *control.ROUTES,
            *checkout.ROUTES,
            *twilio_api.ROUTES,
            *phone.ROUTES,
        ],
        lifespan=lifespan,
        exception_handlers={404: _unknown, 405: _unknown},
    )
    app.state.world, app.state.twilio = world, twilio
    app.state.public_url = public_url
    return app


def serve(*, port: int, seed: str, store: Path | None, dice: str = "", plays_razorpay: bool = False) -> None:
    """Until a stop signal. ``store``: the file that keeps everything of Razorpay's between two runs, with Twilio's beside it;
    ``dice``: repeatable ids."""
    chance = random.Random(dice) if dice else None  # noqa: S311 - ids of a test
    world = World(seed, store, chance)
    world.plays_razorpay = plays_razorpay
    twilio = TwilioWorld(seed, store.with_name(f"{store.stem}-messages.json") if store else None, chance)
    app = make_app(world, twilio, f"http://{HOST}:{port}")
    server = Server(target=app, address=HOST, port=port, interface=Interfaces.ASGI, log_access=False)

    async def run() -> None:
        for stop in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(stop, server.stop)
        await server.serve()

    asyncio.run(run())
