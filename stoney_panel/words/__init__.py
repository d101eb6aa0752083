"""The panel's words: gettext catalogues, how they are compiled, kept fresh and checked. docs/decisions/words.md."""
