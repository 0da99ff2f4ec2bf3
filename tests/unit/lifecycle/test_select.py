"""Which images rules act on: the documented examples, the rules behind them, and what holds of any repository."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core.clock import DAY
from cargohold.lifecycle.policy import Policy, Rule
from cargohold.lifecycle.select import Candidate, Decision, select

NOW = 1_800_000_000_000
DAYS = "sinceImagePushed"
COUNT = "imageCountMoreThan"


def image(number: int, age: float, *tags: str, **more: object) -> Candidate:
    """An image that was pushed so many days ago."""
    members = {"status": "ACTIVE", "pushed_at": NOW - int(age * DAY), "tags": tags, **more}
    return Candidate(id=number, digest=f"sha256:{number:064}", **members)  # type: ignore[arg-type]


def acted(images: Sequence[Candidate], *rules: Rule) -> dict[int, int]:
    """The rule that acts on each image, by the images' numbers."""
    return {each.image.id: each.priority for each in select(images, Policy(rules), NOW)}


A, B, C = image(1, 10, "beta-1", "prod-1"), image(2, 9, "beta-2", "prod-2"), image(3, 8, "beta-3")


def tagged(priority: int, *prefixes: str, count: int = 1, **more: object) -> Rule:
    return Rule(priority, "tagged", COUNT, count, prefixes=prefixes, **more)  # type: ignore[arg-type]


# The user guide's examples


def test_images_by_age() -> None:
    """Untagged images older than fourteen days expire."""
    images = [image(1, 15), image(2, 14.001), image(3, 13.9), image(4, 30, "kept")]
    assert acted(images, Rule(1, "untagged", DAYS, 14)) == {1: 1, 2: 1}


def test_images_by_count() -> None:
    """Of untagged images the newest one is kept."""
    images = [image(1, 3), image(2, 2), image(3, 1), image(4, 9, "kept")]
    assert acted(images, Rule(1, "untagged", COUNT, 1)) == {1: 1, 2: 1}


def test_the_first_of_two_rules_claims_what_it_matches() -> None:
    """An image that a rule keeps is safe from the rules behind it."""
    assert acted([A, B, C], tagged(1, "prod"), tagged(2, "beta")) == {1: 1}
    assert acted([A, B, C], tagged(1, "beta"), tagged(2, "prod")) == {1: 1, 2: 1}


def test_several_tags_in_one_rule_are_asked_for_together() -> None:
    """A rule with two prefixes, or two patterns, is about images that have both."""
    both = Rule(1, "tagged", COUNT, 1, patterns=("alpha*", "beta*"))
    images = [
        image(1, 12, "alpha-1"),
        image(2, 11, "beta-1"),
        image(3, 10, "alpha-2", "beta-2"),
        image(4, 9, "alpha-3"),
    ]
    assert acted(images, both) == {}
    assert acted([*images, image(5, 8, "alpha-4", "beta-4")], both) == {3: 1}
    assert acted([*images, image(5, 8, "alpha-4", "beta-4")], tagged(1, "alpha", "beta")) == {3: 1}


def test_any_comes_last() -> None:
    """A rule for any image gets what no rule before it matched, and counts the others too."""
    images = [
        image(1, 5, "alpha-1", "beta-1"),
        image(2, 4.5),
        image(3, 4, "alpha-2"),
        image(4, 3, "git hash"),
        image(5, 0.5),
    ]
    rules = (tagged(1, "alpha"), Rule(2, "untagged", DAYS, 1), Rule(3, "any", COUNT, 1))
    assert acted(images, *rules) == {1: 1, 2: 2, 4: 3}


# Clocks


def test_time_away_in_the_archive_begins_an_age_anew() -> None:
    """An image that was restored is as old as its return, for counting and for days."""
    restored = image(1, 100, "1", status="ACTIVE", activated_at=NOW - 2 * DAY)
    assert acted([restored, image(2, 50, "2")], Rule(1, "any", DAYS, 10)) == {2: 1}
    assert acted([restored, image(2, 50, "2")], Rule(1, "any", COUNT, 1)) == {2: 1}


@pytest.mark.parametrize(
    ("members", "archived"),
    [
        ({}, True),
        ({"last_pull_at": NOW - 31 * DAY}, True),
        ({"last_pull_at": NOW - 29 * DAY}, False),
        ({"last_pull_at": NOW - 90 * DAY, "activated_at": NOW - 10 * DAY}, False),
        ({"last_pull_at": NOW - 90 * DAY, "activated_at": NOW - 40 * DAY}, True),
    ],
)
def test_the_last_pull_counts(members: dict[str, int], archived: bool) -> None:
    """An image that was not pulled for so long is archived: since its push or return where it never was."""
    unused = Rule(4, "any", "sinceImagePulled", 30, "transition")
    assert acted([image(1, 100, "1", **members)], unused) == ({1: 4} if archived else {})


def test_the_archive_has_its_own_rules() -> None:
    """A rule of the archive is about archived images alone, by when they were archived, and counts no others."""
    archived = image(1, 400, "1", status="ARCHIVED", archived_at=NOW - 91 * DAY)
    lately = image(2, 400, "2", status="ARCHIVED", archived_at=NOW - 89 * DAY)
    on_the_way = image(3, 400, "3", status="ACTIVATING", archived_at=NOW - 99 * DAY)
    old = Rule(1, "any", "sinceImageTransitioned", 90, storage_class="archive")
    assert acted([archived, lately, on_the_way, image(4, 400)], old) == {1: 1}
    assert acted([archived, lately, on_the_way], Rule(2, "any", DAYS, 1)) == {}


# Tags


@pytest.mark.parametrize(
    ("pattern", "tag", "matches"),
    [
        ("prod", "prod", True),
        ("prod", "prod1", False),
        ("prod*", "prod", True),
        ("*", "x", True),
        ("*-rc", "1-rc", True),
        ("*-rc", "1-rc2", False),
        ("v*.*.*", "v1.2.3", True),
        ("v*.*.*", "v1.2", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*test*1*2*", "x-test-1-2", True),
        ("*test*1*2*", "x-test-2-1", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns(pattern: str, tag: str, matches: bool) -> None:
    """A star stands for any characters and for none, every other character for itself, and the whole tag is meant."""
    chosen = acted([image(1, 9, tag)], Rule(1, "tagged", DAYS, 1, patterns=(pattern,)))
    assert chosen == ({1: 1} if matches else {})


# What belongs together


def test_children_of_an_index_that_is_there_stay() -> None:
    """E25: what an index lists is neither taken nor counted; when the index is gone the next evaluation sees it."""
    index = image(9, 20, "latest")
    children = [image(1, 30, parents=(9,)), image(2, 30, parents=(9,))]
    rules = (Rule(1, "untagged", DAYS, 1), Rule(2, "any", COUNT, 1))
    assert acted([index, *children], *rules) == {}
    assert acted([index, *children, image(10, 1, "new")], *rules) == {9: 2}
    assert acted(children, *rules) == {1: 1, 2: 1}


def test_children_follow_an_archived_index_into_the_archive_only() -> None:
    """While an index is archived what it lists may be archived, and not expire."""
    index = image(9, 20, "latest", status="ARCHIVED", archived_at=NOW - DAY)
    child = image(1, 30, parents=(9,))
    assert acted([index, child], Rule(1, "untagged", DAYS, 1)) == {}
    assert acted([index, child], Rule(1, "untagged", DAYS, 1, "transition")) == {1: 1}


def test_referrers_go_with_their_subject() -> None:
    """A signature, and what refers to it, goes with its image by the same rule, before it, and never alone."""
    old, new = image(1, 50, "1"), image(2, 1, "2")
    signature = image(3, 40, subject_digest=old.digest)
    of_signature = image(4, 39, subject_digest=signature.digest)
    kept = image(5, 40, subject_digest=new.digest)
    rules = Policy((Rule(1, "untagged", DAYS, 1), Rule(7, "any", DAYS, 30)))
    decisions = select([old, new, signature, of_signature, kept], rules, NOW)
    assert [(each.image.id, each.priority) for each in decisions] == [(4, 7), (3, 7), (1, 7)]


def test_into_the_archive_a_subject_goes_first() -> None:
    """What refers to an archived image is behind it, and is seen by a later evaluation too."""
    subject = image(1, 50, "1")
    signature = image(2, 40, subject_digest=subject.digest)
    unused = Policy((Rule(1, "any", "sinceImagePulled", 30, "transition"),))
    assert [each.image.id for each in select([signature, subject], unused, NOW)] == [1, 2]
    left = [dataclasses.replace(subject, status="ARCHIVED", archived_at=NOW), signature]
    assert [each.image.id for each in select(left, unused, NOW)] == [2]


def test_a_referrer_whose_subject_is_gone_is_an_image() -> None:
    """Rules match a referrer on its own when the repository does not hold what it refers to."""
    assert acted([image(1, 9, subject_digest="sha256:gone")], Rule(1, "untagged", DAYS, 1)) == {1: 1}


def test_a_subject_that_leaves_the_archive_takes_its_referrer() -> None:
    """A referrer that one rule would archive and another expire with its subject expires."""
    subject = image(1, 500, "1", status="ARCHIVED", archived_at=NOW - 100 * DAY)
    signature = image(2, 400, subject_digest=subject.digest)
    rules = (
        Rule(1, "any", "sinceImageTransitioned", 90, storage_class="archive"),
        Rule(2, "any", DAYS, 1, "transition"),
    )
    decisions = select([subject, signature], Policy(rules), NOW)
    assert [(each.image.id, each.action) for each in decisions] == [(2, "expire"), (1, "expire")]


def test_the_oldest_go_first() -> None:
    """Decisions come in the order of the images' ages."""
    decisions = select([image(1, 2), image(2, 9), image(3, 5)], Policy((Rule(1, "any", DAYS, 1),)), NOW)
    assert [each.image.id for each in decisions] == [2, 3, 1]


# What holds of any repository

NAMES = st.sampled_from(["a-1", "a-2", "b-1", "b-2", "c"])
LISTS = st.sampled_from([("a",), ("b",), ("a", "b"), ("c",)])


@st.composite
def repositories(draw: st.DrawFn) -> list[Candidate]:
    """Images of any age, with tags, indexes above and subjects beside them; both come before what hangs on them."""
    images: list[Candidate] = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        ids = [each.id for each in images]
        subject = draw(st.sampled_from([None, *[each.digest for each in images]]))
        archived = draw(st.booleans()) and draw(st.booleans())
        images.append(
            image(
                number,
                draw(st.integers(0, 40)),
                *draw(st.sets(NAMES, max_size=2)),
                status="ARCHIVED" if archived else "ACTIVE",
                archived_at=NOW - 100 * DAY if archived else None,
                subject_digest=subject,
                parents=tuple(draw(st.sets(st.sampled_from(ids), max_size=2))) if ids else (),
            )
        )
    return images


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = [
        tagged(priority, *prefixes, count=draw(st.integers(1, 4)))
        for priority, prefixes in enumerate(draw(st.lists(LISTS, max_size=3, unique=True)), 1)
    ]
    rules.append(Rule(8, "untagged", DAYS, draw(st.integers(1, 30)), draw(st.sampled_from(["expire", "transition"]))))
    rules.append(Rule(9, "any", COUNT, draw(st.integers(1, 6))))
    rules.append(Rule(10, "any", "sinceImageTransitioned", 90, storage_class="archive"))
    return Policy(tuple(rules))


def decided(images: list[Candidate], policy: Policy) -> dict[int, Decision]:
    return {each.image.id: each for each in select(images, policy, NOW)}


@given(repositories(), policies())
def test_one_rule_claims_an_image(images: list[Candidate], policy: Policy) -> None:
    """No image is decided on twice, and each decision is a rule's own action."""
    decisions = select(images, policy, NOW)
    assert len({each.image.id for each in decisions}) == len(decisions)
    actions = {rule.priority: rule.action for rule in policy.rules}
    assert all(each.action == actions[each.priority] for each in decisions)


@given(repositories(), policies(), st.integers(0, 9), st.integers(1, 5))
def test_a_higher_count_never_deletes_more(images: list[Candidate], policy: Policy, at: int, more: int) -> None:
    """With a rule's number raised no image is acted on that was not before."""
    at %= len(policy.rules)
    raised = dataclasses.replace(policy.rules[at], count=policy.rules[at].count + more)
    looser = Policy((*policy.rules[:at], raised, *policy.rules[at + 1 :]))
    assert decided(images, looser).keys() <= decided(images, policy).keys()


@given(repositories(), policies())
def test_children_of_a_kept_index_stay(images: list[Candidate], policy: Policy) -> None:
    """Nothing expires that a live index lists."""
    there = {each.id for each in images}
    for decision in select(images, policy, NOW):
        if decision.action == "expire":
            assert not there.intersection(decision.image.parents)


@given(repositories(), policies())
def test_referrers_follow_their_subject(images: list[Candidate], policy: Policy) -> None:
    """A referrer expires when its subject does, unless an index lists it, and never while its subject stays."""
    decisions, by_digest = decided(images, policy), {each.digest: each for each in images}
    for each in images:
        subject = by_digest.get(each.subject_digest or "")
        if subject is None:
            continue
        subject_expires = subject.id in decisions and decisions[subject.id].action == "expire"
        expires = each.id in decisions and decisions[each.id].action == "expire"
        assert expires is (subject_expires and not {image.id for image in images}.intersection(each.parents))


@given(repositories(), policies(), st.randoms())
def test_the_order_of_rows_does_not_matter(images: list[Candidate], policy: Policy, random: object) -> None:
    """The same images in another order are decided on in the same way."""
    shuffled = list(images)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert select(shuffled, policy, NOW) == select(images, policy, NOW)
