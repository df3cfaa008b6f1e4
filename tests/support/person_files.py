"""Files of the shop's customer, kept as an upload keeps them."""

from __future__ import annotations

from typing import Any

from microcrm.adapters.photos import prepare
from microcrm.operations.capabilities import FileStore
from microcrm.operations.consents import RecordConsent, record_consent
from microcrm.operations.files.keeping import AboutFile, AddFile, begin_file, finish_file
from microcrm.operations.files.reading import SMALL, OpenedFile, open_file
from microcrm.operations.unit_of_work import UnitOfWork
from tests.support.pictures import photo
from tests.support.vault import SEALER


def agree(uow: UnitOfWork, customer_id: int, decision: str = "given") -> None:
    record_consent(uow, RecordConsent(customer_id, "photos", decision, "paper"))


def keep(
    uow: UnitOfWork,
    store: FileStore,
    customer_id: int,
    shows: str = "photo",
    *,
    data: bytes = b"",
    sealer: Any = SEALER,
    **about: Any,
) -> tuple[int, str]:
    """The id of the file and the undo token."""
    prepared = prepare(data or photo())
    command = AddFile(customer_id, AboutFile(shows, **about), prepared.media_type, prepared.size)
    coming = begin_file(uow, command, sealer)
    parts = {coming.key: prepared.data} | ({coming.key + SMALL: prepared.thumb} if prepared.thumb else {})
    for key, plain in parts.items():
        store.put(key, coming.seal.seal(plain, f"file:{key}"))
    return coming.id, finish_file(uow, coming.id, prepared.width, prepared.height)


def bytes_of(store: FileStore, opened: OpenedFile) -> bytes:
    return opened.seal.open(store.get(opened.key), opened.about)


def look(uow: UnitOfWork, store: FileStore, file_id: int, *, is_small: bool = False, sealer: Any = SEALER) -> bytes:
    return bytes_of(store, open_file(uow, file_id, sealer, is_small=is_small))
