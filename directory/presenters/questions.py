"""Asked once before what cannot be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.urls import reverse

from directory import labels
from directory.models import Person
from directory.policy import Change, why_not


@dataclass(frozen=True, slots=True)
class Question:
    """As components/confirm.html shows it. refused: why it cannot be done, "" if it can."""

    title: str
    text: str
    label: str
    url: str
    cancel_url: str
    refused: str = ""
    danger: bool = True


def before_deleting(person: Person, by: Person) -> Question:
    refusal = why_not(Change.DELETE, person, by)
    return Question(
        title=str(labels.DELETE_PERSON) % {"name": person.username},
        text=str(labels.DELETE_PERSON_SAYS) % {"name": person},
        label=str(labels.DELETE),
        url=reverse("people:delete", args=[person.pk]),
        cancel_url=reverse("people:person", args=[person.pk]),
        refused=str(labels.REFUSAL[refusal]) if refusal else "",
    )


def before_deleting_group(group: Group) -> Question:
    return Question(
        title=str(labels.DELETE_GROUP) % {"name": group.name},
        text=str(labels.DELETE_GROUP_SAYS),
        label=str(labels.DELETE),
        url=reverse("people:delete_group", args=[group.pk]),
        cancel_url=reverse("people:group", args=[group.pk]),
    )
