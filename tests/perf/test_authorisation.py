"""What authentication and authorisation cost, held loosely: the exact figures are the command's."""

from pathlib import Path

from .authorisation import measure


def test_authorisation_costs_no_more_than_a_few_hashes(tmp_path: Path) -> None:
    """For a principal with twenty policies either door takes less than three calibrations."""
    figures = measure(tmp_path, rounds=21)
    assert 0 < figures.oci < 3 * figures.calibration, figures
    assert 0 < figures.aws < 3 * figures.calibration, figures
