"""What the engines spell differently in a statement, spelled once, so that one module-level statement serves them all.

On SQLite a write holds the whole file, so nothing needs locking row by row and `FOR SHARE` compiles to nothing.
"""

from typing import Any

from sqlalchemy import Select, Text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["Insert", "ObjectOf", "for_share", "insert"]
# PostgreSQL's `insert` is the wider of the two: what it says about conflicts compiles on SQLite as well (SQLite's own
# does not compile on PostgreSQL), so `insert(table).on_conflict_do_nothing/update(…)` is written once. Whether it
# touched a row is asked with `.returning(…)`: of a table that numbers its rows the driver does not tell the count.


def for_share(statement: Select[Any]) -> Select[Any]:
    """Holds the selected rows unchanged until the transaction ends; others may still read and share them.

    PostgreSQL: FOR SHARE, not the FOR KEY SHARE of a foreign key, which an update of `state` would not wait for.
    """
    return statement.with_for_update(read=True)


class ObjectOf(FunctionElement[str]):
    """`ObjectOf(key, value)`: an aggregate, the JSON object of the rows' keys and values; of no row `{}` or null."""

    type = Text()
    inherit_cache = True


@compiles(ObjectOf)
def _object_of(element: ObjectOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_object({compiler.process(element.clauses, **options)})"


@compiles(ObjectOf, "postgresql")
def _object_of_postgresql(element: ObjectOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_object_agg({compiler.process(element.clauses, **options)}) AS TEXT)"
