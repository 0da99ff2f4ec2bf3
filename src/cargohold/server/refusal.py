"""What keeps a server from starting, said to the person who starts it."""


class CannotStart(Exception):
    """`str()` is a sentence that says what is wrong and, where it is known, what to do."""
