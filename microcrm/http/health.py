"""``/health``: this process answers. ``/ready``: it can do its work (database at this code's schema, Redis there).

A load balancer asks the second, a process supervisor the first.
"""

from __future__ import annotations

import asyncio
from functools import cache

import redis
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from microcrm.adapters import queue, schema
from microcrm.wiring import engine

log = structlog.get_logger()


async def health(_request: Request) -> Response:
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})


async def ready(_request: Request) -> Response:
    missing = await asyncio.to_thread(_missing)
    if missing:
        log.warning("ready.no", missing=missing)
    body = {"ready": not missing, "missing": missing}
    return JSONResponse(body, 503 if missing else 200, headers={"Cache-Control": "no-store"})


def _missing() -> list[str]:
    missing = []
    try:
        with engine().connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found != _wanted_revision():
            missing.append("schema")
    except SQLAlchemyError:
        missing.append("database")
    try:
        queue.client().ping()
    except redis.RedisError:
        missing.append("redis")
    return missing


@cache
def _wanted_revision() -> str | None:
    return schema.head()


ROUTES = [Route("/health", health), Route("/ready", ready)]
