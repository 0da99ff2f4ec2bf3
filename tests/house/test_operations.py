"""What is built and what is not yet, held against AWS's own list."""

from botocore.loaders import Loader

from cargohold.aws import model
from cargohold.aws.pending import PENDING
from cargohold.aws.served import OPERATIONS


def _loader() -> Loader:
    """botocore's models, and that of the service of our own."""
    return Loader(extra_search_paths=[str(model.OURS)])


def names(service: str) -> list[str]:
    return [operation.name for operation in OPERATIONS[service]]


def test_the_same_services_are_built_and_pending() -> None:
    """Each service that is served has its list of built and its list of pending operations."""
    assert set(OPERATIONS) == set(PENDING) == set(model.VERSIONS)


def test_built_and_pending_are_all_of_aws() -> None:
    """The operations that are built and those that are pending are together exactly botocore's."""
    for service in OPERATIONS:
        known = set(_loader().load_service_model(service, "service-2")["operations"])
        assert set(names(service)) | PENDING[service] == known


def test_no_operation_is_built_and_pending() -> None:
    """An operation leaves the pending list when it is built, and is built once."""
    for service in OPERATIONS:
        built = names(service)
        assert not set(built) & PENDING[service]
        assert len(built) == len(set(built))


def test_the_model_is_botocores_newest() -> None:
    """The API version that is served is the newest that the pinned botocore knows."""
    for service, version in model.VERSIONS.items():
        assert _loader().determine_latest_version(service, "service-2") == version
