"""server.listener: the socket, and the sentences when there can be none."""

import socket
from contextlib import ExitStack, suppress

import pytest

from cargohold.server import listener
from cargohold.server.refusal import CannotStart


def test_port_0_takes_a_free_port() -> None:
    """A bound socket has a port before it accepts anybody."""
    with listener.bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert port > 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        listener.listen(bound, 1)
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_port_in_use_is_refused_in_words() -> None:
    """Somebody else's port is named, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            listener.bind("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} on 127.0.0.1 is in use by another program: stop it, or choose another port with --port."
    )


def test_a_port_that_can_be_done_without_is_told_so() -> None:
    """The sentence names the setting of the port, and how to go without it where that is possible."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(CannotStart) as caught:
        listener.bind("127.0.0.1", other.getsockname()[1], listener.PUBLIC_PORT)
    assert str(caught.value).endswith("choose another port with --public-port, or none with --public-port 0.")


def test_a_port_taken_between_bind_and_listen_is_refused_in_words() -> None:
    """Of two programs that bind at once, the second to listen is told."""
    with listener.bind("127.0.0.1", 0) as first, socket.socket() as second:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        second.bind(first.getsockname())
        second.listen()
        with pytest.raises(CannotStart, match="is in use by another program"):
            listener.listen(first, 2)


def test_connections_are_spread_over_the_sockets() -> None:
    """Each door's socket gets some of many connections, and a second server still finds the port in use."""
    with listener.bind("127.0.0.1", 0) as bound, ExitStack() as opened:
        sockets = [opened.enter_context(each) for each in listener.listen(bound, 2)]
        for _ in range(64):  # all to one: once in 2^63
            opened.enter_context(socket.create_connection(bound.getsockname()))
        counts = [_accepted(each, opened) for each in sockets]
        assert sum(counts) == 64
        assert all(counts)
        with pytest.raises(CannotStart, match="is in use by another program"):
            listener.bind("127.0.0.1", bound.getsockname()[1])


def _accepted(listening: socket.socket, opened: ExitStack) -> int:
    count = 0
    with suppress(BlockingIOError):
        while True:
            opened.enter_context(listening.accept()[0])
            count += 1
    return count


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("203.0.113.1", "This machine has no address 203.0.113.1: give one of its own with --host."),
        ("no.such.host.invalid", "The host no.such.host.invalid is not known here: "),
    ],
)
def test_a_host_that_is_not_ours_is_refused_in_words(host: str, sentence: str) -> None:
    """An address of another machine, or a name of none, cannot be listened on."""
    with pytest.raises(CannotStart) as caught:
        listener.bind(host, 0)
    assert str(caught.value).startswith(sentence)


def test_a_name_with_both_families_is_bound_on_ipv4() -> None:
    """`localhost` means 127.0.0.1, where docker looks first."""
    with listener.bind("localhost", 0) as bound:
        assert bound.getsockname()[0] == "127.0.0.1"
