"""One file of ``gstr1-100k``, written by a process of its own: how long, and the most memory that the process ever held."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import orjson

from bench.returns_month import SELLER
from microcrm import wiring
from microcrm.adapters.sheets import write_xlsx
from microcrm.domain.permissions import Role, permissions_of
from microcrm.operations.returns.gstr1 import WriteGstr1, write_gstr1
from microcrm.operations.returns.overview import view_return
from microcrm.operations.returns.registers import sheet
from microcrm.operations.unit_of_work import Actor

PERIOD = "2026-10"


def main(kind: str, business: int, path: Path) -> None:
    """Times count from the transaction's beginning to its commit, with the file complete."""
    actor = Actor("member", None, business, None, Role.ACCOUNTANT, permissions_of(Role.ACCOUNTANT))
    with wiring.unit_of_work(actor) as uow:
        uow.session.connection()  # signed in at the database, as a server is
    began, worked = time.perf_counter(), time.process_time()
    with wiring.unit_of_work(actor) as uow, path.open("w+b") as out:
        if kind == "json":
            write_gstr1(uow, WriteGstr1(PERIOD, "GST3.2.4"), orjson.dumps, out)
        elif kind == "xlsx":
            found = sheet(uow, PERIOD, "register")
            write_xlsx(out, found.title, found.columns, found.rows)
        else:
            view = view_return(uow, PERIOD)
            out.write(json.dumps({"gstin": SELLER, "foots": view.footing.holds, "documents": view.documents}).encode())
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    peak = peak_mb()
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "cpu_s": round(worked, 2),
                "peak_mb": round(peak, 1),
                "bytes": path.stat().st_size,
            }
        )
    )


def peak_mb() -> float:
    """The most that this program held (``VmHWM``, proc(5)). ``ru_maxrss`` would not do: it remembers across ``exec`` what the
    program that started this one held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
