"""A registry room on a real database and blob store, with a clock that stands still until a test moves it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from cargohold.blobstore import BlobStore
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core import digest as digests
from cargohold.core import manifest as manifests
from cargohold.core.arn import Registry, Target
from cargohold.core.digest import Digest
from cargohold.database import Database
from cargohold.registry.blobs import Blobs
from cargohold.registry.image import Image, Push
from cargohold.registry.images import Images
from cargohold.registry.limits import Limits
from cargohold.registry.repositories import NewRepository, Repositories
from cargohold.registry.tags import Tags
from cargohold.registry.uploads import Uploads

HOME = Registry("123456789012", "eu-central-1")
CONFIG = b'{"architecture":"amd64","os":"linux"}'


class Room:
    """The rooms over one data folder, and short ways to fill them."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.now = 1_700_000_000_000
        self.home = HOME
        self.config = digests.of(CONFIG)
        self.archive = FilesystemBlobStore(folder / "archive")
        self.use(FilesystemBlobStore(folder), Limits())

    def use(self, blobstore: BlobStore | None = None, limits: Limits | None = None) -> None:
        """Puts another store or other limits below the rooms."""
        self.blobstore = blobstore or self.blobstore
        self.stores = Stores(self.blobstore, self.archive)
        self.limits = limits or self.limits
        self.repositories = Repositories(self.database, self.clock, self.limits)
        self.images = Images(self.database, self.clock, self.limits)
        self.tags = Tags(self.database)
        self.blobs = Blobs(self.database, self.stores, self.clock, self.limits)
        self.uploads = Uploads(self.database, self.stores, self.clock, self.limits)

    def clock(self) -> int:
        return self.now

    async def repository(self, name: str = "demo", registry: Registry = HOME, **options: Any) -> Target:
        made = await self.repositories.create(registry, NewRepository(name, **options))
        return Target(registry, name, made.id)

    async def blob(self, target: Target, data: bytes) -> Digest:
        """Uploads a blob and returns its digest."""
        upload = await self.uploads.begin(target)
        await self.uploads.append(target, upload.id, chunked(data))
        await self.uploads.complete(target, upload.id, [digests.of(data)])
        return digests.of(data)

    async def image(self, target: Target, *layers: bytes, tag: str | None = None, identical: str = "refuse") -> Image:
        """Pushes an image of those layers with everything that it needs."""
        await self.blob(target, CONFIG)
        held = [await self.blob(target, layer) for layer in layers]
        return await self.put(target, self.manifest(*held), tag, identical=identical)

    async def index(self, target: Target, *children: Image, tag: str | None = None) -> Image:
        """Pushes an index of those images."""
        return await self.put(target, self.list_of(*(child.digest for child in children)), tag)

    async def put(
        self,
        target: Target,
        payload: bytes,
        tag: str | None = None,
        *,
        identical: str = "refuse",
        digest: str | None = None,
        media_type: str | None = None,
    ) -> Image:
        push = Push(payload, media_type, tag, digest, "arn:aws:iam::123456789012:user/ci", identical)  # type: ignore[arg-type]
        return await self.images.put(target, push)

    def manifest(self, *layers: str, **members: Any) -> bytes:
        """An image manifest of the room's config and those layers; members replace its own."""
        document = {
            "schemaVersion": 2,
            "mediaType": manifests.OCI_MANIFEST,
            "config": descriptor(self.config, len(CONFIG), "application/vnd.oci.image.config.v1+json"),
            "layers": [descriptor(layer, 7, "application/vnd.oci.image.layer.v1.tar+gzip") for layer in layers],
        }
        return json.dumps(document | members).encode()

    def list_of(self, *children: str) -> bytes:
        """An index of those digests."""
        listed = [descriptor(child, 7, manifests.OCI_MANIFEST) for child in children]
        return json.dumps({"schemaVersion": 2, "mediaType": manifests.OCI_INDEX, "manifests": listed}).encode()

    async def tags_of(self, target: Target) -> dict[str, str]:
        """Every tag with its image's digest."""
        page = await self.images.list_ids(target, "TAGGED", "ANY", None, 1000)
        return {named.tag or "": named.digest or "" for named in page.items}

    async def digests_of(self, target: Target) -> set[str]:
        """The digests of every image that the repository holds."""
        page = await self.images.describe_page(target, "ANY", "ANY", None, 1000)
        return {image.digest for image in page.items}

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the database says, for facts that no room tells."""

        def work(connection: Connection) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(text(statement), values)]

        return await self.database.read(work)

    async def execute(self, statement: str, **values: Any) -> None:
        await self.database.write(lambda connection: connection.execute(text(statement), values).close())

    def files(self) -> set[str]:
        """The keys of every file below the store, finished or not."""
        return {path.name for path in self.folder.rglob("*") if path.is_file() and len(path.name) == 32}

    async def read(self, target: Target, digest: Digest) -> bytes:
        """A blob's bytes as the repository gives them."""
        chunks = await self.blobs.open(await self.blobs.get(target, digest))
        return b"".join([chunk async for chunk in chunks])


def descriptor(digest: str, size: int, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest, "size": size}


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
