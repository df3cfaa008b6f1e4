"""Bills as PDF, set by Typst from ``bill.typ``: tagged, with the fonts inside, the same bytes for the same page."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any, Literal

import segno
import typst

Size = Literal["A4", "80mm"]
_HERE = Path(__file__).parent
_local = threading.local()  # a compiler keeps fonts and template warm, and belongs to one thread


def set_bill(page: dict[str, Any], size: Size = "A4", kind: Literal["pdf", "svg", "png"] = "pdf") -> bytes:
    """``page`` as ``domain.bill_page.page_of`` gives it. As a picture only the first sheet."""
    link = page["upi"].get("link", "")
    inputs = {"data": json.dumps(page, ensure_ascii=False), "size": size, "qr": qr_code(link) if link else ""}
    made = _compiler().compile(format=kind, sys_inputs=inputs, ppi=200)
    return made[0] if isinstance(made, list) else made or b""


def qr_code(text: str) -> str:
    """SVG with a quiet zone of four modules (ISO/IEC 18004), level M: it survives a smudge."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False, omitsize=True)
    return out.getvalue().decode()


def _compiler() -> typst.Compiler:
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(
            str(_HERE / "bill.typ"), font_paths=[str(_HERE / "fonts")], ignore_system_fonts=True
        )
    compiler: typst.Compiler = _local.compiler
    return compiler
