"""What a host signs is what botocore would sign."""

from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.host.signing import signed

from .conftest import KEY, NOON


@pytest.mark.parametrize("body", [b"", b'{"hostId": "i-0"}', "{ü}".encode()])
@pytest.mark.parametrize("host", ["localhost:5050", "registry.example.com"])
def test_as_botocore_signs(body: bytes, host: str) -> None:
    """Date, signed headers and signature are botocore's, byte for byte."""
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-target": "Cargohold.Get"}
    request = AWSRequest("POST", f"https://{host}/", data=body, headers=headers)
    now = datetime.fromtimestamp(NOON / 1000, UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
        key = Credentials(KEY.access_key_id, KEY.secret_access_key)
        SigV4Auth(key, "cargohold", KEY.region).add_auth(request)
    ours = signed(
        headers,
        body,
        access_key_id=KEY.access_key_id,
        secret=KEY.secret_access_key,
        region=KEY.region,
        now=NOON,
    )
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
