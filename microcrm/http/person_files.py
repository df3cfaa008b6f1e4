"""Photos and papers of customers come and go by plain requests of their page: sent as the body of a POST, and given out by one
address each, to whoever may open them. See docs/adr/0027-files.md."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.photos import picture_threads, prepare
from microcrm.domain.errors import DomainError, FileGone, SealBroken
from microcrm.domain.person_files import LARGEST, BadPersonFile, PersonFileFault, Prepared
from microcrm.http.answers import answering_in_json
from microcrm.http.desk import account_of
from microcrm.http.forms import Refused, refuse_foreign
from microcrm.http.pages import answering
from microcrm.operations.files.keeping import AboutFile, AddFile, begin_file, check_room, finish_file, give_up_file
from microcrm.operations.files.reading import SMALL, OpenedFile, open_file
from microcrm.operations.unit_of_work import Actor
from microcrm.state.bridge import outside, perform

_PATIENCE = 120.0  # seconds that one body may take
_PRIVATE = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


@answering_in_json
async def submit_file(request: Request) -> Mapping[str, object]:
    """``customer``, ``shows``, ``title``, ``day``, ``before`` and ``booking`` in the address, the file as the body. Who may not send
    one is told before the file is read."""
    refuse_foreign(request)
    actor, asked = await account_of(request), request.query_params
    about = AboutFile(
        asked.get("shows"), asked.get("title"), asked.get("day"), asked.get("before"), asked.get("booking")
    )
    await perform(actor, check_room, asked.get("customer"), about.shows)
    loop = asyncio.get_running_loop()
    prepared = await loop.run_in_executor(picture_threads(), prepare, await _body(request))
    command = AddFile(asked.get("customer"), about, prepared.media_type, prepared.size)
    return {"undo": await _keep(actor, command, prepared)}


async def _keep(actor: Actor, command: AddFile, prepared: Prepared) -> str:
    """Row, bytes, row: see `keeping.py`. Returns the undo token."""
    coming = await perform(actor, begin_file, command, wiring.sealer())
    parts = {coming.key: prepared.data}
    if prepared.thumb:
        parts[coming.key + SMALL] = prepared.thumb

    def put_all() -> None:
        for key, plain in parts.items():
            wiring.file_store().put(key, coming.seal.seal(plain, f"file:{key}"))

    try:
        await outside(put_all)
        return await perform(actor, finish_file, coming.id, prepared.width, prepared.height)
    except DomainError:
        await perform(actor, give_up_file, coming.id)
        raise


async def _body(request: Request) -> bytes:
    """Raises: BadPersonFile, as soon as more comes than is allowed, and Refused, when it comes too slowly."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > LARGEST:
        raise BadPersonFile(PersonFileFault.LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    raise BadPersonFile(PersonFileFault.LARGE)
    except ClientDisconnect:
        raise Refused(400, "The connection broke off", "Send the file again.") from None
    except TimeoutError:
        raise Refused(408, "The file came too slowly", "Look at the connection and send it again.") from None
    return bytes(body)


@answering
async def show_file(request: Request) -> Response:
    """A picture to look at, a paper to save."""
    return await _give(request, is_small=False)


@answering
async def show_small(request: Request) -> Response:
    return await _give(request, is_small=True)


async def _give(request: Request, *, is_small: bool) -> Response:
    file_id = request.path_params["id"]
    opened = await perform(await account_of(request), open_file, file_id, wiring.sealer(), is_small=is_small)
    data = await outside(_bytes_of, opened)
    shown = "inline" if opened.media_type.startswith("image/") else "attachment"
    headers = {**_PRIVATE, "content-disposition": f'{shown}; filename="{opened.name}"'}
    return Response(data, media_type=opened.media_type, headers=headers)


def _bytes_of(opened: OpenedFile) -> bytes:
    """Raises: FileGone, when they are not there or not those that were put there."""
    try:
        return opened.seal.open(wiring.file_store().get(opened.key), opened.about)
    except SealBroken:
        raise FileGone from None


ROUTES = (
    Route("/customer/files", submit_file, methods=["POST"]),
    Route("/customer/files/{id:int}", show_file, methods=["GET"]),
    Route("/customer/files/{id:int}/small", show_small, methods=["GET"]),
)
