"""Which operations only read: a read that was served leaves no line in the audit trail.

AWS's names say it: the first word is a verb. Handing out a credential is an event, although its name begins as a read.
Source: the access levels of the service authorization reference; `readOnly` of CloudTrail's events.
"""

from __future__ import annotations

import re
from typing import Final

_READING: Final = re.compile(
    r"(?:Get|List|Describe|BatchGet|BatchCheck|Simulate|Decode|Validate|Search|Explain)(?=[A-Z])"
)


def only_reads(operation: str) -> bool:
    """Whether an operation of AWS's API, by its name, changes nothing."""
    return _READING.match(operation) is not None


def is_event(operation: str) -> bool:
    """Whether an operation that succeeds is worth a line: it changes something, or hands out a credential."""
    return not only_reads(operation) or (operation.startswith("Get") and operation.endswith(("Token", "Credentials")))
