"""A file that is written when somebody asks for it. Written in one transaction on a thread, into memory or (when large) onto the
disk, and then sent. One at a time in each process: the bookings of other people go before somebody's spreadsheet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from microcrm.http.desk import account_of
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.bridge import perform

PRIVATE = {"cache-control": "private, no-store", "x-robots-tag": "noindex", "x-content-type-options": "nosniff"}
_IN_MEMORY = 1 << 21  # bytes, before a file goes on to the disk
_CHUNK = 1 << 16


@cache
def _turn() -> asyncio.Semaphore:
    return asyncio.Semaphore(1)


async def made_file(request: Request, write: Callable[[UnitOfWork, IO[bytes]], str], media_type: str) -> Response:
    """``write`` fills the file and gives its name."""
    actor = await account_of(request)
    with ExitStack() as stack:
        out: IO[bytes] = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        async with _turn():
            name = await perform(actor, lambda uow: write(uow, out))
        stack.pop_all()  # from here on it is closed once it is sent
    headers = {
        **PRIVATE,
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(out.tell()),
    }
    return StreamingResponse(_chunks(out), media_type=media_type, headers=headers)


def _chunks(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        yield from iter(lambda: out.read(_CHUNK), b"")
