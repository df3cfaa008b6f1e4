"""What may be wrong with a list of customers as a whole. Everything else is a verdict on one row."""

from __future__ import annotations

from microcrm.domain.csv_file import BadFile, FaultWords, FileFault

LARGEST = 25 * 1024 * 1024  # bytes of a file
MOST_ROWS = 200_000
MOST_COLUMNS = 100
LONGEST_CELL = 32_767  # characters; what a cell of Excel holds

_SAVE_AS = "Open it and save it as CSV UTF-8 or as an Excel workbook (.xlsx)."
FAULTS: FaultWords = {
    FileFault.EMPTY: ("No file was chosen, or it is empty.", "Choose a CSV, Excel or vCard file with your customers."),
    FileFault.LARGE: (f"The file is larger than {LARGEST // 2**20} MB.", "Divide it, and bring the parts in one by one."),
    FileFault.LONG: ("The file has more than 2,00,000 rows.", "Divide it, and bring the parts in one by one."),
    FileFault.WIDE: (f"The sheet has more than {MOST_COLUMNS} columns, or far more room than what stands in it.", _SAVE_AS),
    FileFault.PDF: ("This is a PDF.", "Take the same list as CSV or Excel from the program that made it."),
    FileFault.PICTURE: ("This is a picture.", "Take the list as CSV, Excel or vCard from the program that made it."),
    FileFault.OLD_EXCEL: (
        "This is an Excel file of before 2007, or one with a password.",
        "Open it in Excel, take the password off, and save it as an Excel workbook (.xlsx).",
    ),
    FileFault.ARCHIVE: ("This is a ZIP archive, or a document of another kind.", "Unpack it, and choose the list itself."),
    FileFault.NOT_TEXT: ("The file is neither text nor an Excel workbook.", _SAVE_AS),
    FileFault.ENCODING: (
        "The letters of this file are written in an old way that cannot be read safely.",
        "Open it where it was made and save it as “CSV UTF-8” or Excel workbook (.xlsx).",
    ),
    FileFault.DAMAGED: ("The file is damaged: a part of it is missing.", "Download or save it once more, and try again."),
    FileFault.SWOLLEN: (
        "Unpacked, this file would be far larger than a list of customers.",
        _SAVE_AS,
    ),
    FileFault.QUOTE: (
        "A quotation mark in this file is opened and never closed.",
        "Open the file in a spreadsheet and save it as CSV again.",
    ),
    FileFault.NOTHING: ("There is no customer in this file.", "Each row below the headings is one customer."),
}  # fmt: skip


class BadCustomerFile(BadFile):
    code = "bad_customer_file"
    message = "This file cannot be read as a list of customers."
    remedy = "Choose a CSV, Excel or vCard file."

    words = FAULTS
