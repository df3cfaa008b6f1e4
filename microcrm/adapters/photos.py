"""Photos as they are kept: turned the right way up, at most so large, in sRGB, as JPEG, and with nothing else in the file.

Everything that a camera or a program writes beside the picture (place, owner, software, thumbnails, comments) goes, because the
picture is painted anew. Decoding happens in C, outside the interpreter's lock; call it on a thread.
"""

from __future__ import annotations

import io
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from microcrm.domain.person_files import (
    JPEG,
    LONGEST_SIDE,
    PDF,
    THUMB_SIDE,
    BadPersonFile,
    PersonFileFault,
    Prepared,
    check_file,
    check_pixels,
)

_FORMATS = ("JPEG", "PNG", "WEBP")
_AT_ONCE = 2  # one of 65 megapixels takes 200 MB while it is painted
_QUALITY, _THUMB_QUALITY = 86, 80
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError, Image.DecompressionBombError)


@cache
def picture_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="picture")


os.register_at_fork(after_in_child=picture_threads.cache_clear)


def prepare(data: bytes) -> Prepared:
    """Raises: BadPersonFile."""
    if check_file(data) == PDF:
        return Prepared(PDF, data)
    try:
        picture = _painted(data)
        thumb = picture.copy()
        thumb.thumbnail((THUMB_SIDE, THUMB_SIDE))
        return Prepared(JPEG, _jpeg(picture, _QUALITY), _jpeg(thumb, _THUMB_QUALITY), *picture.size)
    except UnidentifiedImageError:
        raise BadPersonFile(PersonFileFault.KIND) from None
    except _BROKEN:
        raise BadPersonFile(PersonFileFault.BROKEN) from None


def _painted(data: bytes) -> Image.Image:
    """The first picture of the file. A large JPEG is unpacked at a fraction of its size already."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        check_pixels(*opened.size)
        profile = opened.info.get("icc_profile")
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        turned = ImageOps.exif_transpose(opened)
        flat = _on_white(turned)
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    plain = _in_srgb(flat, profile).convert("RGB")
    plain.info.clear()
    return plain


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, which a JPEG does not have; sixteen bits a colour become eight."""
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value / 256).convert("L")
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB")
    seen = picture.convert("RGBA")
    ground = Image.new("RGB", seen.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as they were meant, whatever the camera called them. A profile that makes no sense is left out."""
    if not profile:
        return picture
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, meant, ImageCms.createProfile("sRGB"), outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
