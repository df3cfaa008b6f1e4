"""The GSTR-1 file: written piece by piece, so that a month of a hundred thousand bills needs no more memory than one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any

from microcrm.domain.errors import Conflict
from microcrm.domain.gstr1 import ADVANCES, Table
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
from microcrm.operations.billing.terms import read_terms
from microcrm.operations.returns.advances import read_moves
from microcrm.operations.returns.month import read_groups, read_runs, stream_listed
from microcrm.operations.returns.scope import gstin_for, make_room
from microcrm.operations.unit_of_work import UnitOfWork

EARLY = (Table.B2B, Table.CDNR)
Encode = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class WriteGstr1:
    """``period`` and ``gstin``: as in the address. ``version``: of the offline tool whose shape the file has."""

    period: Any
    version: str
    gstin: Any = ""


def write_gstr1(uow: UnitOfWork, command: WriteGstr1, encode: Encode, out: IO[bytes]) -> str:
    """The file for the portal, onto ``out``, and what it is called: the return, or for a month of a shop that files by the
    quarter what may be furnished early (tables 4A and 9B: the IFF, r.59(2)). Eight statements, however many documents.
    ``encode`` makes JSON of a value. Raises: Conflict, for a shop without GSTIN; Invalid, for no period."""
    uow.require(Permission.RETURNS_VIEW)
    period = parse_period(command.period)
    terms, gstin = read_terms(uow), gstin_for(uow, period, command.gstin)
    if not gstin:
        raise Conflict(
            "Your business has no GSTIN, so it files no GSTR-1.", remedy="Add it in Settings, Business and GST."
        )
    make_room(uow)
    head = {"gstin": gstin, "fp": period.fp, "version": command.version, "hash": "hash"}
    out.write(encode(head)[:-1])
    is_early = terms.is_quarterly and not period.is_quarter
    listed = stream_listed(uow, period, gstin)
    _write_listed((one for one in listed if one.table in EARLY) if is_early else listed, encode, out)
    for name, value in {} if is_early else _summed(uow, period, gstin).items():
        if value:
            out.write(b"," + encode(name) + b":" + encode(value))
    out.write(b"}")
    name = "iff" if is_early else "gstr1"
    uow.audit("return.taken", "gst_return", None, period=period.key, file=name)
    whose = f"-{gstin}" if command.gstin else ""
    return f"{name.upper()}-{period.key}{whose}"


def _summed(uow: UnitOfWork, period: ReturnPeriod, gstin: str) -> Json:
    """The tables that name no document."""
    groups, moves = read_groups(uow, period, gstin), read_moves(uow, period, gstin)
    untaxed, kinds = nil_rows(groups), issued_documents(read_runs(uow, period, gstin))
    return {
        Table.B2CS.value: b2cs_rows(groups),
        **{table.value: advance_rows(moves, table) for table in ADVANCES},
        Table.NIL.value: {"inv": untaxed} if untaxed else {},
        "hsn": hsn(groups, period.last),
        "doc_issue": {"doc_det": kinds} if kinds else {},
    }


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
