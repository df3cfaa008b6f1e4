"""Photos as telephones, scanners and attackers send them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

PLANTED = b"chrysanthemum lane 12"  # stands in metadata and nowhere else
_GPS, _GPS_LATITUDE, _GPS_LATITUDE_REF, _ORIENTATION, _MAKER, _COMMENT = 0x8825, 2, 1, 0x0112, 0x010F, 0x9286


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def photo(size: tuple[int, int] = (120, 80), kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """The left half red, the right half blue."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    return encoded(picture.convert(mode), kind)


def from_telephone(orientation: int = 6) -> bytes:
    """A JPEG that lies on its side, with a place, a maker, a comment, XMP and a colour profile beside the picture."""
    picture = Image.new("RGB", (120, 80), "red")
    picture.paste("blue", (60, 0, 120, 80))
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKER] = orientation, PLANTED.decode()
    exif.get_ifd(_GPS)[_GPS_LATITUDE_REF] = "N"
    exif.get_ifd(_GPS)[_GPS_LATITUDE] = (12.0, 58.0, 17.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(
        picture, exif=exif, icc_profile=profile, comment=PLANTED, xmp=b"<x:xmpmeta>" + PLANTED + b"</x:xmpmeta>"
    )


def png_with_text() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_itxt("Author", PLANTED.decode())
    return encoded(Image.new("RGBA", (60, 60), (255, 0, 0, 0)), "PNG", pnginfo=words)


def png_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that say they are gigabytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 64
PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
