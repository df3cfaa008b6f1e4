"""Forgets customers' files that were thrown away, uploads that were cut off, and bytes in the store that belong to no file."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby, islice

import structlog

from microcrm import wiring
from microcrm.domain.errors import FileGone, StoreDown
from microcrm.operations.audit import all_businesses
from microcrm.operations.capabilities import FileStore
from microcrm.operations.files.reading import SMALL
from microcrm.operations.files.sweeping import files_to_forget, forget_files, unknown_keys
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from microcrm.wiring import unit_of_work
from tasks.app import app

log = structlog.get_logger()

_MARK = "0/whose-store-this-is"  # no business has the number 0
_SETTLED = timedelta(days=1)  # younger bytes may belong to a row that is just being written
_AT_ONCE = 500


@app.task(name="tasks.files.sweep")
def sweep() -> int:
    """How many files were forgotten. The bytes go first: what is cut off in between is done again."""
    with unit_of_work(system()) as uow:
        businesses = all_businesses(uow)
    return sum(_forget(business_id, wiring.file_store()) for business_id in businesses)


@app.task(name="tasks.files.tidy")
def tidy() -> int:
    """How many bytes without a file went: of shops that are gone, or of a database that was put back to an earlier day. Nothing
    in a store that another installation works with."""
    store = wiring.file_store()
    if not _is_ours(store):
        log.error("files.store_of_another_installation")
        return 0
    gone = 0
    keys = (key for key in store.older_than(wiring.now() - _SETTLED) if key != _MARK)
    while chunk := sorted(islice(keys, _AT_ONCE)):
        for number, own in groupby(chunk, key=lambda key: key.partition("/")[0]):
            gone += _drop_unknown(int(number), own, store)
    return gone


def _forget(business_id: int, store: FileStore) -> int:
    with unit_of_work(system(business_id)) as uow:
        found = files_to_forget(uow)
    gone = []
    for file_id, key in found.items():
        try:
            store.delete(key)
            store.delete(key + SMALL)
        except StoreDown:
            log.warning("files.store_down", file_id=file_id, exc_info=True)
            break
        gone.append(file_id)
    if not gone:
        return 0
    with unit_of_work(system(business_id)) as uow:
        return forget_files(uow, gone)


def _drop_unknown(business_id: int, keys: Iterator[str], store: FileStore) -> int:
    with unit_of_work(system(business_id)) as uow:
        unknown = unknown_keys(uow, keys)
    for key in unknown:
        store.delete(key)
        log.info("files.orphan_dropped", business_id=business_id)
    return len(unknown)


def _is_ours(store: FileStore) -> bool:
    """The first installation that tidies a store leaves its mark there."""
    own = hmac.new(settings().secret_key.encode(), b"file store", hashlib.sha256).hexdigest().encode()
    try:
        return hmac.compare_digest(store.get(_MARK), own)
    except FileGone:
        store.put(_MARK, own)
        return True
