"""The stored spellings that searches compare with. Whoever writes a customer's name, phone or e-mail writes these too,
here and nowhere else, so that they cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session

from microcrm.domain.email import email_key
from microcrm.domain.found_by import keys_for
from microcrm.domain.search_key import search_key
from microcrm.models.customers import Customer, CustomerWord


def keys_of(name: str, phone: str, email: str) -> dict[str, str]:
    """The key columns of a customer row."""
    return {"name_key": search_key(name), "phone_reversed": phone[::-1], "email_key": email_key(email)}


def word_rows(business_id: int, customer_id: int, name: str, tags: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of ``customer_words`` by which this customer is found."""
    mine = {"business_id": business_id, "customer_id": customer_id}
    return [{**mine, "word": key.word, "sound": key.sound} for key in keys_for(name, tags)]


def word_columns(named: Iterable[tuple[int, str, Iterable[str]]]) -> tuple[list[str], list[int], list[str]]:
    """The same for many customers (id, name, tags): words, whose they are, sounds."""
    words: list[str] = []
    owners: list[int] = []
    sounds: list[str] = []
    for customer_id, name, tags in named:
        for key in keys_for(name, tags):
            words.append(key.word)
            owners.append(customer_id)
            sounds.append(key.sound)
    return words, owners, sounds


def write_words(session: Session, business_id: int, customer_id: int, name: str, tags: Iterable[str]) -> None:
    """Replace the words by which this customer is found; nothing is written when they are the same."""
    mine = (CustomerWord.business_id == business_id, CustomerWord.customer_id == customer_id)
    connection = session.connection()
    wanted = {row["word"]: row for row in word_rows(business_id, customer_id, name, tags)}
    stored = set(connection.execute(select(CustomerWord.word).where(*mine)).scalars())
    if gone := stored - wanted.keys():
        connection.execute(delete(CustomerWord).where(*mine, CustomerWord.word.in_(gone)))
    if added := [row for word, row in wanted.items() if word not in stored]:
        connection.execute(insert(CustomerWord).values(added))


def write_keys(session: Session, customer: Customer) -> None:
    """Bring the keys and words of a changed row in step with its name, phone, e-mail and tags."""
    for column, key in keys_of(customer.name, customer.phone, customer.email).items():
        setattr(customer, column, key)
    session.add(customer)
    session.flush()
    write_words(session, customer.business_id, customer.id or 0, customer.name, customer.tags)
