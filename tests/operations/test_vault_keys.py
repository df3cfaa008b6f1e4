"""Keys are renewed level by level, from anywhere a run was cut off, beside people who write; what is lost is said."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine, text

from microcrm import wiring
from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.errors import DomainError, RecordErased, SealBroken
from microcrm.launch import keys
from microcrm.operations.accounts.second_step import about_totp
from microcrm.operations.messaging.accounts import SaveAccount, messenger_account, save_account
from microcrm.operations.online.keys import keys_of
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.operations.vault import rotation
from microcrm.operations.vault.checking import check_business
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.processes import Failed
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support.online import KEY_SECRET, connected_shop
from tests.support.shops import Shop, TwoShops
from tests.support.vault import ALLERGY, FORMULA, PLANTED, change, correct, dump, note, opened, values_of

NEWER = "a newer master key that is long enough for everybody"
NOTHING_STAYS = timedelta(0)


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def owner_of_tables(shop: Shop) -> Iterator[Engine]:
    engine = create_engine(settings().database_owner_url)
    yield engine
    engine.dispose()


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> MasterSeal:
    """The installation has got another master key before the one it had."""
    seal = MasterSeal(NEWER, *settings().sealing_secrets)
    monkeypatch.setattr(wiring, "sealer", lambda: seal)
    return seal


def rotate(*, with_records: bool = False, younger_stays: timedelta = NOTHING_STAYS) -> list[str]:
    said: list[str] = []
    keys.rotate(said.append, with_records=with_records, younger_stays=younger_stays)
    return said


def write(shop: Shop, kind: str = "colour") -> int:
    return int(act_as(shop.actor(), lambda uow: note(uow, shop.customer_id, kind, wiring.sealer())))


def read(shop: Shop, record: int, sealer: object = None) -> dict[str, str]:
    found = act_as(shop.actor(), lambda uow: opened(uow, record, sealer=sealer or wiring.sealer()))
    return values_of(found[0])


@pytest.mark.parametrize("with_records", [False, True])
def test_after_a_rotation_the_older_master_key_is_not_needed(
    fresh_database: TwoShops, newer: MasterSeal, owner_of_tables: Engine, with_records: bool
) -> None:
    shop, other = fresh_database.a, fresh_database.b
    older = MasterSeal(*settings().sealing_secrets)
    connected_shop(shop)
    account = SaveAccount(0, "AC" + "1a" * 16, "0f" * 16)
    act_as(system(shop.business_id), lambda uow: save_account(uow, account, wiring.sealer()))
    user = shop.users[next(iter(shop.users))]
    sealed = MasterSeal(settings().secret_key).seal(b"JBSWY3DP", f"users.totp:{user}")
    change(owner_of_tables, "UPDATE users SET totp_sealed = :s WHERE id = :u", s=sealed, u=user)
    records = [act_as(shop.actor(), lambda uow: note(uow, shop.customer_id, "colour", older)) for _ in range(3)]
    act_as(shop.actor(), lambda uow: correct(uow, records[0], 1, older, formula="7.0"))
    theirs = act_as(other.actor(), lambda uow: note(uow, other.customer_id, "allergy", older))
    rotate(with_records=with_records)
    alone = MasterSeal(NEWER)
    assert [read(shop, record, alone)["formula"] for record in records] == [
        "7.0",
        FORMULA["formula"],
        FORMULA["formula"],
    ]
    assert values_of(act_as(other.actor(), lambda uow: opened(uow, theirs, sealer=alone))[0]) == ALLERGY
    assert act_as(system(shop.business_id), keys_of, alone).key_secret == KEY_SECRET
    assert act_as(system(shop.business_id), messenger_account, alone).auth_token == "0f" * 16
    with owner_of_tables.connect() as connection:
        kept = connection.execute(text("SELECT totp_sealed FROM users WHERE id = :u"), {"u": user}).scalar_one()
        generations = connection.execute(text("SELECT count(*) FROM keys.business_keys")).scalar_one()
    assert alone.open(kept, about_totp(type("User", (), {"id": user})())) == b"JBSWY3DP"
    assert generations == 2, "one a shop: the older ones are gone"
    with pytest.raises(SealBroken):
        older.open(kept, f"users.totp:{user}")
    said: list[str] = []
    keys.check(said.append, as_json=False)
    assert f"business {shop.business_id}: 2 keys, 4 records, 5 secrets" in said


def test_records_are_sealed_anew_and_a_copy_from_before_needs_the_keys_from_before(
    shop: Shop, newer: MasterSeal, owner_of_tables: Engine
) -> None:
    record = write(shop)
    with owner_of_tables.connect() as connection:
        before = connection.execute(text("SELECT sealed, generation FROM sealed_versions")).one()
    rotate()
    with owner_of_tables.connect() as connection:
        same = connection.execute(text("SELECT sealed, generation FROM sealed_versions")).one()
    rotate(with_records=True)
    with owner_of_tables.connect() as connection:
        after = connection.execute(text("SELECT sealed, generation FROM sealed_versions")).one()
        left = connection.execute(text("SELECT count(*) FROM keys.customer_keys")).scalar_one()
    assert same == before and after.sealed != before.sealed and after.generation == before.generation + 1
    assert left == 1
    assert read(shop, record) == FORMULA


def test_a_run_that_was_cut_off_is_gone_on_with(shop: Shop, newer: MasterSeal, owner_of_tables: Engine) -> None:
    """After each of its transactions everything opens, and the next run makes no further key for what is done."""
    record = write(shop)
    business = system(shop.business_id)
    act_as(business, rotation.renew_master, newer)
    assert read(shop, record) == FORMULA
    assert act_as(business, rotation.begin_rotation, wiring.now() + timedelta(hours=1), newer)
    assert read(shop, record) == FORMULA
    added = write(shop, "allergy")
    with pytest.raises(DomainError):
        act_as(business, rotation.end_rotation)
    assert read(shop, record) == FORMULA and read(shop, added) == ALLERGY
    said = rotate(younger_stays=timedelta(hours=24))
    assert any(f"business {shop.business_id}: a new key, 1 " in line for line in said)
    with owner_of_tables.connect() as connection:
        generations = connection.execute(text("SELECT generation FROM keys.business_keys")).scalars().all()
    assert generations == [2]
    assert rotate(younger_stays=timedelta(hours=24))[1:] == []
    assert read(shop, record) == FORMULA and read(shop, added) == ALLERGY


def customers(shop: Shop, number: int) -> list[int]:
    query = """
        INSERT INTO customers (business_id, name, is_sharing_phone, email, address, tags, visit_count, version,
                               created_at)
        SELECT :b, 'Customer ' || n, false, '', '', '{}', 0, 1, now() FROM generate_series(1, :n) n RETURNING id"""
    values = {"b": shop.business_id, "n": number}
    found = act_as(shop.actor(), lambda uow: uow.session.execute(text(query), values).scalars().all())
    return [int(one) for one in found]


def test_batches_leave_nobody_out(shop: Shop, newer: MasterSeal) -> None:
    records = [
        act_as(shop.actor(), lambda uow, c=c: note(uow, c, "colour", wiring.sealer())) for c in customers(shop, 7)
    ]
    business = system(shop.business_id)
    assert act_as(business, rotation.begin_rotation, wiring.now() + timedelta(hours=1), newer)
    assert [act_as(business, rotation.renew_records, newer, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert act_as(business, rotation.end_rotation) == 1
    assert all(read(shop, record) == FORMULA for record in records)


def test_killed_in_the_middle_nothing_is_lost_and_the_next_run_ends_it(shop: Shop) -> None:
    """The command itself, ended by the system while it seals records anew."""

    def write_all(uow: UnitOfWork) -> list[int]:
        return [note(uow, customer, "colour", wiring.sealer()) for customer in ids]

    def left(uow: UnitOfWork) -> int:
        query = "SELECT count(*) FROM keys.customer_keys k JOIN keys.business_keys b ON b.id = k.business_key_id WHERE b.generation = 1"
        return int(uow.session.execute(text(query)).scalar_one())

    ids = customers(shop, 1_500)
    records = act_as(shop.actor(), write_all)
    argv = [sys.executable, "-m", "microcrm.cli", "keys", "rotate", "--records", "--hours", "0"]
    running = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    while running.poll() is None and act_as(system(shop.business_id), left) in (len(ids), 0):
        time.sleep(0.01)
    running.kill()
    assert running.wait() == -signal.SIGKILL, "it was at work"
    assert 0 < act_as(system(shop.business_id), left) < len(ids)
    assert act_as(system(shop.business_id), check_business, wiring.sealer()).broken == 0
    again = subprocess.run([*argv[:-1], "24"], capture_output=True, text=True, check=True)
    assert f"business {shop.business_id}: a new key" in again.stdout
    assert act_as(system(shop.business_id), left) == 0
    report = act_as(system(shop.business_id), check_business, wiring.sealer())
    assert (report.keys, report.records, report.broken) == (1 + len(ids), len(records), 0)


def test_people_write_while_keys_are_renewed(shop: Shop, newer: MasterSeal) -> None:
    """Nothing that was written meanwhile is lost, and nobody is refused."""
    written: list[int] = []
    problems: list[BaseException] = []
    stop = threading.Event()

    def keep_writing() -> None:
        try:
            while not stop.is_set():
                written.append(write(shop))
        except BaseException as problem:  # noqa: BLE001 - told below
            problems.append(problem)

    writers = [threading.Thread(target=keep_writing) for _ in range(2)]
    for writer in writers:
        writer.start()
    for turn in range(6):
        rotate(with_records=turn % 2 == 0)
    stop.set()
    for writer in writers:
        writer.join()
    assert problems == []
    assert len(written) > 4 and all(read(shop, record) == FORMULA for record in written)
    assert act_as(system(shop.business_id), check_business, newer).broken == 0


def test_a_record_that_does_not_open_keeps_its_key_and_is_counted(
    shop: Shop, newer: MasterSeal, owner_of_tables: Engine
) -> None:
    broken, sound = write(shop), write(shop, "allergy")
    change(owner_of_tables, "UPDATE sealed_versions SET sealed = '\\x01' WHERE record_id = :r", r=broken)
    rotate(with_records=True)
    assert read(shop, sound) == ALLERGY
    with pytest.raises(Failed, match="1 keys, records or secrets do not open"):
        keys.check(lambda _: None, as_json=False)
    change(owner_of_tables, "DELETE FROM sealed_versions WHERE record_id = :r", r=broken)
    keys.check(lambda _: None, as_json=True)


def test_without_the_master_key_a_rotation_stops_before_it_changes_anything(
    shop: Shop, owner_of_tables: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = write(shop)
    right = wiring.sealer()
    monkeypatch.setattr(wiring, "sealer", lambda: MasterSeal(NEWER))
    with pytest.raises(SealBroken):
        rotate(with_records=True)
    with pytest.raises(Failed):
        keys.check(lambda _: None, as_json=False)
    assert read(shop, record, right) == FORMULA


def test_a_dump_holds_ciphertext_only_and_the_keys_can_be_left_out(shop: Shop) -> None:
    write(shop)
    write(shop, "allergy")
    url = settings().database_owner_url.replace("+psycopg", "")
    whole = dump(url)
    assert "sealed_versions" in whole and "keys.customer_keys" in whole
    assert PLANTED not in whole and PLANTED.encode().hex() not in whole
    data = dump(url, "--exclude-schema=keys")
    assert "sealed_versions" in data and "customer_keys" not in data
    only_keys = dump(url, "--schema=keys")
    assert "customer_keys" in only_keys and "sealed_versions" not in only_keys


def test_a_destroyed_key_makes_a_copy_of_the_data_unreadable_and_its_return_shows(
    shop: Shop, owner_of_tables: Engine
) -> None:
    """The data comes back from a dump, the key does not; should it come back as well, the check says so."""
    record = write(shop)
    with owner_of_tables.connect() as connection:
        kept = connection.execute(text("SELECT * FROM sealed_versions")).mappings().one()
        key = connection.execute(text("SELECT * FROM keys.customer_keys")).mappings().one()
    act_as(shop.actor(), destroy_customer_keys, shop.customer_id)
    change(owner_of_tables, "UPDATE sealed_versions SET sealed = :s WHERE id = :i", s=kept["sealed"], i=kept["id"])
    with pytest.raises(RecordErased):
        read(shop, record)
    keys.check(lambda _: None, as_json=False)
    assert act_as(system(shop.business_id), check_business, wiring.sealer()).erased == 1
    change(
        owner_of_tables,
        "UPDATE keys.customer_keys SET sealed = :s, business_key_id = :k, destroyed_at = NULL WHERE id = :i",
        s=key["sealed"], k=key["business_key_id"], i=key["id"],
    )  # fmt: skip
    with pytest.raises(Failed, match="1 destroyed keys came back"):
        keys.check(lambda _: None, as_json=False)
    rotate(with_records=False)
