"""Where published data comes from: what an operator sets, `FORMAT:LOCATION`.

A location is a file, a folder of files, or an https address; `#sha256=…` behind it says what its bytes must be.
"""

import re
from dataclasses import dataclass
from typing import Final

FORMATS: Final = ("osv", "debian", "secdb", "nvd", "cve", "kev", "epss")
_SPELLING: Final = re.compile(
    rf"(?P<format>{'|'.join(FORMATS)}):(?P<location>[^#]+)(?:#sha256=(?P<sha256>[0-9a-f]{{64}}))?"
)


@dataclass(frozen=True, slots=True)
class Source:
    """One place of published data."""

    format: str
    location: str
    sha256: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Source":
        """Raises ValueError with a sentence for the operator."""
        parts = _SPELLING.fullmatch(text)
        if parts is None:
            raise ValueError(
                f"{text!r} is no source of advisories: it has the form FORMAT:FILE, FORMAT:FOLDER or "
                f"FORMAT:https://…, FORMAT being one of {', '.join(FORMATS)}."
            )
        return cls(parts["format"], parts["location"], parts["sha256"])

    @property
    def is_remote(self) -> bool:
        return self.location.startswith(("https://", "http://"))

    @property
    def name(self) -> str:
        return f"{self.format}:{self.location}"
