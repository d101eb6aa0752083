"""Why a machine cannot belong to a pool, in a sentence, and at which field of a form that can be helped."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

from vms.labels import pooling as words
from vms.operations.pooling import NoSuchPool, OutsideOfPool, PoolIsFull
from vms.rules.pooling import Part
from vms.web.presenters.pool_use import amount

REFUSALS = (PoolIsFull, OutsideOfPool, NoSuchPool)

PoolRefusal = PoolIsFull | OutsideOfPool | NoSuchPool

FIELDS: Mapping[Part, tuple[str, ...]] = {
    Part.NODE: ("node", "pool"),
    Part.FOLDER: ("pool",),
    Part.NETWORK: ("network",),
}
"""Where the part is chosen, if the form has that field."""


def why_not(refused: PoolRefusal) -> str:
    match refused:
        case PoolIsFull():
            return _full(refused)
        case OutsideOfPool():
            return _outside(refused)
    return str(words.GONE)


def field_of(refused: PoolRefusal, form: forms.BaseForm) -> str | None:
    """None if the form has none for it."""
    names = FIELDS[refused.part] if isinstance(refused, OutsideOfPool) else ()
    return next((name for name in (*names, "vm_pool") if name in form.fields), None)


def say(form: forms.BaseForm, refused: PoolRefusal) -> None:
    """In the form, at the field."""
    form.add_error(field_of(refused, form), why_not(refused))


def _full(refused: PoolIsFull) -> str:
    numbers = {"most": refused.most, "used": refused.used, "wanted": refused.wanted}
    values = {name: amount(refused.limit, number) for name, number in numbers.items()}
    return str(words.FULL[refused.limit]) % {"pool": refused.pool.name, **values}


def _outside(refused: OutsideOfPool) -> str:
    values = {"pool": refused.pool.name, "names": ", ".join(refused.names), "allowed": _allowed(refused)}
    return str(words.OUTSIDE[refused.part]) % values


def _allowed(refused: OutsideOfPool) -> str:
    pool = refused.pool
    match refused.part:
        case Part.NODE:
            return ", ".join(node.name for node in pool.nodes.all())
        case Part.FOLDER:
            return pool.folder
    return ", ".join(sorted(pool.networks))
