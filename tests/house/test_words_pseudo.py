"""Pseudo-English shows what is not translated and what is cut off."""

import pytest
from django.conf import settings as panel_settings
from django.utils import translation
from django.utils.translation import trans_real

from stoney_panel.words.catalogues import catalogues, compile_changed, compiled_path
from stoney_panel.words.faults import PLACEHOLDER
from stoney_panel.words.loading import load_again
from stoney_panel.words.pseudo import CLOSING, CODE, OPENING, pseudo


@pytest.fixture
def offered(settings, tmp_path):
    before = settings.LOCALE_PATHS, settings.LANGUAGES
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [*settings.LANGUAGES, (CODE, "English (pseudo)")]
    settings.PSEUDO_LANGUAGE = True
    compile_changed()
    load_again()
    yield
    settings.LOCALE_PATHS, settings.LANGUAGES = before
    trans_real._translations.pop(CODE, None)
    load_again()


def every_sentence():
    return sorted({entry.msgid for catalogue in catalogues() for entry in catalogue.read()})


def test_every_sentence_keeps_its_placeholders_and_has_both_brackets():
    for sentence in every_sentence():
        written = pseudo(sentence)
        assert PLACEHOLDER.findall(written) == PLACEHOLDER.findall(sentence)
        assert written.strip().startswith(OPENING)
        assert written.strip().endswith(CLOSING)


def test_sentences_become_about_a_third_longer():
    long = [sentence for sentence in every_sentence() if len(sentence) > 20]
    growth = sum(len(pseudo(sentence)) for sentence in long) / sum(len(sentence) for sentence in long)
    assert 1.25 < growth < 1.45


@pytest.mark.parametrize(
    ("english", "written"),
    [
        ("Start", "⟦Šţåŕţ⟧"),
        (" now ", " ⟦ñöŵ⟧ "),
        ("", ""),
        ("%(vm)s", "⟦%(vm)s⟧"),
        ("<b>on</b> &amp; 5 %%", "⟦<b>öñ</b> &amp; 5 %%⟧"),
        ("see https://example.org/a", "⟦šéé https://example.org/a⟧"),
    ],
)
def test_what_a_program_reads_stays_as_it_is(english, written):
    assert pseudo(english) == written


def test_it_is_spoken_where_it_is_offered(offered):
    with translation.override(CODE):
        assert translation.pgettext("button", "Start") == "⟦Šţåŕţ⟧"
        assert translation.ngettext("%(count)s operation", "%(count)s operations", 2)
    assert translation.get_language_info(CODE)["name_local"] == "⟦Éñğļîšĥ⟧"


def test_the_menu_offers_it(offered, client):
    client.cookies[panel_settings.LANGUAGE_COOKIE_NAME] = CODE
    page = client.get("/login/").content.decode()
    assert f'value="{CODE}"' in page
    assert pseudo("Log in") in page


def test_who_reads_english_is_not_given_it(offered, client):
    page = client.get("/login/", headers={"accept-language": "en-US,en;q=0.9"}).content.decode()
    assert "Log in" in page


def test_it_is_not_there_by_default(client):
    client.cookies[panel_settings.LANGUAGE_COOKIE_NAME] = CODE
    page = client.get("/login/").content.decode()
    assert CODE not in page
    assert "Log in" in page


def test_it_goes_away_when_it_is_no_longer_wanted(offered, settings):
    settings.PSEUDO_LANGUAGE = False
    compile_changed()
    assert not compiled_path("en_XA").exists()
