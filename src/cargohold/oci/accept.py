"""Media types in headers: what a pushed manifest is (Content-Type) and what a puller can read (Accept).

Source: RFC 9110 §8.3 and §12.5.1.
"""


def media_type(header: str) -> str | None:
    """A Content-Type without its parameters, as the specification wants it read; None when there is none."""
    return header.partition(";")[0].strip() or None


def accepts(header: str, media_type: str) -> bool:
    """Whether an Accept header takes a media type: its most specific entry decides; no header takes all."""
    if not header.strip():
        return True
    offered = dict(_entry(text) for text in header.split(","))
    for pattern in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if pattern in offered:
            return offered[pattern]
    return False


def _entry(text: str) -> tuple[str, bool]:
    """One entry of an Accept header: its media type, and whether its weight is above 0."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    refused = any(parameter.startswith("q=") and not parameter[2:].strip("0.") for parameter in parameters)
    return name, not refused
