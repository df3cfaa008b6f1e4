"""Who wants nothing by which channel: asked before each message, written by whoever hears of it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.messenger import Channel
from microcrm.models.replies import ChannelBlock
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.unit_of_work import UnitOfWork

_BLOCKED = fixed("""
SELECT b.channel, b.address
FROM unnest(cast(:channels AS text[]), cast(:addresses AS text[])) AS w (channel, address)
JOIN channel_blocks b ON b.business_id = :business AND b.channel = w.channel AND b.address = w.address
WHERE b.ended_at IS NULL
""")


def blocked(uow: UnitOfWork, wanted: Iterable[tuple[Channel, str]]) -> set[tuple[Channel, str]]:
    """Of these channels and addresses (E.164, or a mail address in small letters) those that are closed. One statement."""
    pairs = sorted({(channel.value, address) for channel, address in wanted})
    if not pairs:
        return set()
    values = {
        "business": uow.business_id, "channels": [channel for channel, _ in pairs], "addresses": [address for _, address in pairs],
    }  # fmt: skip
    return {(Channel(channel), address) for channel, address in fetch(uow.session.connection(), _BLOCKED, values)}


def block(uow: UnitOfWork, channel: Channel, address: str, way: str) -> bool:
    """From now on nothing goes there. ``way``: word, link, staff or provider. False when it was closed already."""
    row = {
        "business_id": uow.business_id, "channel": channel.value, "address": address, "way": way, "at": uow.now,
        "member_id": uow.actor.member_id,
    }  # fmt: skip
    made = insert(ChannelBlock).values(**row).on_conflict_do_nothing(
        index_elements=["business_id", "channel", "address"], index_where=ChannelBlock.ended_at.is_(None)
    )  # fmt: skip
    block_id = uow.session.connection().execute(made.returning(ChannelBlock.id)).scalar_one_or_none()
    if block_id is None:
        return False
    uow.audit("channel.closed", "channel_block", block_id, channel=channel.value, way=way)
    return True


def unblock(uow: UnitOfWork, channel: Channel, address: str, way: str) -> bool:
    """They want messages there again. False when nothing was closed."""
    ended = (
        update(ChannelBlock)
        .where(
            ChannelBlock.business_id == uow.business_id,
            ChannelBlock.channel == channel.value,
            ChannelBlock.address == address,
            ChannelBlock.ended_at.is_(None),
        )
        .values(ended_at=uow.now, ended_way=way)
        .returning(ChannelBlock.id)
    )
    block_id = uow.session.connection().execute(ended).scalar_one_or_none()
    if block_id is None:
        return False
    uow.audit("channel.opened", "channel_block", block_id, channel=channel.value, way=way)
    return True
