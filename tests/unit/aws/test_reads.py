"""aws.reads: which operations change nothing, and which are worth a line all the same."""

import re

import pytest

from cargohold.aws import model
from cargohold.aws.reads import is_event, only_reads

WRITES = re.compile(
    "Accept|Acquire|Add|Associate|Assume|Attach|BatchDelete|Change|Complete|Create|Deactivate|Delete|Deregister|Detach|"
    "Disable|Enable|Generate|Initiate|Invite|Join|Put|Register|Reject|Remove|Reset|Restore|Resync|Revoke|Send|Set|Start|Stop|Tag|Untag|"
    "Update|Upload"
)
"""With what the names of the operations begin that change something, or hand out something new."""

CREDENTIALS = {
    "GetAuthorizationToken",
    "GetSessionToken",
    "GetFederationToken",
    "GetDelegatedAccessToken",
    "GetWebIdentityToken",
    "GetHostCredentials",
}


@pytest.mark.parametrize("service", model.VERSIONS)
def test_every_operation_reads_or_writes(service: str) -> None:
    """Each operation of the model is one or the other by a verb that is known, so that no new verb goes unnoticed."""
    for name in model.load(service).operations:
        assert only_reads(name) is (WRITES.match(name) is None), name


@pytest.mark.parametrize("service", model.VERSIONS)
def test_reads_are_no_events_but_credentials_are(service: str) -> None:
    """What changes something is an event, and so is handing out a credential; other reads are none."""
    for name in model.load(service).operations:
        assert is_event(name) is (not only_reads(name) or name in CREDENTIALS), name


def test_a_name_that_only_begins_like_a_verb_is_no_read() -> None:
    """The verb is a whole word."""
    assert not only_reads("Getaway")
    assert not only_reads("ListenForChanges")
    assert only_reads("ListImages")
