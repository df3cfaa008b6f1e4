"""Builds what the edges use: the engine, the clock and ``unit_of_work``. Everything is made on first use, because web
workers are forked after import and must not inherit a connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from microcrm.adapters.connections import keep_plans
from microcrm.adapters.file_store import FolderStore
from microcrm.adapters.listener import Listener
from microcrm.adapters.mail import Mail, Mailbox, Smtp
from microcrm.adapters.passwords import Argon2
from microcrm.adapters.queue import nudge
from microcrm.adapters.razorpay import REAL_URL, Razorpay
from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.errors import Conflict, DomainError, StoreDown, Upstream
from microcrm.domain.messenger import Messenger
from microcrm.models import schema  # noqa: F401  # so that every table knows the tables that it points at
from microcrm.operations.capabilities import FileStore
from microcrm.operations.fixed_sql import PLANNED_ONCE
from microcrm.operations.messaging.accounts import Account
from microcrm.operations.online.keys import Keys
from microcrm.operations.unit_of_work import Actor, Realm, UnitOfWork, opening_of, system
from microcrm.settings import settings

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


def make_engine(url: str, pool_size: int, *, is_direct: bool = False) -> Engine:
    """``prepare_threshold=None``: a transaction-mode pooler (Neon's, PgBouncer) may hand each transaction another server
    connection, where a prepared statement does not exist. ``is_direct``: there is none in between, so that `fixed` SQL is
    planned once a connection. ``autocommit``: the driver begins no transaction, we do."""
    made = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=2,
        pool_pre_ping=False,
        pool_recycle=300,
        connect_args={"prepare_threshold": None, "connect_timeout": 10, "autocommit": True},
    )
    event.listen(made, "begin", _begin)
    if is_direct:
        keep_plans(made, *PLANNED_ONCE)
    return made


def _begin(connection: Connection) -> None:
    """``BEGIN`` and what the transaction opens with, in one round trip."""
    opening = connection.get_execution_options().get("opening", "")
    try:
        connection.connection.cursor().execute(f"BEGIN; {opening}")
    except psycopg.Error as error:
        raise _as_sqlalchemy_says_it(connection, error) from error


def _as_sqlalchemy_says_it(connection: Connection, error: psycopg.Error) -> OperationalError:
    """Here it does not see our errors. When the server has gone, all connections of the pool have."""
    is_lost = connection.dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]
    if is_lost:
        connection.invalidate(error)
        connection.engine.dispose()
    return OperationalError("BEGIN", None, error, connection_invalidated=is_lost)


@cache
def engine() -> Engine:
    return make_engine(settings().database_url, settings().pool_size, is_direct=settings().is_database_direct)


def forget_inherited_connections() -> None:
    """After a fork: drop the parent's pool without closing sockets that the parent still uses."""
    if engine.cache_info().currsize:
        engine().dispose(close=False)
    _messenger.cache_clear()


os.register_at_fork(after_in_child=forget_inherited_connections)


@cache
def listener() -> Listener:
    """Hears what other processes have changed. Web processes run it; it connects only then."""
    return Listener(lambda: settings().database_direct_url)


@cache
def hasher() -> Argon2:
    return Argon2()


@cache
def sealer() -> MasterSeal:
    return MasterSeal(*settings().sealing_secrets)


@cache
def file_store() -> FileStore:
    """Where customers' files are: a folder of this machine, or a bucket. Raises: StoreDown, when its library is not installed."""
    given = settings()
    if not given.files_url:
        return FolderStore(given.home.resolve() / "files")
    try:
        from microcrm.adapters.file_bucket import Bucket, BucketStore
    except ImportError:
        raise StoreDown(
            "Files in a bucket need boto3.", remedy="Install MicroCRM with its extra: microcrm[s3]."
        ) from None
    return BucketStore(Bucket(given.files_url, given.s3_endpoint, given.s3_region, given.s3_key_id, given.s3_secret))


def gateway(keys: Keys) -> Razorpay:
    """A shop's account at Razorpay, or at the stand-in. Raises: Upstream, for keys of the stand-in where none may run."""
    if keys.is_sandbox and not settings().has_sandbox:
        raise Upstream("There is no sandbox here.", remedy="Pay it another way, or ask the shop.")
    return Razorpay(keys.key_id, keys.key_secret, settings().sandbox_url if keys.is_sandbox else REAL_URL)


@lru_cache(maxsize=512)
def _messenger(account: Account, status_url: str, base_url: str) -> Messenger:
    from microcrm.adapters.twilio import Twilio  # a third of a second, for those who send only

    return Twilio(
        account.account_sid,
        account.auth_token,
        whatsapp_sender=account.whatsapp_sender,
        sms_sender=account.sms_sender,
        status_url=status_url,
        base_url=base_url,
    )


def messenger(account: Account) -> Messenger:
    """A shop's account at Twilio, or at the stand-in; one a process and credential. Raises: Upstream, for the stand-in where none
    may run."""
    if account.is_sandbox and not settings().has_sandbox:
        raise Upstream("There is no sandbox here.", remedy="Enter the keys of an account at Twilio.")
    status_url = f"{settings().public_url}/hooks/twilio/{account.hook_token}/status" if account.hook_token else ""
    return _messenger(account, status_url, settings().sandbox_url if account.is_sandbox else "")


def sends_real_mail() -> bool:
    """Without an SMTP server, mail is shown on the mailbox page; that page exists in development only."""
    return bool(settings().smtp_url) or settings().environment != "dev"


def send_mail(mail: Mail) -> None:
    """Over SMTP when a server is configured, else into the development mailbox. Raises: Upstream; it can be tried again."""
    if settings().smtp_url:
        Smtp(settings().smtp_url, settings().mail_from).send(mail)
        return
    if sends_real_mail():
        raise Upstream("No mail server is configured.", remedy="Set SMTP_URL.")
    with unit_of_work(system(), realm="worker") as uow:
        Mailbox(uow.session).send(mail)


@contextmanager
def unit_of_work(actor: Actor, *, realm: Realm = "", clock: Clock = now, bind: Any = None) -> Iterator[UnitOfWork]:
    """One transaction as ``actor``: commits when the block ends, rolls back when it raises. ``bind`` is for tests that
    keep one connection. A unique value that somebody else has just stored becomes a ``Conflict``."""
    with Session(bind if bind is not None else engine(), expire_on_commit=False) as session:
        _open(session, opening_of(actor, realm), is_bound=bind is not None)
        uow = UnitOfWork(session=session, actor=actor, now=clock(), realm=realm, sealer=sealer)
        try:
            yield uow
            session.commit()
        except IntegrityError as error:
            session.rollback()
            raise Conflict from error
        except DomainError:
            session.rollback()
            if uow.told:
                _open(session, opening_of(uow.actor, realm), is_bound=bind is not None)
                for write in uow.told:
                    write(uow)
                session.commit()
            raise
        except BaseException:
            session.rollback()
            raise
    for queue in sorted(uow.nudges):
        nudge(queue)


def _open(session: Session, opening: str, *, is_bound: bool) -> None:
    """A connection that the server has left since it was used last is found out here, where nothing has been done yet: once more, on
    a new one."""
    try:
        connection = session.connection(execution_options={"opening": opening})
    except OperationalError as error:
        if is_bound or not error.connection_invalidated:
            raise
        session.rollback()
        connection = session.connection(execution_options={"opening": opening})
    if is_bound:  # its transaction has begun long ago
        connection.exec_driver_sql(opening)
