from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from vms.rules.actions import Action
from vms.rules.kinds import Kind
from vms.web.addresses import MachineConverter
from vms.web.views import (
    boot_device,
    columns,
    console,
    csv,
    doubles,
    edit,
    effective_rights,
    grants,
    machine_create,
    make_template,
    saved_views,
    search,
    streams,
    tags,
    vm_action,
    vm_back_up,
    vm_copy,
    vm_list,
    vm_migrate,
    vm_notes,
    vm_page,
    vm_xml,
)


class CopyingAction:
    """Those that make VMs from another machine."""

    regex = f"{Action.PERSISTENT}|{Action.CLONE}"

    def to_python(self, value: str) -> Action:
        return Action(value)

    def to_url(self, value: Action) -> str:
        return value


class OfADouble:
    """What can be asked of one of several nodes that know a machine."""

    regex = f"{Action.FORGET_DOUBLE}|{Action.END_DOUBLE}"

    def to_python(self, value: str) -> Action:
        return Action(value)

    def to_url(self, value: Action) -> str:
        return value


class Device(StringConverter):
    """Those that a machine may be told to boot from."""

    regex = "cdrom|hd"


register_converter(MachineConverter, "machine")
register_converter(CopyingAction, "copying")
register_converter(Device, "boot")
register_converter(OfADouble, "of_a_double")

app_name = "vms"
urlpatterns = [
    path("", include("vms.web.urls.pools")),
    path("", include("vms.web.urls.pooling")),
    path("", include("vms.web.urls.golden_images")),
    path("", include("vms.web.urls.pool_rights")),
    path("", include("vms.web.urls.taking")),
    path("search/", search.show, name="search"),
    path("vms/", vm_list.show_vms, name="list"),
    path("dynamic/", vm_list.show_dynamic, name="dynamic"),
    path("templates/", vm_list.show_templates, name="templates"),
    path("vms/create/", machine_create.create, {"kind": Kind.VM}, name="create"),
    path("templates/create/", machine_create.create, {"kind": Kind.TEMPLATE}, name="create_template"),
    path("vms/rows/", vm_list.rows, name="rows"),
    path("vms/tags/", tags.change, name="tags"),
    path("lists/<slug:page>/csv/", csv.download, name="csv"),
    path("lists/<slug:page>/columns/", columns.choose, name="columns"),
    path("lists/<slug:page>/views/", saved_views.show, name="views"),
    path("lists/<slug:page>/views/save/", saved_views.save, name="save_view"),
    path("lists/<slug:page>/views/<int:pk>/rename/", saved_views.rename, name="rename_view"),
    path("lists/<slug:page>/views/<int:pk>/delete/", saved_views.delete, name="delete_view"),
    path("vms/<machine:uuid>/", vm_page.show, name="page"),
    path("vms/<machine:uuid>/removed/", vm_page.show_removed, name="removed"),
    path("vms/<machine:uuid>/notes/", vm_notes.save, name="notes"),
    path("vms/<machine:uuid>/xml/", vm_xml.show, name="xml"),
    path("vms/<machine:uuid>/use/", console.show, name="use"),
    path("vms/<machine:uuid>/use/ticket/", console.give_ticket, name="ticket"),
    path("vms/<machine:uuid>/<copying:action>/", vm_copy.copy, name="copy"),
    path("vms/<machine:uuid>/edit/", edit.edit, name="edit"),
    path("vms/<machine:uuid>/toggle/<boot:device>/", boot_device.boot_from, name="toggle"),
    path("vms/<machine:uuid>/make-template/", make_template.make_template, name="make_template"),
    path("vms/<machine:uuid>/migrate/", vm_migrate.migrate, name="migrate"),
    path("vms/<machine:uuid>/back-up/", vm_back_up.back_up, name="back_up"),
    path("vms/<machine:uuid>/stream/", streams.stream, name="stream"),
    path("vms/<machine:uuid>/users/", grants.users, name="users"),
    path("vms/<machine:uuid>/groups/", grants.groups, name="groups"),
    path("vms/<machine:uuid>/rights/", effective_rights.show, name="rights"),
    path("vms/<machine:uuid>/nodes/<int:node>/<of_a_double:action>/", doubles.end, name="double"),
    path("vms/<machine:uuid>/nodes/<int:node>/disregard/", doubles.go_on_without, name="disregard"),
    path("vms/<machine:uuid>/<slug:name>/", vm_action.act, name="action"),
]
