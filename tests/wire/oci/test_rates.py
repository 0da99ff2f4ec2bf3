"""Rate limits at the OCI door."""

from cargohold.access.rates import Rates

from .bench import IMAGE, Bench


def test_more_than_the_rate_is_429(bench: Bench) -> None:
    """Past its rate an account is told TOOMANYREQUESTS, `Rate exceeded`, and after how many seconds to come back."""
    bench.create("demo")
    limited = bench.with_services(rates=Rates({"ecr:BatchGetImage": 0.1}, lambda: 0.0))
    assert limited("GET", "/v2/demo/manifests/latest").status == 404
    refused = limited("GET", "/v2/demo/manifests/latest")
    assert refused.refusal == (429, "TOOMANYREQUESTS", "Rate exceeded")
    assert refused.headers["retry-after"] == "10"
    limited.push("demo", "latest", IMAGE)
