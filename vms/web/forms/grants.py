"""What somebody is about to change of who may use a machine. Until it is saved it lives in the page's address only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.core.signing import BadSignature, Signer
from django.http import QueryDict

from vms.operations.giving import Owners
from vms.rules.rights import Right
from vms.web.requests import LONGEST_KEY

LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """Somebody, or a group, who was found. token: the rest of it as the page hands it on, signed, so that a name
    cannot be put before another one's key."""

    key: str
    name: str
    full_name: str
    token: str


@dataclass(frozen=True, slots=True)
class New:
    """Who is to be given a right. dropped: after all not."""

    whom: Chosen
    right: Right
    dropped: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """owners: whose rights it is about; text: what is searched; picked: ticked among those who were found; rights: by
    the owner's id what was shown and what was chosen instead; taken: whose right is to be taken away."""

    owners: Owners
    text: str
    picked: tuple[Chosen, ...]
    new: tuple[New, ...]
    rights: Mapping[int, tuple[Right, Right]]
    taken: frozenset[int]

    @property
    def changed(self) -> dict[int, Right]:
        return {
            owner: chosen
            for owner, (shown, chosen) in self.rights.items()
            if chosen is not shown and owner not in self.taken
        }

    @property
    def wanted(self) -> list[New]:
        """Who is to be given a right, those among them who are only ticked yet."""
        return [new for new in self.with_picked().new if not new.dropped]

    def with_picked(self) -> Draft:
        """Those who were ticked stand among the new ones."""
        known = {new.whom.key for new in self.new}
        added = [New(whom, Right.USE, dropped=False) for whom in self.picked if whom.key not in known]
        return replace(self, picked=(), new=(*self.new, *added))


def chosen(owners: Owners, key: str, name: str, full_name: str) -> Chosen:
    token = _signer(owners).sign_object([key, name, full_name])
    return Chosen(key, name, full_name, token)


def search_text(given: QueryDict) -> str:
    return given.get("q", "").replace("\0", "").strip()[:LONGEST_TEXT]


def read_draft(given: QueryDict, owners: Owners) -> Draft:
    """Whatever does not make sense is left out."""
    dropped = set(given.getlist("drop"))
    new = [(Right(right), token) for right, _, token in _parted(given, "new") if right in set(Right)]
    return Draft(
        owners=owners,
        text=search_text(given),
        picked=tuple(_once(_chosen_by(owners, given.getlist("pick")))),
        new=tuple(
            New(whom, right, dropped=token in dropped) for right, token in new for whom in _chosen_by(owners, [token])
        ),
        rights=dict(_rights(given.getlist("right"))),
        taken=frozenset(int(owner) for owner in given.getlist("take") if _is_id(owner)),
    )


def _parted(given: QueryDict, name: str) -> list[tuple[str, str, str]]:
    return [value.partition(".") for value in dict.fromkeys(given.getlist(name))]


def _rights(values: Iterable[str]) -> Iterator[tuple[int, tuple[Right, Right]]]:
    """Each: the owner's id, what was shown and what was chosen."""
    for value in values:
        match value.split("."):
            case [owner, shown, now] if _is_id(owner) and {shown, now} <= set(Right):
                yield int(owner), (Right(shown), Right(now))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY


def _chosen_by(owners: Owners, tokens: Iterable[str]) -> Iterator[Chosen]:
    for token in tokens:
        try:
            key, name, full_name = _signer(owners).unsign_object(token)
        except BadSignature:
            continue
        yield Chosen(key, name, full_name, token)


def _once(found: Iterable[Chosen]) -> Iterable[Chosen]:
    return {whom.key: whom for whom in found}.values()


def _signer(owners: Owners) -> Signer:
    return Signer(salt=f"vms.grants.{owners}")
