"""Edit of a template: what it may be used for."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from vms import labels
from vms.models import Vm
from vms.operations.permission import may
from vms.operations.requesting import ActionRefused, Order, request_action
from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.forms.mode import ModeForm
from vms.web.presenters.copying import why_not_now
from vms.web.presenters.holding import refusal
from vms.web.presenters.modes import changed_meanwhile, mode_and_who_set_it, mode_choices, mode_of
from vms.web.requests import PanelRequest, list_of, submission_key

CONFLICT, INVALID = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PanelRequest, uuid: UUID) -> HttpResponse:
    template = template_or_404(request, uuid, Action.EDIT)
    if request.method != "POST":
        return _show(request, template, why_not_now(template, Action.EDIT, request.user))
    form = ModeForm(request.POST)
    if not form.is_valid():
        return _show(request, template, form=form, status=INVALID)
    if form.cleaned_data["was"] != template.mode:
        return _show(request, template, changed_meanwhile(template), status=CONFLICT)
    return _set(request, template, form)


def template_or_404(request: PanelRequest, uuid: UUID, action: Action) -> Vm:
    request.section = list_of(Kind.TEMPLATE)
    visible = Vm.objects.all().visible_to(request.user).of_kind(Kind.TEMPLATE)
    template = get_object_or_404(visible.with_operations_under_way(), pk=uuid)
    if not may(request.user, action, template):
        raise PermissionDenied
    return template


def _set(request: PanelRequest, template: Vm, form: ModeForm) -> HttpResponse:
    mode = form.cleaned_data["mode"]
    if mode == template.mode:
        messages.info(request, str(labels.MODE_IS_SO) % {"vm": template.display_name, "mode": mode_of(template)})
        return redirect("vms:page", template.pk)
    order = Order(Action.EDIT, {"mode": mode, "was": template.mode}, submission_key(request))
    try:
        request_action(template, order, by=request.user)
    except ActionRefused as refused:
        return _show(request, template, refusal(template, refused, request.user), status=CONFLICT)
    messages.success(request, str(labels.MODE_IS_BEING_SET) % {"vm": template.display_name, "mode": labels.MODE[mode]})
    return redirect("vms:page", template.pk)


def _show(
    request: PanelRequest, template: Vm, against: str = "", *, form: ModeForm | None = None, status: int = 200
) -> HttpResponse:
    """against: what stands in the way. Whoever is shown a form anew begins with the mode as it is now."""
    form = form or ModeForm(initial={"mode": template.mode, "was": template.mode})
    context = {
        "vm": template,
        "now": mode_and_who_set_it(template),
        "against": against,
        "off": bool(why_not_now(template, Action.EDIT, request.user)),
        "form": form,
        "modes": mode_choices(form["mode"]),
        "key": uuid4(),
    }
    return render(request, "vms/mode.html", context, status=status)
