"""Which images a policy's rules act on. Pure: images, rules and the time in, decisions out.

Each rule marks what it would act on among all images that it matches; then the rules are walked by priority, and a
rule gets no image that a rule before it matched, whether that one acted on it or kept it. So an image is acted on by
one rule at the most. Rules of different storage classes match different images.

What belongs together stays together:

- an image that an index of the repository lists, and one that refers to a subject there, is matched by no rule that
  expires while the index or subject is there, by none that archives while it is not archived, and so is not counted;
- a referrer shares its subject's fate.

Source: Amazon ECR user guide, "How lifecycle policies work" and "Examples of lifecycle policies".
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Final

from cargohold.core.clock import DAY
from cargohold.lifecycle.policy import Action, Policy, Rule, StorageClass

_STATUS: Final[Mapping[StorageClass, str]] = {"standard": "ACTIVE", "archive": "ARCHIVED"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a live image. Times are epoch milliseconds; `parents` are the indexes that list it, by id."""

    id: int
    digest: str
    status: str
    pushed_at: int
    tags: tuple[str, ...] = ()
    last_pull_at: int | None = None
    archived_at: int | None = None
    activated_at: int | None = None
    subject_digest: str | None = None
    parents: tuple[int, ...] = ()

    @property
    def born_at(self) -> int:
        """From when its age counts: its push, or its return from the archive."""
        return self.pushed_at if self.activated_at is None else max(self.activated_at, self.pushed_at)

    @property
    def used_at(self) -> int:
        """When it was last pulled, or came into being."""
        return self.born_at if self.last_pull_at is None else max(self.last_pull_at, self.born_at)


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to an image, and by which rule."""

    image: Candidate
    action: Action
    priority: int


@dataclass(slots=True)
class _Repository:
    """A repository's images, oldest first, and how they hang together."""

    images: Sequence[Candidate]
    by_id: Mapping[int, Candidate]
    by_digest: Mapping[str, Candidate]
    referrers: Mapping[str, Sequence[Candidate]]
    _free: dict[tuple[str, Action], Sequence[Candidate]] = field(default_factory=dict)

    def free(self, status: str, action: Action) -> Sequence[Candidate]:
        """The images of that status that rules of this action may match: neither an index nor a subject holds them."""
        found = self._free.get((status, action))
        if found is None:
            found = [image for image in self.images if image.status == status and self._is_free(image, action)]
            self._free[status, action] = found
        return found

    def is_listed(self, image: Candidate, action: Action) -> bool:
        """Whether an index lists the image that the action would break."""
        return any(parent in self.by_id and _holds(self.by_id[parent], action) for parent in image.parents)

    def _is_free(self, image: Candidate, action: Action) -> bool:
        if image.subject_digest is not None:
            subject = self.by_digest.get(image.subject_digest)
            if subject is not None and _holds(subject, action):
                return False
        return not image.parents or not self.is_listed(image, action)


def select(images: Iterable[Candidate], policy: Policy, now: int) -> list[Decision]:
    """What the policy does to a repository's live images at `now`; the oldest come first.

    What expires is said of referrers before their subjects, what is archived of subjects before their referrers, so
    that whoever stops in between leaves nothing that no later evaluation sees.
    """
    repository = _repository(images)
    claimed: set[int] = set()
    decisions: list[Decision] = []
    for rule in policy.rules:
        matched = _matched(repository, rule)
        decisions += [
            Decision(image, rule.action, rule.priority)
            for image in _marked(matched, rule, now)
            if image.id not in claimed
        ]
        claimed.update(image.id for image in matched)
    decisions.sort(key=lambda decision: (decision.image.born_at, decision.image.id))
    return _with_referrers(repository, decisions)


def _repository(images: Iterable[Candidate]) -> _Repository:
    ordered = sorted(images, key=lambda image: (image.born_at, image.id))
    referrers: dict[str, list[Candidate]] = defaultdict(list)
    for image in ordered:
        if image.subject_digest is not None:
            referrers[image.subject_digest].append(image)
    return _Repository(
        ordered, {image.id: image for image in ordered}, {image.digest: image for image in ordered}, referrers
    )


def _matched(repository: _Repository, rule: Rule) -> Sequence[Candidate]:
    """The images that a rule is about, oldest first, whether it acts on them or not."""
    free = repository.free(_STATUS[rule.storage_class], rule.action)
    if rule.tag_status == "any":
        return free
    if rule.tag_status == "untagged":
        return [image for image in free if not image.tags]
    has_each = _tag_test(rule)
    return [image for image in free if has_each(image.tags)]


def _marked(matched: Sequence[Candidate], rule: Rule, now: int) -> Sequence[Candidate]:
    """Those that the rule alone would act on."""
    if rule.count_type == "imageCountMoreThan":
        return matched[: max(0, len(matched) - rule.count)]
    before = now - rule.count * DAY
    if rule.count_type == "sinceImagePushed":
        return [image for image in matched if image.born_at < before]
    if rule.count_type == "sinceImagePulled":
        return [image for image in matched if image.used_at < before]
    return [image for image in matched if image.archived_at is not None and image.archived_at < before]


def _tag_test(rule: Rule) -> Callable[[Sequence[str]], bool]:
    """Whether tags have one for each prefix and pattern of a rule."""
    prefixes = [methodcaller("startswith", prefix) for prefix in rule.prefixes]
    tests: Sequence[Callable[[str], bool]] = [*prefixes, *map(_pattern_test, rule.patterns)]

    def has_each(tags: Sequence[str]) -> bool:
        for test in tests:
            for tag in tags:
                if test(tag):
                    break
            else:
                return False
        return True

    return has_each


def _pattern_test(pattern: str) -> Callable[[str], bool]:
    """`*` stands for any number of characters, none too; every other character for itself. In linear time."""
    first, *middle = pattern.split("*")
    if not middle:
        return first.__eq__
    last = middle.pop()

    def matches(tag: str) -> bool:
        if len(tag) < len(first) + len(last) or not tag.startswith(first) or not tag.endswith(last):
            return False
        at, end = len(first), len(tag) - len(last)
        for piece in middle:
            at = tag.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches


def _with_referrers(repository: _Repository, decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions, each with those on its referrers, and theirs, that it entails; they go before a referrer's own."""
    families = [_family(repository, decision) for decision in decisions]
    following = {each.image.id for family in families for each in family[1:]}
    whole: list[Decision] = []
    for family in families:
        if family[0].image.id not in following:
            whole += reversed(family) if family[0].action == "expire" else family
    return whole


def _family(repository: _Repository, decision: Decision) -> list[Decision]:
    """A decision, and those on what refers to its image, directly or not: each behind that on its subject."""
    family = [decision]
    for each in family:
        family += [
            Decision(image, decision.action, decision.priority)
            for image in repository.referrers.get(each.image.digest, ())
            if _can_follow(image, decision.action) and not repository.is_listed(image, decision.action)
        ]
    return family


def _holds(holder: Candidate, action: Action) -> bool:
    return action == "expire" or holder.status != "ARCHIVED"


def _can_follow(image: Candidate, action: Action) -> bool:
    return action == "expire" or image.status == "ACTIVE"
