"""Stops one transaction in its middle, so that a test can see who waits for it."""

import asyncio
import threading
from types import ModuleType
from typing import Any

import pytest

_PATIENCE = 30.0
_MOMENT = 0.3


class Gate:
    """The first call of a module's function that comes here has its result, and waits until the gate is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()
        original = getattr(module, name)

        def held(*arguments: Any, **named: Any) -> Any:
            result = original(*arguments, **named)
            if not self._reached.is_set():
                self._reached.set()
                assert self._opened.wait(_PATIENCE)
            return result

        monkeypatch.setattr(module, name, held)

    async def reached(self) -> None:
        """Returns when a transaction stands at the gate."""
        assert await asyncio.to_thread(self._reached.wait, _PATIENCE)

    async def holds(self, task: "asyncio.Task[Any]") -> bool:
        """Whether the task, which could have ended in a moment, has not: it waits for who stands at the gate."""
        ended, _ = await asyncio.wait({task}, timeout=_MOMENT)
        return not ended

    def open(self) -> None:
        self._opened.set()
