"""The stored spellings that searches compare with. Whoever writes a customer's name, phone or e-mail writes these too,
here and nowhere else, so that they cannot drift apart."""

from __future__ import annotations

from sqlalchemy import delete, insert
from sqlmodel import Session

from microcrm.domain.email import email_key
from microcrm.domain.search_key import search_key, words_of
from microcrm.models.customers import Customer, CustomerWord


def keys_of(name: str, phone: str, email: str) -> dict[str, str]:
    """The key columns of a customer row."""
    return {"name_key": search_key(name), "phone_reversed": phone[::-1], "email_key": email_key(email)}


def write_words(session: Session, business_id: int, customer_id: int, name: str) -> None:
    """Replace the words by which this customer is found."""
    mine = (CustomerWord.business_id == business_id, CustomerWord.customer_id == customer_id)
    connection = session.connection()
    connection.execute(delete(CustomerWord).where(*mine))
    rows = [{"business_id": business_id, "customer_id": customer_id, "word": word} for word in words_of(name)]
    if rows:
        connection.execute(insert(CustomerWord), rows)


def write_keys(session: Session, customer: Customer) -> None:
    """Bring the keys and words of a changed row in step with its name, phone and e-mail."""
    for column, key in keys_of(customer.name, customer.phone, customer.email).items():
        setattr(customer, column, key)
    session.add(customer)
    session.flush()
    write_words(session, customer.business_id, customer.id or 0, customer.name)
