"""Bills, statements and forms as PDF, set by Typst from the templates beside: tagged, fonts inside, the same bytes each time."""

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
_local = threading.local()  # a compiler keeps its fonts and template warm, and belongs to one thread


def set_bill(page: dict[str, Any], size: Size = "A4", kind: Literal["pdf", "svg", "png"] = "pdf") -> bytes:
    """``page`` as ``domain.bill_page.page_of`` gives it. As a picture only the first sheet."""
    link = page["upi"].get("link", "")
    inputs = {"data": json.dumps(page, ensure_ascii=False), "size": size, "qr": qr_code(link) if link else ""}
    made = _compiler("bill").compile(format=kind, sys_inputs=inputs, ppi=200)
    return made[0] if isinstance(made, list) else made or b""


def set_statement(page: dict[str, Any]) -> bytes:
    """PDF of what ``page`` says: shop, name, days, opening, closing, and lines of five words each."""
    made = _compiler("statement").compile(format="pdf", sys_inputs={"data": json.dumps(page, ensure_ascii=False)})
    return made[0] if isinstance(made, list) else made or b""


def set_form(page: dict[str, Any]) -> bytes:
    """PDF of what ``page`` says (``http/record_paper.py``). Raises nothing for odd words: they are set as they are."""
    made = _compiler("form").compile(format="pdf", sys_inputs={"data": json.dumps(page, ensure_ascii=False)})
    return made[0] if isinstance(made, list) else made or b""


def qr_code(text: str) -> str:
    """SVG with a quiet zone of four modules (ISO/IEC 18004), level M: it survives a smudge."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False, omitsize=True)
    return out.getvalue().decode()


def _compiler(template: str) -> typst.Compiler:
    if not hasattr(_local, "compilers"):
        _local.compilers = {}
    kept: dict[str, typst.Compiler] = _local.compilers
    if template not in kept:
        file, fonts = str(_HERE / f"{template}.typ"), [str(_HERE / "fonts")]
        kept[template] = typst.Compiler(file, font_paths=fonts, ignore_system_fonts=True)
    return kept[template]
