"""A folder of catalogues that a test may write to, instead of the panel's own."""

from __future__ import annotations

from pathlib import Path

HEADER = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"""


class WordsFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.compiled = folder / "compiled"

    def source(self, locale: str = "de") -> Path:
        return self.folder / "locale" / locale / "LC_MESSAGES" / "django.po"

    def write(self, body: str, locale: str = "de", header: str = HEADER) -> None:
        self.source(locale).parent.mkdir(parents=True, exist_ok=True)
        self.source(locale).write_text(f"{header}\n{body}\n", encoding="utf-8")

    def translate(self, english: str, translated: str, locale: str = "de") -> None:
        self.write(f'msgid "{english}"\nmsgstr "{translated}"', locale)
