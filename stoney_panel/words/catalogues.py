"""The catalogues that translators edit, and what is compiled from them into the panel's data folder."""

from __future__ import annotations

import gettext
import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation import to_locale

from stoney_panel.words import pseudo

READABLE_BY_ALL = 0o644


class BrokenCatalogue(Exception):
    """A .po file that cannot be read as one. Its text names the file, and the line if it is known."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's .po file."""

    locale: str
    source: Path

    @property
    def compiled(self) -> Path:
        return compiled_path(self.locale)

    def read(self) -> polib.POFile:
        """Raises BrokenCatalogue."""
        try:
            po: polib.POFile = polib.pofile(self.source.read_text(encoding="utf-8"), encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BrokenCatalogue(f"{self.source} is not written in UTF-8") from error
        except (OSError, ValueError) as error:
            raise BrokenCatalogue(f"{self.source}: {error}") from error
        return po


def catalogues() -> Iterator[Catalogue]:
    for path in sorted(settings.CATALOGUES.glob("*/LC_MESSAGES/django.po")):
        yield Catalogue(path.parts[-3], path)


def compiled_path(locale: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / locale / "LC_MESSAGES" / "django.mo"


def compile_changed() -> list[str]:
    """Compile the catalogues whose text is not what was compiled last. Returns their locales.

    Safe in several processes at once: a compiled file is always whole. Raises BrokenCatalogue for the first that
    cannot be read; those before it are compiled then.
    """
    changed = [catalogue for catalogue in catalogues() if _digest_of(catalogue) != _digest_in(catalogue.compiled)]
    for catalogue in changed:
        _compile(catalogue)
    pseudo_changed = _compile_pseudo() if settings.PSEUDO_LANGUAGE else _remove_pseudo()
    return [catalogue.locale for catalogue in changed] + pseudo_changed


def _compile(catalogue: Catalogue) -> None:
    digest = _digest_of(catalogue)
    po = catalogue.read()
    po.metadata[DIGEST] = digest
    _write(catalogue.compiled, po.to_binary())


def _compile_pseudo() -> list[str]:
    compiled = pseudo.catalogue(catalogue.read() for catalogue in catalogues()).to_binary()
    target = compiled_path(to_locale(pseudo.CODE))
    if target.exists() and target.read_bytes() == compiled:
        return []
    _write(target, compiled)
    return [to_locale(pseudo.CODE)]


def _remove_pseudo() -> list[str]:
    compiled_path(to_locale(pseudo.CODE)).unlink(missing_ok=True)
    return []


# The text itself is compared, not the times: an older release put in place of a newer one has older files.
DIGEST = "X-Source-Digest"


def _digest_of(catalogue: Catalogue) -> str:
    return sha256(catalogue.source.read_bytes()).hexdigest()


def _digest_in(compiled: Path) -> str:
    """The digest of what was compiled into this file; empty if there is none, or none that can be read."""
    try:
        with compiled.open("rb") as file:
            return str(gettext.GNUTranslations(file).info().get(DIGEST.lower(), ""))
    except (OSError, UnicodeDecodeError, struct.error):
        return ""


def _write(target: Path, content: bytes) -> None:
    """All at once: who reads meanwhile has the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".django.mo-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(READABLE_BY_ALL)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
