"""docs/settings.md says what the table of settings says."""

import runpy
from pathlib import Path

from cargohold.server.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_settings_page_is_generated_from_the_table() -> None:
    """The page in docs is what the generator writes now: names, defaults and sentences."""
    generator = runpy.run_path(str(ROOT / "tools" / "generate_settings_docs.py"))
    assert generator["TARGET"].read_text("utf-8") == generator["render"](), "run tools/generate_settings_docs.py"


def test_every_setting_has_a_sentence() -> None:
    """No setting is without a description, and none has one that does not end as a sentence."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
