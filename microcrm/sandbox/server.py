"""The stand-in as a process of its own: ``microcrm sandbox``. It listens on this machine only."""

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

from microcrm.sandbox import api, checkout, control, sender
from microcrm.sandbox.world import World

HOST = "127.0.0.1"


async def _health(_request: Request) -> Response:
    return PlainTextResponse("sandbox")


def make_app(world: World, public_url: str) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(sender.send_for_ever(world))
        yield
        telling.cancel()
        world.save()

    app = Starlette(
        routes=[Route("/health", _health), *api.ROUTES, *control.ROUTES, *checkout.ROUTES],
        lifespan=lifespan,
        exception_handlers={404: api.unknown, 405: api.unknown},
    )
    app.state.world = world
    app.state.public_url = public_url
    return app


def serve(*, port: int, seed: str, store: Path | None, dice: str = "", plays_razorpay: bool = False) -> None:
    """Until a stop signal. ``store``: the file that keeps everything between two runs; ``dice``: repeatable ids."""
    world = World(seed, store, random.Random(dice) if dice else None)  # noqa: S311 - ids of a test
    world.plays_razorpay = plays_razorpay
    app = make_app(world, f"http://{HOST}:{port}")
    server = Server(target=app, address=HOST, port=port, interface=Interfaces.ASGI, log_access=False)

    async def run() -> None:
        for stop in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(stop, server.stop)
        await server.serve()

    asyncio.run(run())
