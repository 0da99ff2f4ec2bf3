"""The API's models: botocore's own `service-2.json`, read without importing botocore (which costs 150 ms)."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

VERSIONS: Final = {"ecr": "2015-09-21", "sts": "2011-06-15"}
"""The API version of each service that is served."""


def document(service: str) -> dict[str, Any]:
    """A service's model as botocore ships it; raises ModuleNotFoundError where botocore is not installed."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore", name="botocore")
    path = Path(spec.origin).parent / "data" / service / VERSIONS[service] / "service-2.json.gz"
    model: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return model
