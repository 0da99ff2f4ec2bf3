"""Types of columns that are one thing on SQLite and another on PostgreSQL."""

import sqlalchemy
from sqlalchemy import BigInteger, Integer

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the type reads INTEGER."""

Text = sqlalchemy.Text().with_variant(sqlalchemy.Text(collation="C"), "postgresql")
"""Ordered and compared byte by byte, as SQLite does and OCI's tag lists want it, whatever the database's own language.

An index in a language's order is also broken by the next version of that language's rules; one in bytes is not.
"""
