"""Signs a POST of JSON to `/` with AWS Signature Version 4. Pure; the tests compare it with botocore.

Source: IAM user guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

SERVICE: Final = "cargohold"
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str], body: bytes, *, access_key_id: str, secret: str, region: str, now: int
) -> dict[str, str]:
    """The headers, whose names are in lower case and hold `host`, with date and signature; `now` in milliseconds."""
    date = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    every = {**headers, "x-amz-date": date}
    names = ";".join(sorted(every))
    listed = "".join(f"{name}:{every[name].strip()}\n" for name in sorted(every))
    canonical = f"POST\n/\n\n{listed}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{date[:8]}/{region}/{SERVICE}/aws4_request"
    text = f"{_ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={access_key_id}/{scope}"
    return {**every, "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}
