from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.models import Node, StoragePool
from vms.operations.planning import MIB
from vms.operations.preflights import NodeJudgement
from vms.rules.preflight import Way
from vms.web import formats
from vms.web.forms.limit import LimitForm


class MannerForm(LimitForm):
    """How machines move, wherever they go."""

    converges = forms.BooleanField(
        label=pgettext_lazy("form field: moving a machine", "Slow the guest down (auto-converge)"),
        help_text=pgettext_lazy(
            "help of a form field",
            "For a guest that changes its memory faster than it can be sent: it gets less and less processor time, "
            "until the rest fits through.",
        ),
        required=False,
    )
    post_copy = forms.BooleanField(
        label=pgettext_lazy("form field: moving a machine", "Allow to hand it over early (post-copy)"),
        help_text=pgettext_lazy(
            "help of a form field",
            "While it moves, its guest can then be handed over before all of its memory is. That always comes to an "
            "end, but if a node or the way between them fails meanwhile, the guest is lost.",
        ),
        required=False,
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["limit"].label = pgettext_lazy("form field: moving a machine", "Speed, at most, in MiB/s")
        self.fields["limit"].help_text = pgettext_lazy(
            "help of a form field",
            "Of its memory, and of each disk that is copied. Empty for no limit. It can be changed on the way.",
        )


class MoveForm(MannerForm):
    """Where a machine is to go, and how. Beside the fields below one for each node that copies need a pool of."""

    to = forms.TypedChoiceField(
        label=pgettext_lazy("form field: where a machine moves", "Node"), coerce=int, widget=forms.RadioSelect
    )

    def __init__(
        self, judgements: Sequence[NodeJudgement], nodes: Mapping[int, Node], data: Mapping[str, Any] | None = None
    ) -> None:
        """judgements: of nodes that are possible, the best first. nodes: by key, with their pools fetched."""
        super().__init__(data)
        self._judgements = {each.node: each for each in judgements}
        names = [(each.node, nodes[each.node].name) for each in judgements]
        self.fields["to"].choices = names  # type: ignore[attr-defined]  # of a field for choices
        self.initial["to"] = judgements[0].node if judgements else None
        self._offer_folders(judgements, nodes)
        self._leave_out_what_makes_no_difference(judgements)

    def _offer_folders(self, judgements: Iterable[NodeJudgement], nodes: Mapping[int, Node]) -> None:
        for each in judgements:
            if each.folders:
                choices = list(_folders_with_free(each, nodes[each.node]))
                self.fields[folder_field(each.node)] = forms.ChoiceField(
                    label=labels.MOVE_POOL, choices=choices, required=False
                )

    def _leave_out_what_makes_no_difference(self, judgements: Sequence[NodeJudgement]) -> None:
        """A definition that moves alone has no speed, and a guest that is held changes nothing."""
        ways = {each.way for each in judgements}
        if Way.LIVE not in ways:
            del self.fields["converges"], self.fields["post_copy"]
        if ways <= {Way.OFFLINE}:
            del self.fields["limit"]

    # Only when it is valid

    @property
    def chosen(self) -> NodeJudgement:
        return self._judgements[self.cleaned_data["to"]]

    @property
    def folder(self) -> str:
        """For the copies; "" if there are none."""
        first = self.chosen.folders[0] if self.chosen.folders else ""
        return str(self.cleaned_data.get(folder_field(self.chosen.node)) or first)

    @property
    def bytes_per_second(self) -> int:
        return int(self.cleaned_data.get("limit") or 0) * MIB


def folder_field(node: int) -> str:
    return f"folder-{node}"


def _folders_with_free(judgement: NodeJudgement, node: Node) -> Iterable[tuple[str, str]]:
    pools = {_bare(pool.folder): pool for pool in node.storage_pools.all()}
    return [(folder, _with_free(folder, pools.get(_bare(folder)))) for folder in judgement.folders]


def _bare(folder: str) -> str:
    return folder.rstrip("/")


def _with_free(folder: str, pool: StoragePool | None) -> str:
    """A pool may have gone since the nodes were asked."""
    if pool is None:
        return folder
    return str(labels.POOL_WITH_FREE) % {"pool": pool.name, "free": formats.size(pool.free)}
