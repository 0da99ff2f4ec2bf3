"""How urgent a CVE is: CISA's catalogue of exploited ones, and FIRST's likelihoods.

Sources: CISA, "Known Exploited Vulnerabilities" (JSON); FIRST, "EPSS" (CSV).
"""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from cargohold.scanning.advisories.record import Exploited, Likelihood, Malformed, milliseconds


def read_exploited(document: Any) -> Iterator[Exploited]:
    """Raises Malformed."""
    if not isinstance(document, dict) or not isinstance(document.get("vulnerabilities"), list):
        raise Malformed("the catalogue has no vulnerabilities")
    for each in document["vulnerabilities"]:
        since = milliseconds(each.get("dateAdded"))
        if isinstance(each.get("cveID"), str) and since is not None:
            yield Exploited(each["cveID"], since)


def read_likelihoods(lines: Iterable[str]) -> Iterator[Likelihood]:
    """Lines of the CSV, the remark before its header too. Raises Malformed."""
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    for row in rows:
        try:
            yield Likelihood(row["cve"], float(row["epss"]), float(row["percentile"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed("a line of EPSS has no cve, epss and percentile") from error
