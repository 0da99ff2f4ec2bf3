"""The guard's statements: what each request rests on (grounds), what its caller holds (documents), what IAM has of a
name (entities). Each is built once, on import, and each function takes the connection first."""

from cargohold.access.store.documents import Documents, Managed, get_documents
from cargohold.access.store.entities import Found, find_entity
from cargohold.access.store.grounds import Grounds, Name, Repository, Who, find_grounds

__all__ = [
    "Documents",
    "Found",
    "Grounds",
    "Managed",
    "Name",
    "Repository",
    "Who",
    "find_entity",
    "find_grounds",
    "get_documents",
]
