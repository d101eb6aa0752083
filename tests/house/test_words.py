"""The catalogues are complete at every landing: a sentence in the wrong language is a fault like any other."""

import pytest
from django.conf import settings

from stoney_panel.words.catalogues import catalogues
from stoney_panel.words.checking import faults_in
from stoney_panel.words.extracting import words_of_the_code


@pytest.fixture(scope="module")
def code():
    return words_of_the_code()


@pytest.mark.parametrize("catalogue", list(catalogues()), ids=lambda catalogue: catalogue.locale)
def test_a_catalogue_is_without_fault_and_knows_every_word_of_the_code(catalogue, code):
    assert [str(fault) for fault in faults_in(catalogue, code)] == []


def test_every_language_that_is_offered_has_a_catalogue():
    offered = {code for code, _ in settings.LANGUAGES} - {"en"}
    assert {catalogue.locale for catalogue in catalogues()} == offered


def test_the_words_of_the_code_are_found_in_python_and_in_templates(code):
    places = {place.partition(":")[0] for place in code.values()}
    assert "vms/labels/__init__.py" in places
    assert any(place.startswith("templates/") for place in places)
    assert not any(place.startswith("tests/") for place in places)
