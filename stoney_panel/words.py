"""gettext catalogues: every .po beside its .mo, compiled here so that no tool beyond Python is needed."""

from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings


def catalogues() -> Iterator[Path]:
    for folder in settings.LOCALE_PATHS:
        yield from sorted(Path(folder).glob("*/LC_MESSAGES/*.po"))


def compile_changed() -> list[Path]:
    """Compile the catalogues whose words are newer than what was compiled last. Returns those."""
    changed = [catalogue for catalogue in catalogues() if _is_stale(catalogue)]
    for catalogue in changed:
        polib.pofile(str(catalogue)).save_as_mofile(str(catalogue.with_suffix(".mo")))
    return changed


def _is_stale(catalogue: Path) -> bool:
    compiled = catalogue.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime
