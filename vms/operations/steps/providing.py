"""Steps that make a dynamic VM: an overlay on each disk of its golden image, started at once."""

from __future__ import annotations

from vms.hypervisor.machine_xml.cloning import clone_of
from vms.models import Definition
from vms.operations.steps.making import clone_for, plan_of, xml_at_origin
from vms.operations.steps.work import Done, Result, Work


def define_overlay(work: Work) -> Result:
    """After what the panel knows of the golden image, which does not change any more: the node of that one may be
    lost."""
    if not work.node_knows_it():
        work.hypervisor.define(clone_of(_xml_of_image(work), clone_for(work)))
    return Done()


def _xml_of_image(work: Work) -> str:
    known = Definition.objects.filter(vm__in=[plan_of(work).origin]).first()
    return known.xml if known else xml_at_origin(work)
