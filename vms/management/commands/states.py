import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand

from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.rules.matrix import Decision, every_decision

NAMES: Mapping[Kind, Mapping[Action, str]] = {
    **{kind: {action: action.replace("_", " ") for action in Action} for kind in Kind},
    Kind.TEMPLATE: {action: action.replace("_", " ") for action in Action} | {Action.POWER_OFF: "destroy"},
}
"""The actions as the user's document names them."""


class Command(BaseCommand):
    help = "Print the whole table of states and actions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["json", "table"], default="table")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps([_as_object(decision) for decision in every_decision()], indent=1))
        else:
            self.stdout.write("\n".join(_as_lines()))


def _as_object(decision: Decision) -> dict[str, object]:
    return {
        "kind": decision.kind,
        "status": decision.status.name,
        "mode": decision.mode,
        "action": NAMES[decision.kind][decision.action],
        "allowed": decision.verdict.allowed,
        "reason": decision.verdict.reason,
    }


def _as_lines() -> Iterator[str]:
    for decision in every_decision():
        answer = "x" if decision.verdict.allowed else f"- {decision.verdict.reason}"
        name = NAMES[decision.kind][decision.action]
        mode = decision.mode or ""
        yield f"{decision.kind:13} {decision.status.name:22} {mode:19} {name:14} {answer}"
