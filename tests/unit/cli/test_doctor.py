"""cli.doctor: prints findings; its exit status is for scripts."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cargohold.cli import doctor
from cargohold.server.checks import Finding


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(doctor.command, arguments)
    return done.exit_code, done.output


def test_findings_are_printed_with_their_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each finding is a line with its mark, what is to be copied stands below, and wrong makes the exit status 1."""
    found = [Finding("ok", "This is well."), Finding("wrong", "This is not.", ("chmod 700 x",))]
    monkeypatch.setattr(doctor, "findings", lambda _: iter(found))
    code, text = run("--data", str(tmp_path))
    assert code == 1
    assert text == "ok    This is well.\nwrong This is not.\n          chmod 700 x\n"


def test_notes_alone_are_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What may surprise is no reason to fail."""
    monkeypatch.setattr(doctor, "findings", lambda _: iter([Finding("note", "By the way.")]))
    assert run("--data", str(tmp_path))[0] == 0


def test_settings_that_are_wrong_are_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that would not start with these settings is what doctor is for."""
    monkeypatch.setenv("CARGOHOLD_PROT", "1")
    code, text = run()
    assert code == 1
    assert text == (
        "wrong There is no setting CARGOHOLD_PROT, which the environment sets. Did you mean CARGOHOLD_PORT?\n"
    )
