"""The embedded engines and the questions asked of given ones."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socketserver
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from microcrm import ports, processes, wiring
from microcrm.adapters import embedded, embedded_postgres, embedded_valkey, reachable, schema
from microcrm.processes import Failed
from microcrm.settings import APP_ROLE, OWNER_ROLE, Settings, settings
from tests.support.servers import Servers
from tests.support.shops import TwoShops


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def alone(home: Path) -> Settings:
    """Settings that name no engine, whatever the environment says."""
    return Settings(home=home, given_database_url="", given_database_url_direct="", redis_url="", secret_key="s" * 40)


@pytest.fixture(autouse=True)
def kept_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


def test_engines_start_twice_with_the_same_data_and_leave_no_process(home: Path) -> None:
    pids: list[int] = []
    for turn in ("first", "second"):
        with embedded.claimed(home), embedded.started(alone(home)) as children:
            pids += [child.pid for child in children]
            with psycopg.connect(os.environ["DATABASE_URL_DIRECT"]) as owner:
                owner.execute("CREATE TABLE IF NOT EXISTS seen (turn text)")
                owner.execute("INSERT INTO seen VALUES (%s)", (turn,))
                assert owner.execute("SELECT count(*) FROM seen").fetchone() == (1 if turn == "first" else 2,)
            with redis.Redis.from_url(os.environ["REDIS_URL"]) as valkey:
                assert valkey.config_get("notify-keyspace-events")["notify-keyspace-events"]
                assert valkey.config_get("save") == {"save": ""}
    assert len(pids) == 4
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not (home / "engines.json").exists()
    for name in ("secrets.json", "valkey.conf"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_the_apps_role_owns_nothing_and_only_the_two_roles_get_in(engines: Servers, two_shops: TwoShops) -> None:
    with psycopg.connect(engines.superuser_url) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = ANY(%s)",
            ([APP_ROLE, OWNER_ROLE],),
        ).fetchall()
        assert {row[0] for row in roles} == {APP_ROLE, OWNER_ROLE}
        assert not any(flag for row in roles for flag in row[1:])
    with psycopg.connect(reachable.plain(settings().database_url)) as app:
        assert app.execute("SELECT current_user").fetchone() == (APP_ROLE,)
        owned = app.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone()
        assert owned == (0,)
        assert app.execute("SHOW timezone").fetchone() == ("UTC",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (id int)")


def test_engines_of_a_killed_run_are_found_and_ended(home: Path) -> None:
    """As after kill -9 where the kernel tells no children: the servers live on, nobody holds the folder."""
    postgres = embedded_postgres.prepare(home)
    stray_postgres = processes.start(postgres.program())
    stray_valkey = processes.start(embedded_valkey.prepare(home).program())
    with embedded.claimed(home), embedded.started(alone(home)):
        assert stray_postgres.exit_code is not None
        assert stray_valkey.exit_code is not None
        assert reachable.check_database(os.environ["DATABASE_URL"]) == 18


def test_a_crashed_server_recovers(home: Path) -> None:
    postgres = embedded_postgres.prepare(home)
    child = processes.start(postgres.program())
    os.killpg(child.pid, signal.SIGKILL)
    child.stop()
    assert (postgres.data / "postmaster.pid").exists()
    again = processes.start(embedded_postgres.prepare(home).program())
    again.stop()


def test_a_folder_serves_one_run_and_other_commands_join_it(home: Path) -> None:
    given = alone(home)
    with embedded.claimed(home), embedded.started(given):
        with pytest.raises(Failed, match="already runs"), embedded.claimed(home):
            pass
        ours = {name: os.environ.pop(name) for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL")}
        with embedded.running(given):
            assert {name: os.environ[name] for name in ours} == ours


def test_given_engines_are_not_started(home: Path) -> None:
    given = Settings(home=home, given_database_url="postgresql://a@b/c", redis_url="redis://d", secret_key="s" * 40)
    with embedded.running(given):
        assert not (home / "postgres").exists()
        assert not (home / "valkey.conf").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda url: url.replace("microcrm_app:", "microcrm_app:x"), "refused the password of microcrm_app"),
        (lambda url: url.rpartition("/")[0] + "/nowhere", "has no database nowhere"),
        (lambda url: re.sub(r":\d+/", ":1/", url), "no PostgreSQL answers at 127.0.0.1:1"),
        (lambda url: url.replace("127.0.0.1", "no.such.host.invalid"), "no machine is called no.such.host.invalid"),
        (lambda url: "mysql://root@localhost/shop", "is not an address such as postgresql://"),
        (lambda url: "", "is not an address such as postgresql://"),
        (lambda url: re.sub(r":\d+/", ":many/", url), "is not an address such as postgresql://"),
        (lambda url: f"{url}?sslmode=require", "and the sslmode of the address do not go together"),
        (lambda url: f"{url}?colour=red", "is not an option of PostgreSQL"),
    ],
)
def test_a_wrong_database_address_gets_one_sentence(engines: Servers, change, sentence: str) -> None:
    right = engines.app_url.format(database="microcrm_template")
    with pytest.raises(Failed, match=re.escape(sentence)) as refused:
        reachable.check_database(change(right))
    assert "\n" not in str(refused.value)
    password = right.split(":")[2].split("@")[0]
    assert password not in str(refused.value)
    assert reachable.check_database(right) == 18


def test_an_old_postgres_is_refused(engines: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachable, "_OLDEST_POSTGRES", 99)
    with pytest.raises(Failed, match="PostgreSQL 18 is too old; MicroCRM needs 99 or newer"):
        reachable.check_database(settings().database_url)


class OldRedis(socketserver.StreamRequestHandler):
    """Answers every command as Redis 6.2 answers INFO."""

    def handle(self) -> None:
        answer = b"# Server\r\nredis_version:6.2.14\r\n"
        for line in self.rfile:
            if line.upper().strip() in {b"INFO", b"CLIENT"}:
                reply = b"+OK\r\n" if line.upper().strip() == b"CLIENT" else b"$%d\r\n%s\r\n" % (len(answer), answer)
                self.wfile.write(reply)


def test_an_old_redis_is_refused() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OldRedis) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(Failed, match=r"Redis 6\.2\.14 is too old; MicroCRM needs 7 or newer"):
            reachable.check_redis(f"redis://127.0.0.1:{server.server_address[1]}/0?protocol=2")
        server.shutdown()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("redis://127.0.0.1:1/0", "no Redis or Valkey answers at 127.0.0.1:1"),
        ("nonsense", "is not an address such as redis://"),
        ("redis://127.0.0.1:many/0", "is not an address such as redis://"),
    ],
)
def test_a_wrong_redis_address_gets_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(Failed, match=re.escape(sentence)):
        reachable.check_redis(url)


def test_a_wrong_redis_password_is_named(engines: Servers) -> None:
    assert reachable.check_redis(engines.redis_url)
    with pytest.raises(Failed, match="refused the password"):
        reachable.check_redis(re.sub(r":[^:@]+@", ":wrong@", engines.redis_url))


def test_a_redis_database_that_is_not_there_is_named(engines: Servers) -> None:
    with pytest.raises(Failed, match="refused: DB index is out of range"):
        reachable.check_redis(engines.redis_url.removesuffix("/0") + "/4000")


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable.check_disk(tmp_path)
    monkeypatch.setattr(reachable, "_LEAST_FREE", 10**18)
    with pytest.raises(Failed, match="is full"):
        reachable.check_disk(tmp_path)


def test_a_newer_schema_is_left_alone(fresh_database: TwoShops) -> None:
    owner = settings().database_owner_url
    assert schema.state(owner) == "current"
    schema.migrate(settings())
    with contextlib.closing(psycopg.connect(reachable.plain(owner), autocommit=True)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert schema.state(settings().database_url) == "newer"
    for refuse in (lambda: schema.migrate(settings()), lambda: schema.check(owner)):
        with pytest.raises(Failed, match="newer schema than this MicroCRM"):
            refuse()


def test_an_owners_address_alone_makes_the_apps_role(fresh_database: TwoShops) -> None:
    """As on a host that hands out one user: `migrate` makes the app's sign-in and the app uses it."""
    url = settings().database_owner_url
    given = Settings(given_database_url=url, given_database_url_direct="", redis_url="x", secret_key="k" * 40)
    assert given.derives_app_role
    with pytest.raises(Failed, match="may not make the role microcrm_app"):
        schema.migrate(given)


def test_ports_are_told_apart() -> None:
    port = ports.free_port()
    assert not ports.is_taken("127.0.0.1", port)
    with socketserver.TCPServer(("127.0.0.1", port), OldRedis):
        assert ports.is_taken("127.0.0.1", port)
    assert not ports.is_taken("127.0.0.1", port)


def test_the_wiring_forgets_connections_it_has_inherited(engines: Servers) -> None:
    with wiring.engine().connect():
        pass
    pool = wiring.engine().pool
    wiring.forget_inherited_connections()
    assert wiring.engine().pool is not pool
