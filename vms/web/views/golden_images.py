"""Golden images: made from a template, sealed, put in use and taken out of use."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.labels import golden_images as words
from vms.models import Operation, Vm, VmPool
from vms.models.vm_pool import VmPoolQuerySet
from vms.operations.golden_images import (
    NoPlaceForImage,
    activate,
    request_golden_image,
    seal_order,
    take_out_of_use,
)
from vms.operations.making import NamesTaken
from vms.operations.permission import may, may_manage_nodes
from vms.operations.planning import cannot_be_copied
from vms.operations.pooling import NoSuchPool, OutsideOfPool
from vms.operations.requesting import ActionRefused, request_action
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.golden_image import GoldenImageForm
from vms.web.presenters.confirming import Confirmation
from vms.web.presenters.copying import names_taken, origin_view, why_not_now
from vms.web.presenters.crumbs import crumbs_of
from vms.web.presenters.golden_image_questions import (
    activate_question,
    pools_out,
    release_question,
    seal_question,
    why_nowhere,
)
from vms.web.presenters.holding import refusal
from vms.web.requests import PanelRequest, back_to, came_from, list_of, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def make(request: PanelRequest, uuid: UUID) -> HttpResponse:
    template = _template(request, uuid)
    pools = VmPool.objects.all().visible_to(request.user).dynamic().prefetch_related("nodes")
    if request.method != "POST" or cannot_be_copied(template):
        return _show(request, template, pools, GoldenImageForm(template, pools, asked=request.GET.get("pool", "")))
    form = GoldenImageForm(template, pools, request.POST)
    if not form.is_valid():
        return _show(request, template, pools, form, status=INVALID)
    operation = _requested(request, template, form)
    if operation is None:
        return _show(request, template, pools, form, status=CONFLICT)
    messages.success(request, str(labels.IS_BEING_MADE[Kind.GOLDEN_IMAGE]) % {"vm": form.cleaned_data["name"]})
    return redirect("vms:page", operation.vm_id)


def _template(request: PanelRequest, uuid: UUID) -> Vm:
    visible = Vm.objects.all().visible_to(request.user).of_kind(Kind.TEMPLATE).with_operations_under_way()
    template = get_object_or_404(visible.prefetch_related("disks", "interfaces"), pk=uuid)
    if not may(request.user, Action.DYNAMIC, template):
        raise PermissionDenied
    request.section = list_of(Kind.TEMPLATE)
    return template


def _requested(request: PanelRequest, template: Vm, form: GoldenImageForm) -> Operation | None:
    """None if something stands against it, and the form says what."""
    try:
        return request_golden_image(template, form.order(submission_key(request)), by=request.user)
    except NamesTaken as taken:
        form.add_error("name", names_taken(taken.names))
    except NoPlaceForImage as nowhere:
        form.add_error("pool", " ".join(why_nowhere(nowhere.place, template)))
    except OutsideOfPool as outside:
        form.add_error("pool", str(words.OUTSIDE_OF_POOL) % {"names": ", ".join(outside.names)})
    except NoSuchPool:
        form.add_error("pool", str(words.POOL_IS_GONE))
    except ActionRefused as refused:
        form.add_error(None, refusal(template, refused, request.user))
    return None


def _show(
    request: PanelRequest, template: Vm, pools: VmPoolQuerySet, form: GoldenImageForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "vm": template,
        "title": str(words.MAKE_TITLE) % {"vm": template.display_name},
        "crumbs": crumbs_of(template, request.user),
        "form": form,
        "against": "" if form.is_bound else why_not_now(template, Action.DYNAMIC, request.user),
        "uncopyable": origin_view(template, Action.CLONE).uncopyable,
        "has_pools": bool(pools),
        "may_add_pool": may_manage_nodes(request.user),
        "pools_out": pools_out(template, pools),
        "key": uuid4(),
    }
    return render(request, "vms/make_golden_image.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def seal(request: PanelRequest, uuid: UUID) -> HttpResponse:
    image = _image(request, uuid, Action.SEAL)
    if request.method != "POST":
        return _ask(request, image, seal_question(image, uuid4(), request.user, next_url=_origin_of(request, image)))
    try:
        request_action(image, seal_order(image, submission_key(request)), by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(image, refused, request.user))
    else:
        messages.success(request, str(words.IS_BEING_SEALED) % {"vm": image.display_name})
    return _back(request, image)


@require_http_methods(["GET", "HEAD", "POST"])
def put_in_use(request: PanelRequest, uuid: UUID) -> HttpResponse:
    image = _image(request, uuid, Action.ACTIVATE)
    if request.method != "POST":
        return _ask(request, image, activate_question(image, request.user, next_url=_origin_of(request, image)))
    try:
        activate(image, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refusal(image, refused, request.user))
    except NoSuchPool:
        messages.error(request, str(words.POOL_IS_GONE))
    else:
        messages.success(request, str(words.IS_ACTIVE_NOW) % {"vm": image.display_name, "pool": image.pool})
    return _back(request, image)


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: PanelRequest, uuid: UUID) -> HttpResponse:
    image = _image(request, uuid, Action.ACTIVATE)
    if request.method != "POST":
        return _ask(request, image, release_question(image, next_url=_origin_of(request, image)))
    names = {"vm": image.display_name, "pool": image.pool}
    if take_out_of_use(image, by=request.user):
        messages.success(request, str(words.IS_RELEASED) % names)
    else:
        messages.error(request, str(words.WAS_NOT_ACTIVE) % names)
    return _back(request, image)


def _image(request: PanelRequest, uuid: UUID, action: Action) -> Vm:
    images = Vm.objects.all().visible_to(request.user).of_kind(Kind.GOLDEN_IMAGE).with_operations_under_way()
    image = get_object_or_404(images.select_related("node", "pool__active"), pk=uuid)
    if not may(request.user, action, image):
        raise PermissionDenied
    request.section = list_of(Kind.GOLDEN_IMAGE)
    return image


def _origin_of(request: PanelRequest, image: Vm) -> str:
    return came_from(request, _listed_at(request, image))


def _back(request: PanelRequest, image: Vm) -> HttpResponse:
    return back_to(request, _listed_at(request, image))


def _listed_at(request: PanelRequest, image: Vm) -> str:
    return crumbs_of(image, request.user).list_url


def _ask(request: PanelRequest, image: Vm, question: Confirmation) -> HttpResponse:
    return render(request, "vms/confirm.html", {"confirm": question, "vm": image})
