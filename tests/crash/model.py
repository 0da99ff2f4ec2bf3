"""What a client knows of its images: what was acknowledged must be so after a crash, what was only asked for may be."""

from dataclasses import dataclass, field

from tests.clients.bed.images import Image

GONE = "gone"
ACTIVE = frozenset({"ACTIVE"})
ARCHIVED = frozenset({"ARCHIVED"})
RESTORED = frozenset({"ACTIVATING", "ACTIVE"})
DELETED = frozenset({GONE})


@dataclass
class Known:
    """An image and the states in which it may be found."""

    image: Image
    may_be: frozenset[str] = DELETED

    def ask(self, state: frozenset[str]) -> None:
        """A request for that state goes out: it may be done or not from now on."""
        self.may_be |= state

    def acknowledge(self, state: frozenset[str]) -> None:
        """The answer came: it is so."""
        self.may_be = state

    def found(self, state: str) -> None:
        """What a look after the crash showed; raises AssertionError when it may not be so."""
        assert state in self.may_be, f"{state}, not {sorted(self.may_be)}"
        self.may_be = RESTORED if state == "ACTIVATING" else frozenset({state})


@dataclass
class Repository:
    """One client's own repository; images are known by their tags, of which each has one."""

    name: str
    images: dict[str, Known] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    """Tags whose images were read whole after some crash."""

    def may_lose_all_but(self, newest: int) -> None:
        """A policy is carried out behind the doors, whenever a worker comes to it."""
        for known in list(self.images.values())[:-newest]:
            known.ask(DELETED)

    def settle(self, seen: dict[str, str]) -> None:
        """Compares with what the server shows after a crash, status by tag, and forgets what is gone for good."""
        unknown = seen.keys() - self.images.keys()
        assert not unknown, f"nobody pushed {sorted(unknown)} to {self.name}"
        for tag, known in list(self.images.items()):
            try:
                known.found(seen.get(tag, GONE))
            except AssertionError as error:
                raise AssertionError(f"{self.name}:{tag} is {error}") from None
            if tag not in seen:
                del self.images[tag]
