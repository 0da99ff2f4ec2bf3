"""Lifecycle policies and previews on the wire: each operation, its sentences, its pages, and our own beside it."""

import json
from typing import Any

import pytest

from cargohold.core.clock import DAY, HOUR
from cargohold.jobs.queue import Queue
from cargohold.lifecycle import preview
from cargohold.lifecycle.evaluate import Evaluator

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .test_cargohold import Ours

KEEP_ONE = {
    "rulePriority": 1,
    "description": "keep the newest image, whatever its tag is",
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
    "action": {"type": "expire"},
}
POLICY = json.dumps({"rules": [KEEP_ONE]})
ARCHIVE = {"type": "transition", "targetStorageClass": "archive"}
UNKNOWN = (
    400,
    "RepositoryNotFoundException",
    f"The repository with name 'gone' does not exist in the registry with id '{ACCOUNT}'",
)


def missing(what: str, code: str) -> tuple[int, str, str]:
    sentence = f"{what} does not exist for the repository with name 'demo' in the registry with id '{ACCOUNT}'"
    return 400, code, sentence


NO_POLICY = missing("Lifecycle policy", "LifecyclePolicyNotFoundException")
NO_PREVIEW = missing("Lifecycle policy preview", "LifecyclePolicyPreviewNotFoundException")


@pytest.fixture
def demo(wire: Wire) -> Wire:
    """A client of a registry that has an empty repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def work(wire: Wire) -> None:
    """Lets the worker do its jobs and evaluate what is due."""
    services = wire.services
    tasks = {preview.TASK: services.previews.do, "archive image": _later, "activate image": _later}
    evaluator = Evaluator(wire.database, services.audit, wire.clock, DAY)

    async def story() -> None:
        await Queue(wire.database, tasks, _Running(wire)).run()
        while await evaluator.run():
            pass

    wire.runner.run(story())


async def _later(_: Any) -> None:
    """Stands for the work that follows an image's change of status."""


class _Running:
    """A clock that goes on with each look, so that a turn of the queue has an end."""

    def __init__(self, wire: Wire) -> None:
        self.now = wire.clock.now

    def __call__(self) -> int:
        self.now += 10
        return self.now


# The policy


def test_a_policy_is_put_read_and_deleted(demo: Wire) -> None:
    """Each operation answers with the text as it was put; it was never evaluated until it was."""
    named = {"registryId": ACCOUNT, "repositoryName": "demo", "lifecyclePolicyText": POLICY}
    assert demo("PutLifecyclePolicy", repositoryName="demo", lifecyclePolicyText=POLICY) == named
    assert demo("GetLifecyclePolicy", repositoryName="demo") == {**named, "lastEvaluatedAt": 0}
    work(demo)
    assert demo("GetLifecyclePolicy", repositoryName="demo") == {**named, "lastEvaluatedAt": NOON / 1000}
    assert demo("DeleteLifecyclePolicy", repositoryName="demo") == {**named, "lastEvaluatedAt": NOON / 1000}
    assert demo.refused("GetLifecyclePolicy", repositoryName="demo") == NO_POLICY
    assert demo.refused("DeleteLifecyclePolicy", repositoryName="demo") == NO_POLICY


def test_a_policy_is_replaced_whole(demo: Wire) -> None:
    """A second policy stands in place of the first; putting the same one twice changes nothing."""
    other = POLICY.replace("keep the newest image", "keep only the newest")
    for text in (POLICY, other, other):
        demo("PutLifecyclePolicy", repositoryName="demo", lifecyclePolicyText=text)
    assert demo("GetLifecyclePolicy", repositoryName="demo")["lifecyclePolicyText"] == other


def test_a_text_that_is_no_policy_is_refused(demo: Wire) -> None:
    """ECR's sentence says what is wrong with a text, when it is put and when it is only tried."""
    text = POLICY.replace('"any"', '"all"')
    reason = 'instance value ("all") not found in enum (possible values: ["any","tagged","untagged"])\n'
    sentence = (
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
        f"'Lifecycle policy validation failure: {reason}'"
    )
    for operation in ("PutLifecyclePolicy", "StartLifecyclePolicyPreview"):
        refusal = demo.refused(operation, repositoryName="demo", lifecyclePolicyText=text)
        assert refusal == (400, "InvalidParameterException", sentence)


@pytest.mark.parametrize("operation", ["PutLifecyclePolicy", "StartLifecyclePolicyPreview"])
def test_a_text_has_its_length(demo: Wire, operation: str) -> None:
    """A text is of 100 to 30,720 characters."""
    spaces = 30_720 - len(POLICY)
    for text, limit in ((POLICY[:99], "greater than or equal to 100"), (POLICY + " " * (spaces + 1), "less than or")):
        code, sentence = demo.refused(operation, repositoryName="demo", lifecyclePolicyText=text)[1:]
        assert code == "InvalidParameterException"
        assert f"'lifecyclePolicyText' failed to satisfy constraint: 'Member must have length {limit}" in sentence
    demo(operation, repositoryName="demo", lifecyclePolicyText=POLICY + " " * spaces)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("PutLifecyclePolicy", {"lifecyclePolicyText": POLICY}),
        ("GetLifecyclePolicy", {}),
        ("DeleteLifecyclePolicy", {}),
        ("StartLifecyclePolicyPreview", {"lifecyclePolicyText": POLICY}),
        ("StartLifecyclePolicyPreview", {}),
        ("GetLifecyclePolicyPreview", {}),
    ],
)
def test_there_has_to_be_a_repository(wire: Wire, operation: str, members: dict[str, str]) -> None:
    """Every operation says which repository is missing."""
    assert wire.refused(operation, repositoryName="gone", **members) == UNKNOWN


def test_another_account_needs_leave(demo: Wire) -> None:
    """A repository of another account is closed."""
    answer = demo.send("GetLifecyclePolicy", {"repositoryName": "demo", "registryId": ACCOUNT}, account=OTHER)
    assert answer.refusal[1] == "AccessDeniedException"


# Previews


def test_a_preview_says_what_would_go_and_does_nothing(demo: Wire) -> None:
    """A preview begins IN_PROGRESS, has no results before it is COMPLETE, and then says what each rule takes."""
    first = demo.image("demo", "one", "v1", "old")
    demo.clock.now += HOUR
    demo.image("demo", "two", "v2")
    named = {"registryId": ACCOUNT, "repositoryName": "demo", "lifecyclePolicyText": POLICY}
    started = demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)
    assert started == {**named, "status": "IN_PROGRESS"}
    running = demo("GetLifecyclePolicyPreview", repositoryName="demo")
    assert running == {**named, "status": "IN_PROGRESS", "previewResults": []}
    again = demo.refused("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)
    assert again[1:] == (
        "LifecyclePolicyPreviewInProgressException",
        "The previous lifecycle policy preview request has not completed. Wait and try again.",
    )
    work(demo)
    assert demo("GetLifecyclePolicyPreview", repositoryName="demo") == {
        **named,
        "status": "COMPLETE",
        "previewResults": [
            {
                "imageTags": ["old", "v1"],
                "imageDigest": first,
                "imagePushedAt": NOON / 1000,
                "action": {"type": "EXPIRE"},
                "appliedRulePriority": 1,
                "storageClass": "STANDARD",
            }
        ],
        "summary": {"expiringImageTotalCount": 1},
    }
    assert len(demo("ListImages", repositoryName="demo")["imageIds"]) == 3


def test_a_preview_tells_what_would_be_archived(demo: Wire) -> None:
    """A transition says where images would go, one by one and in the summary."""
    demo.image("demo", "one", "v1")
    demo.image("demo", "two", "v2")
    text = json.dumps({"rules": [{**KEEP_ONE, "action": ARCHIVE}]})
    demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=text)
    work(demo)
    answer = demo("GetLifecyclePolicyPreview", repositoryName="demo")
    assert [each["action"] for each in answer["previewResults"]] == [
        {"type": "TRANSITION", "targetStorageClass": "ARCHIVE"}
    ]
    assert answer["summary"] == {
        "expiringImageTotalCount": 0,
        "transitioningImageTotalCounts": [{"targetStorageClass": "ARCHIVE", "imageTotalCount": 1}],
    }


def test_without_a_text_the_repositorys_own_is_tried(demo: Wire) -> None:
    """The stored policy is previewed where none is given, and there has to be one."""
    assert demo.refused("GetLifecyclePolicyPreview", repositoryName="demo") == NO_PREVIEW
    assert demo.refused("StartLifecyclePolicyPreview", repositoryName="demo") == NO_POLICY
    demo("PutLifecyclePolicy", repositoryName="demo", lifecyclePolicyText=POLICY)
    assert demo("StartLifecyclePolicyPreview", repositoryName="demo")["lifecyclePolicyText"] == POLICY


def test_results_are_read_page_by_page_and_by_filter(demo: Wire) -> None:
    """Pages follow each other to the end; a filter and image ids choose among the results."""
    tagged = [demo.image("demo", f"tagged {number}", f"v{number}") for number in range(3)]
    untagged = [demo.image("demo", f"untagged {number}") for number in range(3)]
    demo.image("demo", "kept", "latest")
    demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)
    work(demo)

    def read(**members: Any) -> dict[str, Any]:
        return demo("GetLifecyclePolicyPreview", repositoryName="demo", **members)

    def digests(answer: dict[str, Any]) -> list[str]:
        return [each["imageDigest"] for each in answer["previewResults"]]

    pages, token = [], {}
    while True:
        page = read(maxResults=2, **token)
        pages.append(digests(page))
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert pages == [tagged[:2], [tagged[2], untagged[0]], untagged[1:]]
    assert digests(read(filter={"tagStatus": "TAGGED"})) == tagged
    assert digests(read(filter={"tagStatus": "UNTAGGED"})) == untagged
    named = [{"imageTag": "v1"}, {"imageDigest": untagged[2]}, {"imageTag": "latest"}, {"imageTag": "none"}]
    assert digests(read(imageIds=named)) == [tagged[1], untagged[2]]
    assert digests(read(imageIds=named, filter={"tagStatus": "TAGGED"})) == [tagged[1]]
    assert digests(read(imageIds=[{"imageTag": "v1", "imageDigest": tagged[0]}])) == []


def test_a_token_belongs_to_its_list(demo: Wire) -> None:
    """A token of another filter is refused, and so are paging and image ids together, and a page that is too large."""
    for number in range(3):
        demo.image("demo", f"{number}", f"v{number}")
    demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)
    work(demo)
    token = demo("GetLifecyclePolicyPreview", repositoryName="demo", maxResults=1)["nextToken"]
    for members in (
        {"nextToken": token, "filter": {"tagStatus": "TAGGED"}},
        {"nextToken": token, "imageIds": [{"imageTag": "v1"}]},
        {"maxResults": 5, "imageIds": [{"imageTag": "v1"}]},
        {"maxResults": 101},
        {"maxResults": 0},
    ):
        code = demo.refused("GetLifecyclePolicyPreview", repositoryName="demo", **members)[1]
        assert code == "InvalidParameterException"


def test_a_preview_grows_old(demo: Wire) -> None:
    """After a day a preview has EXPIRED and no results; one that nobody works on has FAILED after an hour."""
    demo.image("demo", "one", "v1")
    demo.image("demo", "two", "v2")
    demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)
    work(demo)
    demo.clock.now += DAY
    old = demo("GetLifecyclePolicyPreview", repositoryName="demo")
    assert (old["status"], old["previewResults"]) == ("EXPIRED", [])
    while demo.runner.run(demo.services.previews.prune()):
        pass
    assert demo("GetLifecyclePolicyPreview", repositoryName="demo")["status"] == "EXPIRED"
    demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)
    demo.clock.now += HOUR
    assert demo("GetLifecyclePolicyPreview", repositoryName="demo")["status"] == "FAILED"
    demo("StartLifecyclePolicyPreview", repositoryName="demo", lifecyclePolicyText=POLICY)


# Our own operations


def test_an_evaluation_is_asked_for_and_watched(demo: Wire) -> None:
    """`cargohold lifecycle` has a policy carried out now, and reads how it stands, of one repository and of all."""
    ours = Ours(demo, demo.keys[ACCOUNT])
    assert ours.refused("StartLifecycleEvaluation", repositoryName="demo") == NO_POLICY
    assert ours.refused("ListLifecycleEvaluations", repositoryName="demo") == NO_POLICY
    assert ours.refused("StartLifecycleEvaluation", repositoryName="gone") == UNKNOWN
    assert ours("ListLifecycleEvaluations") == {"evaluations": []}
    demo("CreateRepository", repositoryName="other")
    for name in ("demo", "other"):
        demo("PutLifecyclePolicy", repositoryName=name, lifecyclePolicyText=POLICY)
    work(demo)
    demo.image("demo", "one", "v1")
    demo.image("demo", "two", "v2")
    demo.clock.now += HOUR
    assert ours("StartLifecycleEvaluation", repositoryName="demo")["evaluation"]["status"] == "WAITING"
    work(demo)
    page = ours("ListLifecycleEvaluations", maxResults=1)
    (done,) = page["evaluations"]
    assert done["repositoryName"] == "demo"
    assert (done["status"], done["plannedImageCount"], done["expiredImageCount"]) == ("DONE", 1, 1)
    assert done["lastEvaluatedAt"] == demo.clock.now / 1000
    assert demo.clock.now < done["nextEvaluationAt"] * 1000 <= demo.clock.now + DAY
    rest = ours("ListLifecycleEvaluations", nextToken=page["nextToken"])
    assert [each["repositoryName"] for each in rest["evaluations"]] == ["other"]
    assert ours("ListLifecycleEvaluations", repositoryName="demo")["evaluations"] == [done]
