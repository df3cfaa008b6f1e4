"""When each kind of process last said that it works."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from microcrm.models.records import Heartbeat


def record(session: Session, name: str, at: datetime) -> None:
    statement = insert(Heartbeat).values(name=name, at=at)
    session.connection().execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": at}))


def last(session: Session, name: str) -> datetime | None:
    found = session.get(Heartbeat, name)
    return found.at if found else None
