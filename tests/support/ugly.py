"""Files as they really come: what each is, and what has to be said of it. An outcome is one ``FileFault`` for the whole file, or a letter
for each row (``Verdict``; capital: something was left out)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import xlsxwriter

from microcrm.domain.csv_file import FileFault as F

Outcome = F | str
HEAD = "Name,Phone\n"
_TWO = "सुमा राव,98450 55501\nRavi,98450 55502\n"


def _csv(text: str, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding)


def _people(count: int, *, start: int = 0) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(
        f"{letters[n % 26]}{letters[n // 26 % 26]}{letters[n // 676 % 26]} {letters[n % 7]}ao,{9_100_000_000 + start + n}\n"
        for n in range(count)
    )


TEXTS: dict[str, tuple[bytes, Outcome]] = {
    "UTF-8": (_csv(HEAD + _TWO), "nn"),
    "UTF-8 with its mark": (_csv(HEAD + _TWO, "utf-8-sig"), "nn"),
    "UTF-16 little endian with its mark": (b"\xff\xfe" + _csv(HEAD + _TWO, "utf-16-le"), "nn"),
    "UTF-16 big endian with its mark": (b"\xfe\xff" + _csv(HEAD + _TWO, "utf-16-be"), "nn"),
    "UTF-16 little endian without": (_csv(HEAD + "Suma,98450 55501\nRavi,98450 55502\n", "utf-16-le"), "nn"),
    "UTF-16 big endian without": (_csv(HEAD + "Suma,98450 55501\nRavi,98450 55502\n", "utf-16-be"), "nn"),
    "Windows-1252": (_csv(HEAD + "José D’Souza,98450 55501\n", "cp1252"), "n"),
    "ISCII, an old Indian encoding": (HEAD.encode() + b"\xd7\xda\xd8\xcf\xda \xcf\xda\xb4,98450 55501\n" * 3, F.ENCODING),
    "cut off within a letter": (_csv(HEAD + "Ravi,98450 55502\nसुमा")[:-1], "nr"),
    "one byte of another encoding within Hindi": (_csv(HEAD + _TWO) + b"\x81\xff,98450 55503\n", F.ENCODING),
    "null bytes": (b"Name,Phone\nSu\x00ma,98450 55501\n", F.NOT_TEXT),
    "noise": (bytes(range(256)) * 8, F.NOT_TEXT),
    "semicolons": (_csv("Name;Phone;City\nSuma;98450 55501;Pune, Kothrud\nRavi;98450 55502;\n"), "nn"),
    "tabs": (_csv("Name\tPhone\nSuma\t98450 55501\n"), "n"),
    "bars": (_csv("Name|Phone\nSuma|98450 55501\n"), "n"),
    "what Excel writes for itself": (_csv("sep=;\nName;Phone\nSuma;98450 55501\n"), "n"),
    "mixed delimiters": (_csv("Name,Phone\nSuma,98450 55501\nRavi;98450 55502\nAsha\t98450 55503\n"), "nnn"),
    "commas within quotes": (_csv('Name,Phone,Address\n"Rao, Suma",98450 55501,"12, MG Road\nPune"\n'), "n"),
    "a quotation mark that stays open, few rows": (_csv('Name,Phone\nSuma,98450 55501\n"Ravi,98450 55502\nAsha,98450 55503\n'), "nr"),
    "a quotation mark that stays open, many rows": (_csv(HEAD + '"Ravi,98450 55502\n' + _people(200)), F.QUOTE),
    "ends of lines of Windows": (_csv("Name,Phone\r\nSuma,98450 55501\r\n"), "n"),
    "ends of lines of an old Mac": (_csv("Name,Phone\rSuma,98450 55501\rRavi,98450 55502\r"), "nn"),
    "empty rows between": (_csv("Name,Phone\n\n,,\nSuma,98450 55501\n\n\nRavi,98450 55502\n\n"), "nn"),
    "commas at the end": (_csv("Name,Phone,,,,\nSuma,98450 55501,,,,\n"), "n"),
    "rows that are too short and too long": (_csv("Name,Phone,City\nSuma\nRavi,98450 55502,Pune,more,and more\n"), "nn"),
    "lines of a title above": (_csv("Our customers\nas of 1 Nov 2026\n\nName,Phone\nSuma,98450 55501\n"), "n"),
    "no headings": (_csv("Suma Rao,98450 55501,suma@rao.example\nRavi K,98450 55502,ravi@k.example\n"), "nn"),
    "the same heading twice": (_csv("Name,Phone,Phone,Notes,Notes\nSuma,98450 55501,98450 55509,a,b\n"), "n"),
    "headings in Hindi": (_csv("नाम,मोबाइल नंबर,जन्म तिथि\nसुमा,98450 55501,25/12/1990\n"), "n"),
    "headings in Kannada": (_csv("ಹೆಸರು,ದೂರವಾಣಿ,ವಿಳಾಸ\nಸುಮಾ,98450 55501,ಮೈಸೂರು\n"), "n"),
    "headings alone": (_csv(HEAD), F.NOTHING),
    "nothing": (b"", F.EMPTY),
    "blanks alone": (b" \r\n\t \r\n", F.EMPTY),
    "a mark alone": (b"\xef\xbb\xbf", F.EMPTY),
    "phones that Excel cut short": (_csv(HEAD + "Suma,9.84505E+09\nRavi,9.845055502E+09\n"), "rn"),
    "phones as fractions": (_csv(HEAD + "Suma,9845055501.0\nRavi,9845055502.00\n"), "nn"),
    "phones in every spelling": (
        _csv(HEAD + "Suma,+91 98450-55501\nRavi,098450 55502\nAsha,91-98450-55503\nOm,0091 9845055504\nUma,९८४५०५५५०५\nJo,Mob: 9845055506\n"),
        "nnnnnn",
    ),
    "several phones in a cell": (_csv('Name,Phone\nSuma,98450 55501 / 98450 55509\nRavi,"98450 55502, 12"\n'), "nN"),
    "phones that are none": (_csv(HEAD + "Suma,12345\nRavi,98450 5550\nAsha,call her\n"), "rrr"),
    "names that are missing, endless, or no letters": (_csv(HEAD + f",98450 55501\n{'x' * 500},98450 55502\n🙂🙂,98450 55503\n"), "rrr"),
    "letters that turn the text round": (_csv(HEAD + "Su\u202ema,98450 55501\n"), "r"),
    "days of the calendar in five orders": (
        _csv("Name,Phone,DOB\nA Rao,9845055501,25/12/1990\nB Rao,9845055502,1990-12-25\nC Rao,9845055503,25 Dec 1990\n"
             "D Rao,9845055504,Dec 25 1990\nE Rao,9845055505,25.12.90\nF Rao,9845055506,05/06/1990\n"),
        "nnnnnn",
    ),
    "months first": (_csv("Name,Phone,DOB\nA Rao,9845055501,12/25/1990\nB Rao,9845055502,05/06/1990\n"), "nn"),
    "years first, then days": (_csv("Name,Phone,DOB\nA Rao,9845055501,1990-25-12\nB Rao,9845055502,1990-05-06\n"), "nn"),
    "days that can be read in two ways": (_csv("Name,Phone,DOB\nA Rao,9845055501,05/06/1990\nB Rao,9845055502,07/07/1990\n"), "Nn"),
    "days in both orders": (
        _csv("Name,Phone,DOB\nA Rao,9845055501,25/12/1990\nB Rao,9845055502,12/25/1990\nC Rao,9845055503,05/06/1990\n"), "nnN",
    ),
    "days that never were": (_csv("Name,Phone,DOB\nA Rao,9845055501,31/02/1990\nB Rao,9845055502,soon\nC Rao,9845055503,25/12/2090\n"), "NNN"),
    "amounts in lakh": (_csv('Name,Phone,Total spent\nA Rao,9845055501,"1,23,456.50"\nB Rao,9845055502,₹ 1.5 lakh\nC Rao,9845055503,lots\n'), "nnN"),
    "a GSTIN, a PIN code and a gender that are none": (
        _csv("Name,Phone,GSTIN,PIN code,Gender\nA Rao,9845055501,29ABCFS1234K1Z9,012345,X\n"), "N",
    ),
    "e-mail addresses that are none": (_csv("Name,Email\nSuma,suma@\nRavi,@x.example\nAsha,asha@x\nOm,om@x.example\n"), "rrrn"),
    "the same people again": (_csv(HEAD + "Suma Rao,98450 55501\nSuma,9845055501\nRavi,98450 55502\nSUMA RAO,+91 98450 55501\n"), "ndnd"),
    "a family on one phone": (_csv(HEAD + "Anil Rao,98450 55501\nPriya Rao,98450 55501\n"), "nN"),
    "people with nothing but a name": (_csv("Name,Notes\nSuma,a\nRavi,b\nSuma,c\n"), "nnd"),
    "formulas": (_csv(HEAD + "=cmd|' /C calc'!A0,98450 55501\n\"=HYPERLINK(\"\"http://x.example\"\")\",98450 55502\n@SUM(A1),98450 55503\n"), "nnn"),
    "HTML in cells": (_csv(HEAD + "<script>alert(1)</script>,98450 55501\n"), "n"),
    "a cell as long as a book": (_csv("Name,Phone,Notes\nSuma,98450 55501," + "x" * 100_000 + "\n"), "N"),
    "more than a cell can be": (_csv("Name,Phone,Notes\nSuma,98450 55501," + "x" * 200_000 + "\n"), F.QUOTE),
    "too many columns": (_csv(",".join(f"Column {n}" for n in range(150)) + "\n" + ",".join("x" * 150) + "\n"), F.WIDE),
    "too many rows": (_csv(HEAD + _people(200_001)), F.LONG),
    "more than 100 MB": (b"Name,Phone\n" + b"Suma,98450 55501\n" * 6_200_000, F.LARGE),
    "a PDF that is called CSV": (b"%PDF-1.7\n1 0 obj\n", F.PDF),
    "a picture that is called CSV": (b"\x89PNG\r\n\x1a\n" + bytes(64), F.PICTURE),
    "a web page that is called Excel": (b"<html><table><tr><td>Name</td></tr></table></html>", F.NOT_TEXT),
    "Excel of before 2007, or with a password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), F.OLD_EXCEL),
}  # fmt: skip


def _card(version: str, *lines: str) -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


CARDS: dict[str, tuple[bytes, Outcome]] = {
    "vCard 2.1 of an old phone": (
        _csv(_card("2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;=E0=A4=B8=E0=A5=81=", "=E0=A4=AE=E0=A4=BE;;;", "TEL;CELL:+919845055501")), "n",
    ),
    "vCard 3.0 with folded lines and a picture": (
        _csv(_card("3.0", "FN:Suma\\, Rao", "TEL;TYPE=CELL:098450 55501", "EMAIL;TYPE=INTERNET:suma@rao.example", "BDAY:1990-12-25",
                   "NOTE:Likes", "  tea\\nand quiet", "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 5_000, " QUJD", "CATEGORIES:VIP,Bride")), "n",
    ),
    "vCard 4.0": (_csv(_card("4.0", "FN:Suma Rao", "TEL;VALUE=uri:tel:+91-98450-55501", "BDAY:19901225", "item1.ADR:;;12 MG Road;Pune;MH;411001;India")), "n"),
    "cards that are never closed": (_csv("BEGIN:VCARD\nVERSION:3.0\nFN:Suma\nTEL:98450 55501\nBEGIN:VCARD\nFN:Ravi\nTEL:98450 55502\n"), "nn"),
    "cards of nobody": (_csv(_card("3.0", "TEL:98450 55501") + _card("3.0", "ORG:Rao Traders;Pune", "TEL:98450 55502")), "rn"),
    "cards cut in the middle": (_csv(_card("3.0", "FN:Suma", "TEL:98450 55501") + "BEGIN:VCARD\r\nFN:Ra"), "nn"),
}  # fmt: skip


def book(fill: Callable[[Any, Any], None]) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    fill(made, made.add_worksheet("Customers"))
    made.close()
    return out.getvalue()


def _plain(_: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ["Name", "Mobile"])
    sheet.write(1, 0, "Suma Rao")
    sheet.write_number(1, 1, 9845055501)


def _merged(made: Any, sheet: Any) -> None:
    day = made.add_format({"num_format": "dd/mm/yy"})
    sheet.merge_range("A1:E1", "Customers of Lotus Salon")
    sheet.write_row(2, 0, ["Name", "Phone", "Town", "Birthday", "Total spent"])
    sheet.merge_range("C4:C5", "Pune")
    for row, name in ((3, "Suma Rao"), (4, "Ravi Rao")):
        sheet.write(row, 0, name)
        sheet.write_string(row, 1, f"98450 5550{row}")
        sheet.write_datetime(row, 3, date(1990, 12, 25), day)
        sheet.write_formula(row, 4, "=40*2500", None, 100_000)


def _errors(_: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ["Name", "Phone", "Notes"])
    sheet.write_row(1, 0, ["Suma Rao", "98450 55501"])
    sheet.write_formula(1, 2, "=NA()", None, "#N/A")
    sheet.write_formula(2, 0, "=A9", None, "")
    sheet.write_string(2, 1, "98450 55502")


def _second(made: Any, _: Any) -> None:
    _plain(made, made.add_worksheet("List"))


def _repacked(change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """A good workbook whose entries were changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(_plain))) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in good.infolist():
            made.writestr(entry.filename, change(entry.filename, good.read(entry.filename)))
        for name, data in (more or {}).items():
            made.writestr(name, data)
    return out.getvalue()


def _bomb() -> bytes:
    return _repacked(lambda name, data: b" " * 400_000_000 if name.endswith("sheet1.xml") else data)


def _lying_bomb() -> bytes:
    """Its own directory says that the sheet is small."""
    data = bytearray(_repacked(lambda name, data: b" " * 300_000_000 if name.endswith("sheet1.xml") else data))
    size = (300_000_000).to_bytes(4, "little")
    at = data.find(size)
    while at >= 0:
        data[at : at + 4] = (900).to_bytes(4, "little")
        at = data.find(size, at)
    return bytes(data)


def _wide_sheet(name: str, data: bytes) -> bytes:
    return data.replace(b'r="B2"', b'r="XFD1048576"') if name.endswith("sheet1.xml") else data


def _long_sheet(name: str, data: bytes) -> bytes:
    return (
        data.replace(b'<row r="2"', b'<row r="1000000"').replace(b'r="B2"', b'r="CV1000000"')
        if name.endswith("sheet1.xml")
        else data
    )


def _entities(name: str, data: bytes) -> bytes:
    """A billion laughs."""
    if not name.endswith("sharedStrings.xml"):
        return data
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY l0 "ha">{levels}]>'.encode()
    return head + data.partition(b"?>")[2].replace(b"Suma Rao", b"&l9;")


def _broken(name: str, data: bytes) -> bytes:
    return data[: len(data) // 2] if name.endswith("sheet1.xml") else data


def _archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, words in files.items():
            made.writestr(name.replace("_", "."), words)
    return out.getvalue()


BOOKS: dict[str, tuple[Callable[[], bytes], Outcome]] = {
    "a workbook that is called CSV": (lambda: book(_plain), "n"),
    "merged cells, real days, formulas": (lambda: book(_merged), "nn"),
    "cells with errors": (lambda: book(_errors), "nr"),
    "an empty sheet before the list": (lambda: book(_second), "n"),
    "a workbook without anything": (lambda: book(lambda _a, _b: None), F.NOTHING),
    "a workbook that was cut off": (lambda: book(_plain)[:-400], F.DAMAGED),
    "a workbook with a broken sheet": (lambda: _repacked(_broken), F.DAMAGED),
    "an archive of something else": (lambda: _archive(list_csv="Name,Phone\nSuma,98450 55501\n"), F.ARCHIVE),
    "an archive without anything": (lambda: b"PK\x05\x06" + bytes(18), F.NOTHING),
    "a zip bomb": (_bomb, F.SWOLLEN),
    "a zip bomb that lies about itself": (_lying_bomb, F.SWOLLEN),
    "an archive of thousands": (lambda: _repacked(lambda _, data: data, {f"xl/a{n}.xml": b"" for n in range(3_000)}), F.SWOLLEN),
    "a cell at the end of the world": (lambda: _repacked(_wide_sheet), F.WIDE),
    "a sheet of a million empty rows": (lambda: _repacked(_long_sheet), F.WIDE),
    "a billion laughs": (lambda: _repacked(_entities), F.DAMAGED),
}  # fmt: skip
