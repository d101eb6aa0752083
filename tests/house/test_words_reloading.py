"""An edit of a catalogue: what is compiled, and when it is seen."""

import logging
import os
import threading

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.utils import translation

from stoney_panel.words import catalogues, starting
from stoney_panel.words.catalogues import BrokenCatalogue, compile_changed
from stoney_panel.words.loading import load_again
from stoney_panel.words.watching import fresh_words
from tests.house.words_folder import WordsFolder

PART = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def words(tmp_path, settings):
    folder = WordsFolder(tmp_path)
    before = settings.LOCALE_PATHS
    settings.CATALOGUES = tmp_path / "locale"
    settings.LOCALE_PATHS = [folder.compiled]
    settings.WATCH_WORDS = True
    folder.translate("Well", "Gut")
    yield folder
    settings.LOCALE_PATHS = before
    load_again()


def say(_request=None):
    with translation.override("de"):
        return HttpResponse(translation.gettext("Well"))


@pytest.fixture
def visit(words, rf):
    page = fresh_words(say)
    return lambda headers={}: page(rf.get("/", **headers)).content.decode()


def test_an_edit_is_seen_on_the_next_page(words, visit):
    assert visit() == "Gut"
    words.translate("Well", "Sehr gut")
    assert visit() == "Sehr gut"


def test_a_part_of_a_page_does_not_look_but_has_what_the_page_has(words, visit):
    visit()
    words.translate("Well", "Sehr gut")
    assert visit(PART) == "Gut"
    visit()
    assert visit(PART) == "Sehr gut"


def test_every_thread_has_the_new_words(words, visit):
    visit()
    words.translate("Well", "Sehr gut")
    heard = []
    threads = [threading.Thread(target=lambda: heard.append(visit())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == ["Sehr gut"] * 8


def test_a_thread_that_asks_meanwhile_never_falls_into_a_gap(words, visit):
    visit()
    stop, heard = threading.Event(), set()

    def ask():
        while not stop.is_set():
            heard.add(say().content.decode())

    thread = threading.Thread(target=ask)
    thread.start()
    for number in range(20):
        words.translate("Well", f"Gut {number}")
        visit()
    stop.set()
    thread.join()
    assert heard <= {"Gut"} | {f"Gut {number}" for number in range(20)}


def test_a_slip_keeps_the_old_words_until_it_is_put_right(words, visit, caplog):
    visit()
    words.write('msgid "Well"\nmsgtsr "Sehr gut"')
    assert visit() == "Gut"
    assert "line 7" in caplog.text
    words.translate("Well", "Sehr gut")
    assert visit() == "Sehr gut"


def test_a_file_that_is_away_for_a_moment_does_no_harm(words, visit):
    visit()
    words.source().rename(words.source().with_suffix(".away"))
    assert visit() == "Gut"
    words.source().with_suffix(".away").rename(words.source())
    assert visit() == "Gut"


def test_nobody_looks_where_it_is_not_asked_for(words, settings):
    settings.WATCH_WORDS = False
    with pytest.raises(MiddlewareNotUsed):
        fresh_words(say)


def test_only_what_has_changed_is_compiled(words):
    words.translate("Well", "Bien", "fr")
    assert compile_changed() == ["de", "fr"]
    words.translate("Well", "Très bien", "fr")
    assert compile_changed() == ["fr"]
    assert compile_changed() == []


def test_an_older_file_with_other_words_is_compiled_too(words):
    compile_changed()
    words.translate("Well", "Nun")
    os.utime(words.source(), (0, 0))
    assert compile_changed() == ["de"]


def test_a_damaged_compiled_file_is_made_anew(words):
    compile_changed()
    (words.compiled / "de" / "LC_MESSAGES" / "django.mo").write_bytes(b"\xde\x12\x04\x95")
    assert compile_changed() == ["de"]


def test_what_cannot_be_written_leaves_nothing_behind(words, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    compile_changed()
    words.translate("Well", "Nun")
    monkeypatch.setattr(catalogues.Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        compile_changed()
    assert [path.name for path in (words.compiled / "de" / "LC_MESSAGES").iterdir()] == ["django.mo"]


def test_the_catalogues_themselves_may_be_read_only(words):
    folder = words.source().parent
    before = sorted(folder.iterdir())
    compile_changed()
    assert sorted(folder.iterdir()) == before


def test_text_that_is_not_utf8_is_named(words):
    words.source().write_bytes('msgid ""\nmsgstr ""\n\nmsgid "Well"\nmsgstr "schön"'.encode("latin-1"))
    with pytest.raises(BrokenCatalogue, match=r"django\.po is not written in UTF-8"):
        compile_changed()


def test_a_slip_stops_no_start_but_the_command_says_it(words, caplog):
    words.write('msgid "Well"\nmsgtsr "Sehr gut"')
    with caplog.at_level(logging.WARNING):
        starting.start()
    assert "django.po" in caplog.text
    with pytest.raises(CommandError, match=r"django\.po"):
        call_command("compile_words")
