"""Every address, and who needs what for it."""

from __future__ import annotations

from dataclasses import dataclass

from vms.rules.actions import Action

OPEN_TO_ALL = {"login", "healthz", "set_language", "set_theme"}
OF_ONES_OWN = {"logout", "account:password", "account:end_visit"}
"""Looked at where people are: tests/directory/test_visits.py."""


@dataclass(frozen=True)
class Place:
    """An address. needs: whose it is, "" if everybody's who is logged in; posts: whether POST is an answer at all.

    query: what has to follow the address for an answer; {vm} in it is a machine."""

    name: str
    arguments: tuple[str, ...] = ()
    needs: str = ""
    posts: bool = False
    gets: bool = True
    query: str = ""


PLACES = (
    Place("vms:list"),
    Place("vms:templates", needs="view_every_vm"),
    Place("vms:dynamic"),
    Place("vms:rows"),
    Place("vms:search", query="?q=web"),
    Place("vms:views", ("vms",)),
    Place("vms:csv", ("vms",)),
    Place("vms:columns", ("vms",), posts=True, gets=False),
    Place("vms:save_view", ("vms",), posts=True, gets=False),
    Place("vms:rename_view", ("vms", "view"), needs="to be the owner", posts=True, gets=False),
    Place("vms:delete_view", ("vms", "view"), needs="to be the owner", posts=True, gets=False),
    Place("vms:tags", needs="manage_vm", posts=True, gets=False),
    Place("vms:page", ("vm",), needs="view_every_vm"),
    Place("vms:use", ("vm",), needs="use_vm"),
    Place("vms:ticket", ("vm",), needs="use_vm", posts=True, gets=False),
    Place("vms:removed", ("deleted",), needs="view_every_vm"),
    Place("vms:notes", ("vm",), needs="manage_vm", posts=True, gets=False),
    *(Place("vms:action", ("vm", name), needs="rights", posts=True) for name in ("start", "power-off", "delete")),
    Place("vms:edit", ("vm",), needs="manage_vm", posts=True),
    Place("vms:edit", ("template",), needs="manage_vm", posts=True),
    Place("vms:xml", ("vm",), needs="manage_vm"),
    Place("vms:toggle", ("template", "cdrom"), needs="manage_vm", posts=True, gets=False),
    Place("vms:stream", ("vm",), needs="manage_vm", posts=True, gets=False),
    *(
        Place("vms:double", ("vm", "node", what), needs="manage_vm", posts=True)
        for what in (Action.FORGET_DOUBLE, Action.END_DOUBLE)
    ),
    Place("vms:disregard", ("vm", "node"), needs="manage_vm", posts=True),
    Place("vms:make_template", ("vm",), needs="manage_vm", posts=True),
    Place("vms:copy", ("vm", "clone"), needs="manage_vm", posts=True),
    Place("vms:migrate", ("vm",), needs="manage_vm", posts=True),
    Place("vms:move_to_pool", ("vm",), needs="manage_vm", posts=True),
    Place("vms:back_up", ("vm",), needs="manage_vm", posts=True),
    Place("vms:create", needs="manage_vm", posts=True),
    Place("vms:create_template", needs="manage_vm", posts=True),
    Place("vms:users", ("vm",), needs="give_vm", posts=True),
    Place("vms:groups", ("vm",), needs="give_vm", posts=True),
    Place("vms:pool_users", ("pool",), needs="give_vm", posts=True),
    Place("vms:pool_groups", ("pool",), needs="give_vm", posts=True),
    Place("vms:rights", ("vm",), needs="view_every_vm", posts=True),
    Place("vms:make_golden_image", ("template",), needs="manage_vm", posts=True),
    Place("vms:seal_image", ("golden_image",), needs="manage_vm", posts=True),
    Place("vms:activate_image", ("golden_image",), needs="manage_vm", posts=True),
    Place("vms:release_image", ("golden_image",), needs="manage_vm", posts=True),
    Place("vms:pools"),
    Place("vms:pool", ("pool",), needs="view_every_vm"),
    Place("vms:open_pool", ("pool",), needs="use_vm", posts=True, gets=False),
    Place("vms:my_vm", ("pool",), needs="use_vm"),
    Place("vms:keep_dynamic", ("desk",), needs="use_vm", posts=True, gets=False),
    Place("vms:add_pool", needs="add_node", posts=True),
    Place("vms:edit_pool", ("pool",), needs="add_node", posts=True),
    Place("vms:switch_pool", ("pool",), needs="add_node", posts=True, gets=False),
    Place("vms:remove_pool", ("pool",), needs="add_node", posts=True),
    Place("images:list", needs="manage_vm"),
    Place("images:upload", needs="manage_vm", posts=True),
    Place("images:remove", ("file",), needs="manage_vm", posts=True),
    Place("bulk:ask", needs="operate_vm", posts=True, query="?action=start&vm={vm}"),
    Place("bulk:page", ("bulk",), needs="to have asked for it"),
    Place("bulk:rows", ("bulk",), needs="to have asked for it", query="?id=1"),
    Place("nodes:list", needs="view_node"),
    Place("nodes:rows", needs="view_node"),
    Place("nodes:page", ("node",), needs="view_node"),
    Place("nodes:add", needs="add_node", posts=True),
    Place("nodes:contact", ("contact",), needs="add_node", posts=True),
    Place("nodes:removed", ("4711",), needs="view_node"),
    Place("nodes:duty", ("node", "maintenance"), needs="add_node", posts=True),
    Place("nodes:addresses", ("node",), needs="add_node", posts=True),
    Place("nodes:empty", ("node",), needs="add_node", posts=True),
    Place("nodes:emptying", ("node", "emptying"), needs="view_node"),
    Place("nodes:emptying_rows", ("node", "emptying"), needs="view_node"),
    Place("nodes:turn_emptying", ("node", "emptying", "begin"), needs="add_node", posts=True, gets=False),
    Place("nodes:turn_emptying", ("node", "emptying", "cancel"), needs="add_node", posts=True),
    Place("nodes:remove", ("node",), needs="add_node", posts=True),
    Place("backups:list"),
    Place("backups:rows", query="?id=1"),
    Place("backups:csv"),
    Place("backups:page", ("backup",), needs="view_every_vm"),
    Place("backups:check", ("backup",), needs="manage_vm", posts=True, gets=False),
    Place("backups:delete", ("backup",), needs="manage_vm", posts=True),
    Place("backups:keep", ("backup",), needs="manage_vm", posts=True, gets=False),
    Place("backups:notes", ("backup",), needs="manage_vm", posts=True, gets=False),
    Place("backups:restore", ("backup",), needs="manage_vm", posts=True),
    Place("backups:restore_as_new", ("backup",), needs="manage_vm", posts=True),
    Place("backups:targets", needs="view_node"),
    Place("backups:target_add", needs="add_node", posts=True),
    Place("backups:target", ("target",), needs="view_node", posts=True),
    Place("backups:target_remove", ("target",), needs="add_node", posts=True),
    Place("backups:schedules", needs="view_every_vm"),
    Place("backups:schedule_add", needs="add_node", posts=True),
    Place("backups:schedule_preview", needs="add_node"),
    Place("backups:schedule", ("schedule",), needs="view_every_vm"),
    Place("backups:schedule_edit", ("schedule",), needs="add_node", posts=True),
    Place("backups:schedule_switch", ("schedule",), needs="add_node", posts=True, gets=False),
    Place("backups:schedule_run", ("schedule",), needs="add_node", posts=True, gets=False),
    Place("backups:schedule_remove", ("schedule",), needs="add_node", posts=True),
    Place("operations:list"),
    Place("operations:rows"),
    Place("operations:bell"),
    Place("operations:acknowledge", posts=True, gets=False),
    Place("operations:page", ("operation",), needs="view_every_vm"),
    *(
        Place("operations:change", ("operation", what), needs="view_every_vm", posts=True, gets=False)
        for what in ("cancel", "close", "acknowledge")
    ),
    Place("operations:limit", ("stream",), needs="view_every_vm", posts=True, gets=False),
    Place("operations:stop", ("stream",), needs="view_every_vm", posts=True),
    Place("operations:post_copy", ("move",), needs="view_every_vm", posts=True),
    Place("people:check_directory", needs="to be an administrator", posts=True),
    Place("people:list", needs="to be an administrator"),
    Place("people:new", needs="to be an administrator", posts=True),
    Place("people:locked", needs="to be an administrator", posts=True),
    Place("people:groups", needs="to be an administrator"),
    Place("people:new_group", needs="to be an administrator", posts=True),
    Place("people:group", ("group",), needs="to be an administrator", posts=True),
    Place("people:rename_group", ("group",), needs="to be an administrator", posts=True),
    Place("people:delete_group", ("group",), needs="to be an administrator", posts=True),
    Place("people:remove_member", ("group", "person"), needs="to be an administrator", posts=True, gets=False),
    Place("people:person", ("person",), needs="to be an administrator"),
    *(
        Place(f"people:{what}", ("person",), needs="to be an administrator", posts=True)
        for what in ("edit", "password", "delete")
    ),
    *(
        Place(f"people:{what}", ("person",), needs="to be an administrator", posts=True, gets=False)
        for what in ("block", "let_in", "unlock", "log_out")
    ),
    Place("account:show"),
    Place("account:end_other_visits", posts=True, gets=False),
    Place("audit:list", needs="view_auditline"),
    Place("audit:csv", needs="view_auditline"),
    Place("states"),
)


def named(place: Place) -> str:
    return "/".join((place.name, *place.arguments))
