"""The GSTR-1 file: written piece by piece, so that a month of a hundred thousand bills needs no more memory than one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any

from microcrm.domain.errors import Conflict
from microcrm.domain.gstr1 import ADVANCES
from microcrm.domain.gstr1_json import (
    Json,
    Listed,
    advance_rows,
    b2cs_rows,
    gathered_by,
    hsn,
    issued_documents,
    listed_entry,
    nil_rows,
)
from microcrm.domain.permissions import Permission
from microcrm.domain.return_period import ReturnPeriod, parse_period
from microcrm.operations.returns.advances import read_moves
from microcrm.operations.returns.month import read_groups, read_runs, stream_listed
from microcrm.operations.returns.scope import gstin_of, make_room
from microcrm.operations.unit_of_work import UnitOfWork

Encode = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class WriteGstr1:
    """``period``: as in the address. ``version``: of the offline tool whose shape the file has."""

    period: Any
    version: str


def write_gstr1(uow: UnitOfWork, command: WriteGstr1, encode: Encode, out: IO[bytes]) -> ReturnPeriod:
    """The file for the portal, onto ``out``. Seven statements, however many documents. ``encode`` makes JSON of a value.
    Raises: Conflict, for a shop without GSTIN; Invalid, for no period."""
    uow.require(Permission.RETURNS_VIEW)
    period = parse_period(command.period)
    gstin = gstin_to_file(uow)
    make_room(uow)
    groups = read_groups(uow, period, gstin)
    head = {"gstin": gstin, "fp": period.fp, "version": command.version, "hash": "hash"}
    out.write(encode(head)[:-1])
    _write_listed(stream_listed(uow, period, gstin), encode, out)
    rest: Json = {"b2cs": b2cs_rows(groups)}
    moves = read_moves(uow, period, gstin)
    rest |= {table.value: advance_rows(moves, table) for table in ADVANCES}
    rest |= {"nil": {"inv": rows}} if (rows := nil_rows(groups)) else {}
    rest |= {"hsn": hsn(groups, period.last)}
    rest |= {"doc_issue": {"doc_det": kinds}} if (kinds := issued_documents(read_runs(uow, period, gstin))) else {}
    for name, value in rest.items():
        if value:
            out.write(b"," + encode(name) + b":" + encode(value))
    out.write(b"}")
    uow.audit("return.taken", "gst_return", None, period=period.key, file="gstr1")
    return period


def gstin_to_file(uow: UnitOfWork) -> str:
    """Raises: Conflict, for a shop without one."""
    gstin = gstin_of(uow)
    if not gstin:
        raise Conflict(
            "Your business has no GSTIN, so it files no GSTR-1.", remedy="Add it in Settings, Business and GST."
        )
    return gstin


def _write_listed(documents: Iterable[Listed], encode: Encode, out: IO[bytes]) -> None:
    """They come table by table, and in each table customer by customer or State by State."""
    for table, inside in groupby(documents, key=lambda one: one.table):
        out.write(b"," + encode(table.value) + b":[")
        for place, ((field, value, name), together) in enumerate(groupby(inside, key=gathered_by)):
            out.write(b"," if place else b"")
            if field:
                out.write(encode({field: value})[:-1] + b"," + encode(name) + b":[")
            for number, one in enumerate(together):
                out.write((b"," if number else b"") + encode(listed_entry(one)))
            out.write(b"]}" if field else b"")
        out.write(b"]")
