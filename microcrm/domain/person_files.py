"""Files and photos of a customer: what a file is by its own first bytes, how large it may be, and how much a shop may keep."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from microcrm.domain.errors import Invalid
from microcrm.domain.pictures import read_picture

MB = 1024 * 1024
LARGEST = 15 * MB  # bytes of one file as it is sent
MOST_PIXELS = 65_000_000  # of a picture as it is sent: what the cameras of telephones make
SMALLEST_SIDE = 16  # pixels
LONGEST_SIDE, THUMB_SIDE = 2_560, 480  # pixels, of what is kept
MOST_OF_A_CUSTOMER = 200
MOST_OF_A_SHOP = 2_048 * MB  # bytes

JPEG, PDF = "image/jpeg", "application/pdf"  # every picture is kept as a JPEG
_PDF_START, _PDF_END = b"%PDF-", b"%%EOF"
# Brands of ISO base media files that hold one HEVC picture (ISO/IEC 23008-12, annex B.4).
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


class Shows(StrEnum):
    """What a file is: a photo of the customer, one of a pair, or a paper that belongs to them."""

    PHOTO = "photo"
    BEFORE = "before"
    AFTER = "after"
    PAPER = "paper"

    @property
    def label(self) -> str:
        return {Shows.PHOTO: "Photo", Shows.BEFORE: "Before photo", Shows.AFTER: "After photo"}.get(self, "Paper")


class PersonFileFault(StrEnum):
    EMPTY = "empty"
    LARGE = "large"
    HEIC = "heic"
    KIND = "kind"
    PIXELS = "pixels"
    SMALL = "small"
    BROKEN = "broken"


_WORDS = {
    PersonFileFault.EMPTY: ("There is nothing in this file.", "Choose another one."),
    PersonFileFault.LARGE: (f"This file is larger than {LARGEST // MB} MB.", "Save it smaller and try again."),
    PersonFileFault.HEIC: (
        "This photo is in Apple’s HEIC format, which we cannot open.",
        "On the iPhone choose Settings, Camera, Formats, Most Compatible; or send the photo as JPEG.",
    ),
    PersonFileFault.KIND: (
        "This is not a JPEG, PNG or WebP photo, and not a PDF.",
        "Save it as one of these and try again.",
    ),
    PersonFileFault.PIXELS: (
        f"This photo has more than {MOST_PIXELS // 1_000_000} megapixels.",
        "Save it smaller and try again.",
    ),
    PersonFileFault.SMALL: ("This picture is too small to show anything.", "Choose a larger one."),
    PersonFileFault.BROKEN: ("This file is cut off or damaged.", "Save or send it again, then choose it here."),
}


class BadPersonFile(Invalid):
    """A file of a customer cannot be taken as it is."""

    code = "bad_person_file"
    message = "This file cannot be taken."
    remedy = "Choose a JPEG, PNG or WebP photo, or a PDF."

    def __init__(self, fault: PersonFileFault) -> None:
        message, remedy = _WORDS[fault]
        super().__init__(message, remedy=remedy)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is kept of a file. ``thumb`` is empty and the sizes are zero where there is no picture. Pixels."""

    media_type: str
    data: bytes
    thumb: bytes = b""
    width: int = 0
    height: int = 0

    @property
    def size(self) -> int:
        """Bytes, with the small picture."""
        return len(self.data) + len(self.thumb)


def check_file(data: bytes) -> str:
    """The media type of what was sent, by its content alone: a picture's own type, or `PDF`. Raises: BadPersonFile."""
    if not data:
        raise BadPersonFile(PersonFileFault.EMPTY)
    if len(data) > LARGEST:
        raise BadPersonFile(PersonFileFault.LARGE)
    if data.startswith(_PDF_START):
        if _PDF_END not in data[-2048:]:
            raise BadPersonFile(PersonFileFault.BROKEN)
        return PDF
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise BadPersonFile(PersonFileFault.HEIC)
    picture = read_picture(data)
    if picture is None:
        raise BadPersonFile(PersonFileFault.KIND)
    check_pixels(picture.width, picture.height)
    return picture.kind


def check_pixels(width: int, height: int) -> None:
    """Before anything is unpacked. Raises: BadPersonFile."""
    if width * height > MOST_PIXELS:
        raise BadPersonFile(PersonFileFault.PIXELS)
    if min(width, height) < SMALLEST_SIDE:
        raise BadPersonFile(PersonFileFault.SMALL)
