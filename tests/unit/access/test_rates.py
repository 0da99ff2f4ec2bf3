"""Token buckets: what they let through, for whom, and what they remember."""

import pytest

from cargohold.access.demand import Demand
from cargohold.access.rates import AWS, Rates, parse
from cargohold.core.arn import Registry
from cargohold.core.errors import TooManyRequests

HOME = Registry("123456789012", "eu-central-1")
PUT = [Demand("ecr:PutImage", HOME, "app")]
GET = [Demand("ecr:BatchGetImage", HOME, "app")]


class Seconds:
    """Stands still until a test moves it on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def taken(rates: Rates, account: str = "1", address: str = "", demands: list[Demand] = PUT, tries: int = 100) -> int:
    """How many of the tries are let through at this moment."""
    count = 0
    for _ in range(tries):
        try:
            rates.take(account, address, demands)
        except TooManyRequests:
            continue
        count += 1
    return count


def test_a_bucket_holds_a_second(seconds: Seconds) -> None:
    """At once an account may do what it may do in a second; then as much as time gives back, and never more."""
    rates = Rates({"ecr:PutImage": 10}, seconds)
    assert taken(rates) == 10
    seconds.now += 0.35
    assert taken(rates) == 3
    seconds.now += 1_000
    assert taken(rates) == 10


def test_a_slow_bucket_holds_one(seconds: Seconds) -> None:
    """A rate below one a second lets one through, and the next when its time has come."""
    rates = Rates({"ecr:PutImage": 0.1}, seconds)
    assert taken(rates) == 1
    seconds.now += 9.9
    assert taken(rates) == 0
    seconds.now += 0.1
    assert taken(rates) == 1


def test_the_refusal_says_when(seconds: Seconds) -> None:
    """After as many seconds as the refusal says, and not a moment earlier, the same request goes through."""
    rates = Rates({"ecr:PutImage": 4}, seconds)
    assert taken(rates) == 4
    with pytest.raises(TooManyRequests, match=r"^Rate exceeded$") as refused:
        rates.take("1", "", PUT)
    assert refused.value.seconds == pytest.approx(0.25)
    seconds.now += 0.24
    assert taken(rates) == 0
    seconds.now += 0.01
    assert taken(rates) == 1


def test_accounts_and_actions_have_their_own(seconds: Seconds) -> None:
    """What one account does of one action takes nothing from another account or action; who is nobody is an address."""
    rates = Rates({"ecr:PutImage": 2, "ecr:BatchGetImage": 3}, seconds)
    assert taken(rates, "1", "192.0.2.1") == taken(rates, "2", "192.0.2.1") == 2
    assert taken(rates, "1", "192.0.2.1", GET) == 3
    assert taken(rates, "", "192.0.2.1") == taken(rates, "", "192.0.2.2") == 2
    assert taken(rates, "1", "192.0.2.7") == 0


def test_what_has_no_rate_is_free(seconds: Seconds) -> None:
    """An action that the operator names no rate for is never refused, and nothing is remembered of it."""
    rates = Rates({"ecr:BatchGetImage": 1}, seconds)
    assert taken(rates) == 100
    assert not rates._full_at


def test_a_hundred_names_are_one_request(seconds: Seconds) -> None:
    """A request that demands an action on many repositories is counted once."""
    rates = Rates({"ecr:DescribeRepositories": 1}, seconds)
    rates.take("1", "", [Demand("ecr:DescribeRepositories", HOME, f"r{number}") for number in range(100)])


def test_memory_is_bounded(seconds: Seconds) -> None:
    """However many accounts and addresses ask, no more buckets are kept than are allowed, the latest used ones."""
    rates = Rates({"ecr:PutImage": 1}, seconds, most=100)
    for number in range(1_000):
        rates.take("", f"address {number}", PUT)
    assert len(rates._full_at) == 100
    assert taken(rates, "", "address 999") == 0


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("", {}),
        ("aws", dict(AWS)),
        ("PutImage=2.5", {"ecr:PutImage": 2.5}),
        (" ecr-public:PutImage=1 , BatchGetImage=20", {"ecr-public:PutImage": 1, "ecr:BatchGetImage": 20}),
        ("aws,PutImage=50", {**AWS, "ecr:PutImage": 50}),
    ],
)
def test_rates_are_read(text: str, rates: dict[str, float]) -> None:
    """AWS's rates, one's own, or both, and what stands later counts."""
    assert parse(text) == rates


@pytest.mark.parametrize(
    "text", ["yes", "PutImage", "PutImage=", "PutImage=fast", "PutImage=0", "PutImage=-1", "A=nan"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    """Anything but aws or an operation with a number over 0 is refused with the text that is wrong."""
    with pytest.raises(ValueError, match=text):
        parse(text)
