"""What happens to the words when a process of the panel starts."""

from __future__ import annotations

import logging

from stoney_panel.words import pseudo
from stoney_panel.words.catalogues import BrokenCatalogue, compile_changed

logger = logging.getLogger(__name__)


def start() -> None:
    """Compile what has changed. What cannot be compiled keeps its old words: a slip in a catalogue stops no panel."""
    pseudo.introduce()
    try:
        compile_changed()
    except BrokenCatalogue as broken:
        logger.warning("The words stay as they were: %s", broken)
    except OSError as error:
        logger.warning("The words cannot be compiled: %s", error)
