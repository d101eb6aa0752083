"""Every template can be read by Django: a slip in one would be met only by whoever opens that page."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_can_be_read(name):
    get_template(name)
