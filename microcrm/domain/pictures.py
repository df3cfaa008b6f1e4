"""What a picture file really is, from its own first bytes; its name and the type it was sent as prove nothing."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.domain.errors import Invalid

LARGEST_LOGO = 512 * 1024  # bytes
_SMALLEST, _WIDEST = 32, 4096  # pixels
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start-of-frame markers (ITU T.81, table B.1)


@dataclass(frozen=True, slots=True)
class Picture:
    kind: str  # media type
    width: int
    height: int


FAULTS = {
    "empty": "Choose a picture first.",
    "large": "The picture is larger than 512 KB. Save it smaller and try again.",
    "kind": "This is not a PNG, JPEG or WebP picture.",
    "size": f"The picture must be from {_SMALLEST} to {_WIDEST:,} pixels wide and high.",
}


def logo_fault(data: bytes) -> str:
    """Which of ``FAULTS`` a file has as a logo, "" when it will do."""
    if not data:
        return "empty"
    if len(data) > LARGEST_LOGO:
        return "large"
    picture = read_picture(data)
    if picture is None:
        return "kind"
    fits = _SMALLEST <= picture.width <= _WIDEST and _SMALLEST <= picture.height <= _WIDEST
    return "" if fits else "size"


def check_logo(data: bytes) -> Picture:
    """A PNG, JPEG or WebP picture of a usable size; ``Invalid`` says what to choose instead."""
    fault = logo_fault(data)
    picture = read_picture(data)
    if fault or picture is None:
        raise Invalid(fields={"logo": FAULTS[fault]})
    return picture


def read_picture(data: bytes) -> Picture | None:
    """Kind and size; ``None`` for anything else, cut-off files included."""
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 33:
        return Picture("image/png", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _read_webp(data)
    return None


def _read_jpeg(data: bytes) -> Picture | None:
    """Walks the segments up to the one that holds the size."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker in _JPEG_SIZES:
            height, width = data[place + 5 : place + 7], data[place + 7 : place + 9]
            return Picture("image/jpeg", int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        if marker == 0xFF:  # padding
            place += 1
        elif length < 2:
            return None
        else:
            place += 2 + length
    return None


def _read_webp(data: bytes) -> Picture | None:
    """The three forms of the format: extended, lossless, lossy (RFC 9649 2.4 to 2.7)."""
    form = data[12:16]
    if form == b"VP8X":
        width, height = data[24:27], data[27:30]
        return Picture("image/webp", int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1)
    if form == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return Picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = data[26:28], data[28:30]
        return Picture(
            "image/webp", int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF
        )
    return None
