"""Sealed records of customers: written, opened for a purpose, counted; and the keys that seal them."""
