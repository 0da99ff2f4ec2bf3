"""telemetry.logs: JSON lines from our own code and from libraries."""

import io
import logging
from collections.abc import Callable
from typing import Any

import pytest

from cargohold.telemetry import logs

Lines = Callable[[], list[dict[str, Any]]]


def test_a_line_is_json_with_its_fields(lines: Lines) -> None:
    """A line begins with its time, level and event, and holds the fields that it was given."""
    logs.logger().info("request", request_id="r-1", status=200)
    [line] = lines()
    assert list(line)[:3] == ["time", "level", "event"]
    assert line["event"] == "request"
    assert line["level"] == "info"
    assert line["time"].endswith("Z")
    assert (line["request_id"], line["status"]) == ("r-1", 200)


def test_a_line_break_in_a_field_makes_no_second_line(stream: io.StringIO) -> None:
    """A client cannot forge a log line with a line break in what it sends."""
    logs.logger().info("request", path='/v2/\n{"event":"audit"}\r\n\u2028')
    assert len(stream.getvalue().rstrip("\n").split("\n")) == 1
    assert "\r" not in stream.getvalue()


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    """At the level info, debug lines stay away and errors appear."""
    logs.logger().debug("quiet")
    logs.logger().error("loud")
    assert [line["event"] for line in lines()] == ["loud"]


def test_what_libraries_log_becomes_our_line(lines: Lines) -> None:
    """A library's warning is written as JSON with its name, its debug chatter is not."""
    logging.getLogger("some.library").warning("disk %s is slow", "sda")
    logging.getLogger("some.library").info("chatter")
    [line] = lines()
    assert (line["event"], line["library"], line["message"]) == ("library", "some.library", "disk sda is slow")


def _fail(secret: str) -> None:
    raise KeyError(secret)


def _fail_because(secret: str) -> None:
    try:
        _fail(secret)
    except KeyError as error:
        raise ValueError(secret) from error


def test_a_library_does_not_quote_a_request(stream: io.StringIO, lines: Lines) -> None:
    """An exception that a library logs, such as a task's that nobody awaited, is told without its text."""
    secret = "".join(("wJalrXUtnFEMI", "K7MDENG"))
    try:
        _fail(secret)
    except KeyError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    (line,) = lines()
    assert (line["library"], line["exception"]) == ("asyncio", "KeyError")
    assert secret not in stream.getvalue()


def test_an_unexpected_error_is_logged_without_its_text(stream: io.StringIO, lines: Lines) -> None:
    """The log says class and place of a bug and of what caused it, and never quotes the exception's text."""
    with pytest.raises(ValueError, match="hunter2") as caught:
        _fail_because("hunter2")
    logs.unexpected(caught.value, request_id="r-1")
    [line] = lines()
    assert line["exception"] == "ValueError from KeyError"
    assert "_fail_because" in line["frames"]
    assert line["request_id"] == "r-1"
    assert "hunter2" not in stream.getvalue().replace('_fail_because(\\"hunter2\\")', "")


def test_a_closed_log_stream_ends_nothing(stream: io.StringIO) -> None:
    """A request goes on when nobody reads the log any more."""
    stream.close()
    logs.logger().error("unheard")


@pytest.mark.parametrize("level", logs.LEVELS)
def test_every_level_of_the_setting_is_known(level: str, stream: io.StringIO) -> None:
    """Each level that the setting allows can be configured, and lets errors through."""
    logs.configure(stream, level)
    logs.logger().error("loud")
    assert "loud" in stream.getvalue()
