"""Images made by hand, byte for byte the same in every run, and how they lie in a folder (an OCI layout)."""

import gzip
import hashlib
import io
import json
import platform
import random
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .programs import absent, program

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

SENTENCE = "Hello from the hold"
_TYPES = {"oci": (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER), "docker": (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER)}
HOST = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
FOREIGN = "arm64" if HOST != "arm64" else "amd64"


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest and the blobs that it names; `layers` are compressed."""

    manifest: bytes
    media_type: str
    config: bytes
    layers: tuple[bytes, ...]
    architecture: str = HOST

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)

    @property
    def blobs(self) -> dict[str, bytes]:
        """Every blob by its digest: the configuration first, then the layers."""
        return {digest_of(blob): blob for blob in (self.config, *self.layers)}

    @property
    def size(self) -> int:
        """What DescribeImages calls imageSizeInBytes: the configuration and the layers, as stored."""
        return len(self.config) + sum(map(len, self.layers))

    def descriptor(self) -> dict[str, object]:
        """How an index lists it."""
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": len(self.manifest),
            "platform": {"architecture": self.architecture, "os": "linux"},
        }


def make_layer(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of executable files, uncompressed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_image(
    archives: Sequence[bytes], command: Sequence[str], *, architecture: str = HOST, kind: str = "oci"
) -> Image:
    """An image of uncompressed tar archives; `kind` is "oci" or "docker"."""
    manifest_type, config_type, layer_type = _TYPES[kind]
    config = _json(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": list(command)},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(archive) for archive in archives]},
        }
    )
    layers = tuple(gzip.compress(archive, compresslevel=1, mtime=0) for archive in archives)
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": _descriptor(config_type, config),
            "layers": [_descriptor(layer_type, layer) for layer in layers],
        }
    )
    return Image(manifest, manifest_type, config, layers, architecture)


def noise(size: int) -> bytes:
    """Bytes that no compressor makes smaller, the same in every run."""
    return random.Random(size).randbytes(size)  # noqa: S311  # no secret


def make_index(images: Sequence[Image], media_type: str = OCI_INDEX) -> bytes:
    """An index of images, each for its platform."""
    return _json({"schemaVersion": 2, "mediaType": media_type, "manifests": [image.descriptor() for image in images]})


def make_speaker(sentence: str, *, architecture: str = HOST, kind: str = "oci") -> Image:
    """An image that prints one sentence; it runs on this machine whatever architecture it claims."""
    archives = [make_layer({"bin/busybox": static_busybox().read_bytes()}), make_layer({"sentence": sentence.encode()})]
    return make_image(archives, ["/bin/busybox", "cat", "/sentence"], architecture=architecture, kind=kind)


def static_busybox() -> Path:
    """A program that runs in an image that holds nothing else."""
    path = Path(program("busybox")).resolve()
    if subprocess.run([program("ldd"), path], capture_output=True, check=False).returncode == 0:
        absent(f"{path} is not static (Debian: busybox-static)")
    return path


def write_layout(folder: Path, top: Image | bytes, images: Sequence[Image] = ()) -> Path:
    """Writes an OCI layout whose only entry is an image, or an index of `images`."""
    blobs = folder / "blobs" / "sha256"
    shutil.rmtree(folder, ignore_errors=True)
    blobs.mkdir(parents=True)
    held = [top, *images] if isinstance(top, Image) else images
    texts = [text for image in held for text in (image.manifest, *image.blobs.values())]
    for text in texts if isinstance(top, Image) else [*texts, top]:
        (blobs / digest_of(text).removeprefix("sha256:")).write_bytes(text)
    entry = top.descriptor() if isinstance(top, Image) else _descriptor(json.loads(top)["mediaType"], top)
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [entry]}))
    return folder


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "size": len(data), "digest": digest_of(data)}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
