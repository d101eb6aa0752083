"""`manage.py check_words` names what is to be put right, and nothing else."""

import pytest
from django.core.management import CommandError, call_command

from stoney_panel.words.catalogues import Catalogue
from stoney_panel.words.checking import faults_in
from stoney_panel.words.extracting import Key
from stoney_panel.words.limits import limit_for
from stoney_panel.words.pseudo import pseudo
from tests.house.words_folder import HEADER, WordsFolder


@pytest.fixture
def words(tmp_path, settings):
    settings.CATALOGUES = tmp_path / "locale"
    settings.LOCALE_PATHS = [tmp_path / "compiled"]
    return WordsFolder(tmp_path)


def faults(words, body, code=None):
    words.write(body)
    return [fault.sentence for fault in faults_in(Catalogue("de", words.source()), code)]


def entry(english, translated, context=None):
    start = f'msgctxt "{context}"\n' if context else ""
    return f'{start}msgid "{english}"\nmsgstr "{translated}"'


def plural(*forms):
    written = "\n".join(f'msgstr[{number}] "{form}"' for number, form in enumerate(forms))
    return f'msgid "%(count)s machine"\nmsgid_plural "%(count)s machines"\n{written}'


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (entry("Start", ""), "has no translation."),
        ("#, fuzzy\n" + entry("Start", "Starten"), "is a guess (fuzzy): correct it and take the mark away."),
        (
            "#~ " + entry("Start", "Starten").replace("\n", "\n#~ "),
            "is not used any more: `make messages` takes it away.",
        ),
        (entry("%(vm)s runs", "Maschine läuft"), "has lost %(vm)s."),
        (entry("It runs", "%(vm)s läuft"), "has %(vm)s, which English does not have."),
        (entry("5 %% used", "5 % belegt"), "has a % that stands alone: a percent sign is written %%."),
        (entry("Last ", "Letzte"), "ends with other blanks or line breaks than English."),
        (entry("last", " letzte"), "begins with other blanks or line breaks than English."),
        (entry("It is off.", "Sie ist aus"), "ends with no full stop, English with “.”."),
        (entry("Is it off?", "Ist sie aus."), "ends with “.”, English with “?”."),
        (entry("Open", "Öffnen und danach ansehen", "button"), "is 25 characters long; there is room for 20."),
        (
            entry("Open", "Öffnen und danach ansehen", "button, in a row"),
            "is 25 characters long; there is room for 20.",
        ),
        (plural("%(count)s Maschine"), "has 1 plural forms, the language has 2."),
        (plural("%(count)s Maschine", "Maschinen"), "has lost %(count)s."),
        (plural("%(count)s Maschine", ""), "has no translation."),
        ('msgid "Start"\nmsgstr "Starten', "end-of-line within string"),
    ],
)
def test_a_fault_is_named(words, body, sentence):
    assert sentence in faults(words, body)


@pytest.mark.parametrize(
    "body",
    [
        entry("%(vm)s on %(node)s", "%(node)s hat %(vm)s"),
        entry("[%(number)s %%]", "[%(number)s %%]", "how far a job is"),
        entry("No.", "Nr", "column"),
        entry("Wait ...", "Warten …"),
        entry("Say “yes”.", "Sagen Sie «ja»."),
        entry("Open", "Öffnen und danach ansehen"),
        plural("%(count)s Maschine", "%(count)s Maschinen"),
    ],
)
def test_what_is_well_is_not_named(words, body):
    assert faults(words, body) == []


def test_the_form_for_one_may_leave_the_number_out_as_english_does(words):
    body = plural("eine Maschine", "%(count)s Maschinen").replace('msgid "%(count)s', 'msgid "one')
    assert faults(words, body) == []


def test_words_and_code_are_compared_in_both_directions(words):
    code = {Key(None, "Stop", ""): "vms/labels.py:7"}
    assert faults(words, entry("Start", "Starten"), code) == [
        "of vms/labels.py:7 is missing here: `make messages` would add it.",
        "is nowhere in the code: `make messages` would take it away.",
    ]


def test_another_context_is_another_entry(words):
    code = {Key("button", "Start", ""): "vms/labels.py:7"}
    assert len(faults(words, entry("Start", "Starten"), code)) == 2


def test_a_fault_says_where_it_is(words):
    words.write(entry("Start", "", "button"))
    (fault,) = faults_in(Catalogue("de", words.source()), None)
    assert str(fault) == f"{words.source()}:6: “Start” (button) has no translation."


def test_a_header_without_plural_forms_is_named(words):
    words.write(entry("Start", "Starten"), header=HEADER.replace("Plural-Forms", "X-Nothing"))
    assert "does not say" in faults_in(Catalogue("de", words.source()), None)[0].sentence


def test_the_command_fails_when_there_is_something_to_put_right(words, capsys):
    words.write(entry("Start", ""))
    with pytest.raises(CommandError, match="1 to put right"):
        call_command("check_words", "--without-code")
    assert "has no translation" in capsys.readouterr().out


def test_the_command_can_be_asked_about_one_language(words, capsys):
    words.write(entry("Start", ""), "fr")
    words.write(entry("Start", "Starten"), "de")
    call_command("check_words", "--without-code", "--language", "de")
    assert capsys.readouterr().out == "Nothing to put right: de\n"


def test_an_unknown_language_is_refused(words):
    words.write(entry("Start", "Starten"))
    with pytest.raises(CommandError, match="no catalogue xx; there are de"):
        call_command("check_words", "--without-code", "--language", "xx")


@pytest.mark.parametrize("context", ["button", "column", "navigation", "status of a virtual machine"])
def test_there_is_always_room_for_a_third_more_than_english(context):
    limit = limit_for(context)
    assert all(limit.allowed(length) >= len(pseudo("x" * length)) for length in range(1, 17))


@pytest.mark.parametrize("context", [None, "", "empty list", "buttonhole", "columnist"])
def test_where_there_is_room_there_is_no_limit(context):
    assert limit_for(context) is None
