"""Who gets what from every address.

x: it is answered; -: refused, because of who asks; 0: not there, and not told apart from what does not exist;
.: no such method. The people: an administrator, an operator, an auditor; users who were given the machine to use, to
operate, to operate through a group; and one who was given another machine. The same were given a pool: each has a desk
of it, a dynamic VM.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

PEOPLE = ("administrator", "operator", "auditor", "uses", "operates", "of_group", "stranger")
USERS = PEOPLE[3:]
SECRETS = (
    *("secret-vm", "secret-template", "secret-node", "secret-folder", "secret-target", "secret-gone"),
    *("secret-pool", "secret-desk", "secret-image"),
)
"""Names that nobody reads who was not given the thing."""

# fmt: off

TABLE = """
                                         GET                  POST
vms:list                                 x x x x x x x        . . . . . . .
vms:templates                            x x x - - - -        . . . . . . .
vms:rows                                 x x x x x x x        . . . . . . .
vms:search                               x x x x x x x        . . . . . . .
vms:views/vms                            x x x x x x x        . . . . . . .
vms:csv/vms                              x x x x x x x        . . . . . . .
vms:csv/templates                        x x x x x x x        . . . . . . .
vms:columns/vms                          . . . . . . .        x x x x x x x
vms:save_view/vms                        . . . . . . .        x x x x x x x
vms:rename_view/vms/view                 . . . . . . .        x x x x x x x
vms:delete_view/vms/view                 . . . . . . .        x x x x x x x
vms:tags                                 . . . . . . .        x - - - - - -
vms:page/vm                              x x x x x x 0        . . . . . . .
vms:page/theirs                          x x x 0 0 0 0        . . . . . . .
vms:page/template                        x x x 0 0 0 0        . . . . . . .
vms:removed/gone                         x x x x x x 0        . . . . . . .
vms:removed/lost_gone                    x x x 0 0 0 0        . . . . . . .
vms:notes/vm                             . . . . . . .        x - - - - - 0
vms:action/vm/start                      x x - - x x 0        x x - - x x 0
vms:action/vm/shutdown                   x x - - x x 0        x x - - x x 0
vms:action/vm/power-off                  x x - - x x 0        x x - - x x 0
vms:action/vm/reset                      x x - - x x 0        x x - - x x 0
vms:action/vm/pause                      x x - - x x 0        x x - - x x 0
vms:action/vm/delete                     x - - - - - 0        x - - - - - 0
vms:action/theirs/start                  x x - 0 0 0 0        x x - 0 0 0 0
vms:use/vm                               x x - x x x 0        . . . . . . .
vms:use/theirs                           x x - 0 0 0 0        . . . . . . .
vms:ticket/vm                            . . . . . . .        x x - x x x 0
vms:ticket/theirs                        . . . . . . .        x x - 0 0 0 0
vms:users/vm                             x - - - - - 0        x - - - - - 0
vms:users/theirs                         x - - 0 0 0 0        x - - 0 0 0 0
vms:groups/vm                            x - - - - - 0        x - - - - - 0
vms:groups/theirs                        x - - 0 0 0 0        x - - 0 0 0 0
vms:xml/vm                               x - - - - - 0        . . . . . . .
vms:xml/theirs                           x - - 0 0 0 0        . . . . . . .
vms:rights/vm                            x x x x x x 0        x - - - - - 0
vms:rights/theirs                        x x x 0 0 0 0        x - - 0 0 0 0
vms:page/desk                            x x x x x x 0        . . . . . . .
vms:page/their_desk                      x x x 0 0 0 0        . . . . . . .
vms:action/desk/shutdown                 x x - x x x 0        x x - x x x 0
vms:action/desk/power-off                x x - x x x 0        x x - x x x 0
vms:action/desk/delete                   x - - - - - 0        x - - - - - 0
vms:action/their_desk/shutdown           x x - 0 0 0 0        x x - 0 0 0 0
vms:action/free_desk/shutdown            x x - 0 0 0 0        x x - 0 0 0 0
vms:use/desk                             x x - x x x 0        . . . . . . .
vms:use/their_desk                       x x - 0 0 0 0        . . . . . . .
vms:use/free_desk                        x x - 0 0 0 0        . . . . . . .
vms:open_pool/pool                       . . . . . . .        x x - x x x 0
vms:open_pool/their_pool                 . . . . . . .        x x - 0 0 0 0
vms:open_pool/mould_pool                 . . . . . . .        0 0 0 0 0 0 0
vms:my_vm/pool                           x x - x x x 0        . . . . . . .
vms:my_vm/their_pool                     x x - 0 0 0 0        . . . . . . .
vms:keep_dynamic/desk                    . . . . . . .        x x - x x x 0
vms:keep_dynamic/their_desk              . . . . . . .        x x - 0 0 0 0
vms:keep_dynamic/free_desk               . . . . . . .        x x - 0 0 0 0
vms:users/desk                           0 0 0 0 0 0 0        0 0 0 0 0 0 0
vms:rights/desk                          x x x x x x 0        x - - - - - 0
vms:rights/their_desk                    x x x 0 0 0 0        x - - 0 0 0 0
vms:page/image                           x x x 0 0 0 0        . . . . . . .
vms:dynamic                              x x x x x x x        . . . . . . .
vms:csv/dynamic                          x x x x x x x        . . . . . . .
vms:pools                                x x x x x x x        . . . . . . .
vms:pool/pool                            x x x x x x 0        . . . . . . .
vms:pool/their_pool                      x x x 0 0 0 0        . . . . . . .
vms:add_pool                             x - - - - - -        x - - - - - -
vms:edit_pool/pool                       x - - - - - -        x - - - - - -
vms:switch_pool/pool                     . . . . . . .        x - - - - - -
vms:remove_pool/pool                     x - - - - - -        x - - - - - -
vms:make_golden_image/template           x - - 0 0 0 0        x - - 0 0 0 0
vms:seal_image/image                     x - - 0 0 0 0        x - - 0 0 0 0
vms:activate_image/image                 x - - 0 0 0 0        x - - 0 0 0 0
vms:release_image/image                  x - - 0 0 0 0        x - - 0 0 0 0
vms:pool_users/pool                      x - - - - - 0        x - - - - - 0
vms:pool_users/their_pool                x - - 0 0 0 0        x - - 0 0 0 0
vms:pool_users/mould_pool                x - - 0 0 0 0        x - - 0 0 0 0
vms:pool_groups/pool                     x - - - - - 0        x - - - - - 0
vms:pool_groups/their_pool               x - - 0 0 0 0        x - - 0 0 0 0
vms:edit/vm                              x - - - - - 0        x - - - - - 0
vms:edit/theirs                          x - - 0 0 0 0        x - - 0 0 0 0
vms:edit/template                        x - - 0 0 0 0        x - - 0 0 0 0
vms:toggle/template/cdrom                . . . . . . .        x - - 0 0 0 0
vms:stream/vm                            . . . . . . .        x x - - - - 0
vms:double/vm/node/forget_double         x - - - - - 0        x - - - - - 0
vms:double/vm/node/end_double            x - - - - - 0        x - - - - - 0
vms:double/theirs/node/forget_double     x - - 0 0 0 0        x - - 0 0 0 0
vms:disregard/vm/node                    x - - - - - 0        x - - - - - 0
vms:disregard/theirs/node                x - - 0 0 0 0        x - - 0 0 0 0
vms:make_template/vm                     x - - - - - 0        x - - - - - 0
vms:copy/vm/clone                        x - - - - - 0        x - - - - - 0
vms:copy/template/persistent             x x - 0 0 0 0        x x - 0 0 0 0
vms:move_to_pool/vm                      x - - - - - 0        x - - - - - 0
vms:move_to_pool/theirs                  x - - 0 0 0 0        x - - 0 0 0 0
vms:migrate/vm                           x - - - - - 0        x - - - - - 0
vms:migrate/theirs                       x - - 0 0 0 0        x - - 0 0 0 0
vms:back_up/vm                           x - - - - - 0        x - - - - - 0
vms:back_up/theirs                       x - - 0 0 0 0        x - - 0 0 0 0
vms:create                               x - - - - - -        x - - - - - -
vms:create_template                      x - - - - - -        x - - - - - -
images:list                              x - - - - - -        . . . . . . .
images:upload                            x - - - - - -        x - - - - - -
images:remove/file                       x - - - - - -        x - - - - - -
bulk:ask                                 x x - x x x x        x x - x x x x
bulk:page/bulk                           x x x x x x x        . . . . . . .
bulk:page/panels_bulk                    x x x 0 0 0 0        . . . . . . .
bulk:rows/bulk                           x x x x x x x        . . . . . . .
nodes:list                               x x x - - - -        . . . . . . .
nodes:rows                               x x x - - - -        . . . . . . .
nodes:page/node                          x x x - - - -        . . . . . . .
nodes:add                                x - - - - - -        x - - - - - -
nodes:contact/contact                    x - - - - - -        x - - - - - -
nodes:removed/4711                       x x x - - - -        . . . . . . .
nodes:duty/node/maintenance              x - - - - - -        x - - - - - -
nodes:duty/node/active                   x - - - - - -        x - - - - - -
nodes:addresses/node                     x - - - - - -        x - - - - - -
nodes:empty/node                         x - - - - - -        x - - - - - -
nodes:emptying/node/emptying             x x x - - - -        . . . . . . .
nodes:emptying_rows/node/emptying        x x x - - - -        . . . . . . .
nodes:turn_emptying/node/emptying/begin  . . . . . . .        x - - - - - -
nodes:turn_emptying/node/emptying/cancel x - - - - - -        x - - - - - -
nodes:remove/node                        x - - - - - -        x - - - - - -
backups:list                             x x x x x x x        . . . . . . .
backups:rows                             x x x x x x x        . . . . . . .
backups:csv                              x x x x x x x        . . . . . . .
backups:page/backup                      x x x x x x 0        . . . . . . .
backups:page/their_backup                x x x 0 0 0 0        . . . . . . .
backups:check/backup                     . . . . . . .        x - - - - - 0
backups:check/their_backup               . . . . . . .        x - - 0 0 0 0
backups:delete/backup                    x - - - - - 0        x - - - - - 0
backups:delete/their_backup              x - - 0 0 0 0        x - - 0 0 0 0
backups:keep/backup                      . . . . . . .        x - - - - - 0
backups:notes/backup                     . . . . . . .        x - - - - - 0
backups:restore/backup                   x - - - - - 0        x - - - - - 0
backups:restore/their_backup             x - - 0 0 0 0        x - - 0 0 0 0
backups:restore_as_new/backup            x - - - - - 0        x - - - - - 0
backups:restore_as_new/their_backup      x - - 0 0 0 0        x - - 0 0 0 0
backups:targets                          x x x - - - -        . . . . . . .
backups:target_add                       x - - - - - -        x - - - - - -
backups:target/target                    x x x - - - -        x - - - - - -
backups:target_remove/target             x - - - - - -        x - - - - - -
backups:schedules                        x x x - - - -        . . . . . . .
backups:schedule/schedule                x x x - - - -        . . . . . . .
backups:schedule_add                     x - - - - - -        x - - - - - -
backups:schedule_preview                 x - - - - - -        . . . . . . .
backups:schedule_edit/schedule           x - - - - - -        x - - - - - -
backups:schedule_switch/schedule         . . . . . . .        x - - - - - -
backups:schedule_run/schedule            . . . . . . .        x - - - - - -
backups:schedule_remove/schedule         x - - - - - -        x - - - - - -
operations:list                          x x x x x x x        . . . . . . .
operations:rows                          x x x x x x x        . . . . . . .
operations:bell                          x x x x x x x        . . . . . . .
operations:acknowledge                   . . . . . . .        x x x x x x x
operations:page/operation                x x x x x x 0        . . . . . . .
operations:page/own                      x x x x x x 0        . . . . . . .
operations:page/lost                     x x x 0 0 0 0        . . . . . . .
operations:change/operation/acknowledge  . . . . . . .        x x - - - - 0
operations:change/own/acknowledge        . . . . . . .        x x x x x x 0
operations:change/lost/acknowledge       . . . . . . .        x x x 0 0 0 0
operations:change/job/cancel             . . . . . . .        x x - - - - 0
operations:limit/job                     . . . . . . .        x x - - - - 0
operations:stop/job                      x x - - - - 0        x x - - - - 0
vms:page/moving                          x x x x x x 0        . . . . . . .
operations:page/move                     x x x x x x 0        . . . . . . .
operations:limit/move                    . . . . . . .        x x - - - - 0
operations:post_copy/move                x x - - - - 0        x x - - - - 0
audit:list                               x - x - - - -        . . . . . . .
audit:csv                                x - x - - - -        . . . . . . .
people:list                              x - - - - - -        . . . . . . .
people:new                               x - - - - - -        x - - - - - -
people:check_directory                   x - - - - - -        x - - - - - -
people:locked                            x - - - - - -        x - - - - - -
people:groups                            x - - - - - -        . . . . . . .
people:new_group                         x - - - - - -        x - - - - - -
people:group/group                       x - - - - - -        x - - - - - -
people:rename_group/group                x - - - - - -        x - - - - - -
people:delete_group/group                x - - - - - -        x - - - - - -
people:remove_member/group/person        . . . . . . .        x - - - - - -
people:person/person                     x - - - - - -        . . . . . . .
people:edit/person                       x - - - - - -        x - - - - - -
people:password/person                   x - - - - - -        x - - - - - -
people:block/person                      . . . . . . .        x - - - - - -
people:let_in/person                     . . . . . . .        x - - - - - -
people:unlock/person                     . . . . . . .        x - - - - - -
people:log_out/person                    . . . . . . .        x - - - - - -
people:delete/person                     x - - - - - -        x - - - - - -
account:show                             x x x x x x x        . . . . . . .
account:password                         x x x x x x x        x x x x x x x
account:end_visit/0                      . . . . . . .        0 0 0 0 0 0 0
account:end_other_visits                 . . . . . . .        x x x x x x x
states                                   x x x x x x x        . . . . . . .
"""
# fmt: on

BODY = {"bulk:ask": {"key": str(uuid4()), "seen": "x"}}
QUERY = {
    "bulk:ask": "?action=start&vm={vm}",
    "bulk:rows": "?id={item}",
    "nodes:emptying_rows": "?id={emptying_item}",
    "vms:rows": "?id={vm}&id={theirs}&id={desk}&id={their_desk}&id={free_desk}&id={image}&open={vm}",
    "operations:rows": "?id={operation}&id={lost}",
    "backups:rows": "?id={backup}&id={their_backup}",
    "vms:search": "?q=secret",
    "operations:bell": "?since=2020-01-01T00:00:00%2B00:00",
}


@dataclass(frozen=True)
class Line:
    name: str
    words: tuple[str, ...]
    get: str
    post: str


def lines() -> list[Line]:
    read = []
    for row in TABLE.strip().splitlines()[1:]:
        place, *marks = row.split()
        name, *words = place.split("/")
        read.append(Line(name, tuple(words), "".join(marks[:7]), "".join(marks[7:])))
    return read
