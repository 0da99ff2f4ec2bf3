"""The API's models, as they are read from botocore's data."""

import subprocess
import sys

from cargohold.aws import model


def test_services_say_how_they_are_spoken_to() -> None:
    """Target prefix, version, namespace and the name in a signature's scope come from the model."""
    ecr, sts = model.load("ecr"), model.load("sts")
    assert (ecr.protocol, ecr.target_prefix, ecr.signing_name) == (
        "json",
        "AmazonEC2ContainerRegistry_V20150921",
        "ecr",
    )
    assert (sts.protocol, sts.version, sts.signing_name) == ("query", "2011-06-15", "sts")
    assert sts.namespace == "https://sts.amazonaws.com/doc/2011-06-15/"
    assert sts.operations["GetCallerIdentity"].wrapper == "GetCallerIdentityResult"


def test_only_layer_parts_and_manifests_are_large() -> None:
    """Only the two operations that carry content may have a body of more than a mebibyte."""
    operations = model.load("ecr").operations.values()
    assert {operation.name for operation in operations if operation.large} == {"UploadLayerPart", "PutImage"}


def test_botocore_is_not_imported() -> None:
    """Reading a model leaves botocore's code alone, which would cost a start most of its time."""
    program = "import sys; from cargohold.aws import model; model.load('ecr'); print('botocore' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
