"""telemetry.audit: one line for what a door decided."""

import io
import json

from cargohold.telemetry import audit, logs


def test_an_audit_line_says_who_did_what_to_which(stream: io.StringIO) -> None:
    """The line holds the principal, the action, every resource, the code, the client and the request's id."""
    arn = "arn:aws:ecr:us-east-1:123456789012:repository/demo"
    audit.record(
        request_id="r-1",
        principal_arn="arn:aws:iam::123456789012:user/administrator",
        action="ecr:PutImage",
        resources=[arn, "*"],
        code="AccessDeniedException",
        client="192.0.2.1",
    )
    line = json.loads(stream.getvalue())
    assert line["event"] == "audit"
    assert line["principal"] == "arn:aws:iam::123456789012:user/administrator"
    assert line["action"] == "ecr:PutImage"
    assert line["resources"] == [arn, "*"]
    assert line["code"] == "AccessDeniedException"
    assert (line["client"], line["request_id"]) == ("192.0.2.1", "r-1")


def test_audit_lines_appear_at_every_log_level(stream: io.StringIO) -> None:
    """A server that logs errors only still keeps its audit trail."""
    logs.configure(stream, "error")
    logs.logger().info("request")
    audit.record(request_id="r", principal_arn=None, action="oci:Base", resources=[], code="", client="")
    [line] = stream.getvalue().splitlines()
    assert json.loads(line)["principal"] is None
