"""Every state, action, reason and problem in words, with tool-tips. The translators' room: read it top to bottom."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy, npgettext_lazy, pgettext_lazy

from vms.rules.actions import Action
from vms.rules.audit import Area, Outcome, Request, Subject, Why
from vms.rules.backups import BackupState, Consistency, Covers, Damage, Missed, Rhythm
from vms.rules.consoles import Ending
from vms.rules.contact import ContactStep, StepState
from vms.rules.differences import Hindrance, Part, When
from vms.rules.doubles import Peril
from vms.rules.duty import Duty
from vms.rules.emptying import Filled, Halt, Turn
from vms.rules.emptying import State as EmptyingState
from vms.rules.hardware import Beyond, Drive, Firmware, Interface
from vms.rules.images import FileKind, ImageFault
from vms.rules.kinds import Kind, Mode
from vms.rules.names import NameFault
from vms.rules.placing import Obstacle
from vms.rules.power import Power, PowerReason
from vms.rules.preflight import Lack, Tie, Way
from vms.rules.problems import Problem
from vms.rules.progress import Phase, Progress
from vms.rules.reasons import Reason
from vms.rules.rights import Right
from vms.rules.status import Main, Second
from vms.rules.timeline import What

MAIN: Mapping[Main, Promise] = {
    Main.STOPPED: pgettext_lazy("status of a virtual machine", "Stopped"),
    Main.STARTING: pgettext_lazy("status of a virtual machine", "Starting"),
    Main.RUNNING: pgettext_lazy("status of a virtual machine", "Running"),
    Main.PAUSED: pgettext_lazy("status of a virtual machine", "Paused"),
    Main.SHUTTING_DOWN: pgettext_lazy("status of a virtual machine", "Shutting down"),
    Main.POWERING_OFF: pgettext_lazy("status of a virtual machine", "Powering off"),
    Main.DELETING: pgettext_lazy("status of a virtual machine", "Deleting"),
    Main.CRASHED: pgettext_lazy("status of a virtual machine", "Crashed"),
    Main.FROZEN: pgettext_lazy("status of a virtual machine", "Frozen"),
    Main.UNKNOWN: pgettext_lazy("status of a virtual machine", "Unknown"),
}

MAIN_TIP: Mapping[Main, Promise] = {
    Main.STOPPED: _("The machine is off."),
    Main.STARTING: _("The node is starting the machine."),
    Main.RUNNING: _("The machine is on."),
    Main.PAUSED: _("The machine is on, but its guest is held and does nothing."),
    Main.SHUTTING_DOWN: _("The guest was asked to shut down and has not finished yet."),
    Main.POWERING_OFF: _("The machine is being switched off without asking the guest."),
    Main.DELETING: _("The machine and its disks are being deleted."),
    Main.CRASHED: _("The machine should be running, but its process on the node ended by itself."),
    Main.FROZEN: _("The machine is on, but its guest no longer reacts."),
    Main.UNKNOWN: _("The node cannot be asked now. What is shown is the last known state."),
}

SECOND: Mapping[Second, Promise] = {
    # Translators: these stand after a comma: "Running, streaming".
    Second.STREAMING: pgettext_lazy("second state, after a comma", "streaming"),
    Second.BACKING_UP: pgettext_lazy("second state, after a comma", "backing up"),
    Second.MIGRATING: pgettext_lazy("second state, after a comma", "migrating"),
    Second.CREATING: pgettext_lazy("second state, after a comma", "creating"),
    Second.RESTORING: pgettext_lazy("second state, after a comma", "restoring"),
}

# Translators: a main and a second state of a machine, as in "Running, streaming".
STATUS_WITH_SECOND = pgettext_lazy("status of a virtual machine", "%(main)s, %(second)s")
# Translators: how far a job is, behind the status: "[5.1 %]". Use your language's blank before the percent sign.
PERCENT = pgettext_lazy("how far a job is", "[%(number)s %%]")
# Translators: the whole status of a stopped template that must not be used.
DO_NOT_USE = pgettext_lazy("status of a VM template", "Do not use")

MODE: Mapping[Mode, Promise] = {
    # Translators: modes of a template; they also stand after a comma: "Running, maintenance mode".
    Mode.READY_FOR_USE: pgettext_lazy("mode of a VM template", "ready for use"),
    Mode.MAINTENANCE: pgettext_lazy("mode of a VM template", "maintenance mode"),
    Mode.FIRST_INSTALLATION: pgettext_lazy("mode of a VM template", "first installation"),
    Mode.DO_NOT_USE: pgettext_lazy("mode of a VM template", "do not use"),
}

MODE_MISSING = pgettext_lazy("mode of a VM template", "no mode set")

MODE_TIP: Mapping[Mode, Promise] = {
    Mode.READY_FOR_USE: _("VMs can be made from it."),
    Mode.MAINTENANCE: _("It is being updated. No VMs are made from it, and while it runs it stays on its node."),
    Mode.FIRST_INSTALLATION: _(
        "Its operating system is being installed. No VMs are made from it, and while it runs it stays on its node."
    ),
    Mode.DO_NOT_USE: _("No VMs are made from it and it is not moved until somebody has looked at it."),
}

# Translators: a mode and who set it when: "ready for use, set by anna (14:03)".
MODE_SET_BY = pgettext_lazy("mode of a VM template", "%(mode)s, set by %(person)s (%(since)s)")

BECOMES_TEMPLATE = _("%(vm)s is being turned into a template.")
IS_BEING_MADE: Mapping[Kind, Promise] = {
    Kind.VM: _("%(vm)s is being made."),
    Kind.TEMPLATE: _("The template %(vm)s is being made."),
    Kind.GOLDEN_IMAGE: _("The golden image %(vm)s is being made."),
}

CREATE_TITLE: Mapping[Kind, Promise] = {
    Kind.VM: pgettext_lazy("button, and title of its page", "Create a virtual machine"),
    Kind.TEMPLATE: pgettext_lazy("button, and title of its page", "Create a template"),
}
CREATE_LEAD: Mapping[Kind, Promise] = {
    Kind.VM: _(
        "One that begins with an ISO image boots from that as long as it lies in the drive: start it, and install its "
        "system on the screen."
    ),
    Kind.TEMPLATE: _(
        "It begins in the mode “first installation”: start it, install its system on the screen, then set it to ready "
        "for use."
    ),
}

BOOT_DEVICE: Mapping[str, Promise] = {
    "cdrom": pgettext_lazy("what a machine boots from", "CD-ROM"),
    "hd": pgettext_lazy("what a machine boots from", "disk"),
    "network": pgettext_lazy("what a machine boots from", "network"),
    "fd": pgettext_lazy("what a machine boots from", "floppy disk"),
}
"""Other devices are shown by libvirt's own word."""

SWITCH_TO: Mapping[str, Promise] = {
    "cdrom": pgettext_lazy("button", "Boots from disk. Switch to CD-ROM."),
    "hd": pgettext_lazy("button", "Boots from CD-ROM. Switch to disk."),
}
WILL_BOOT_FROM: Mapping[str, Promise] = {
    "cdrom": _("From its next start on, %(vm)s boots from CD-ROM."),
    "hd": _("From its next start on, %(vm)s boots from disk."),
}

KIND: Mapping[Kind, Promise] = {
    Kind.VM: _("Virtual machine"),
    Kind.DYNAMIC: _("Dynamic VM"),
    Kind.TEMPLATE: _("VM template"),
    Kind.GOLDEN_IMAGE: _("Golden image"),
}


DUTY: Mapping[Duty, Promise] = {
    Duty.ACTIVE: pgettext_lazy("what a node is for", "active"),
    Duty.MAINTENANCE: pgettext_lazy("what a node is for", "maintenance"),
}

ACTION: Mapping[Action, Promise] = {
    Action.START: pgettext_lazy("button", "Start"),
    Action.SHUTDOWN: pgettext_lazy("button", "Shutdown"),
    Action.POWER_OFF: pgettext_lazy("button", "Power off"),
    Action.MIGRATE: pgettext_lazy("button", "Migrate"),
    Action.EDIT: pgettext_lazy("button", "Edit"),
    Action.DELETE: pgettext_lazy("button", "Delete"),
    Action.USE: pgettext_lazy("button, opens the screen of a machine", "Use"),
    Action.USERS: pgettext_lazy("button, who may use a machine", "Users"),
    Action.GROUPS: pgettext_lazy("button, which groups may use a machine", "Groups"),
    Action.TOGGLE: pgettext_lazy("button, CD-ROM or disk", "Toggle boot device"),
    Action.PERSISTENT: pgettext_lazy("button", "Make a persistent VM"),
    Action.DYNAMIC: pgettext_lazy("button", "Make a golden image for dynamic VMs"),
    Action.RESET: pgettext_lazy("button", "Reset"),
    Action.PAUSE: pgettext_lazy("button", "Pause"),
    Action.BACK_UP: pgettext_lazy("button", "Back up"),
    Action.RESTORE: pgettext_lazy("button, puts a machine back to what a backup has", "Restore"),
    Action.RESTORE_AS_NEW: pgettext_lazy("button", "Restore as a new machine"),
    Action.CHECK_BACKUP: pgettext_lazy("button", "Verify a backup"),
    Action.DELETE_BACKUP: pgettext_lazy("button", "Delete a backup"),
    Action.CLONE: pgettext_lazy("button", "Clone"),
    Action.MAKE_TEMPLATE: pgettext_lazy("button", "Make a template"),
    Action.CREATE: pgettext_lazy("button", "Create"),
    # Translators: copy into a VM's disks what they still need of its template, so that they stand alone.
    Action.STREAM: pgettext_lazy("button", "Stream"),
    # Translators: of a machine that two nodes know: one of them drops its definition, or switches its process off.
    Action.FORGET_DOUBLE: pgettext_lazy("button", "Forget it there"),
    Action.END_DOUBLE: pgettext_lazy("button", "Power off there"),
    # Translators: make one more dynamic VM for a pool, so that it is ready when somebody wants one.
    Action.PROVIDE: pgettext_lazy("button", "Keep a dynamic VM ready"),
    # Translators: of a golden image: nothing changes it any more from now on.
    Action.SEAL: pgettext_lazy("button", "Seal"),
    # Translators: of a golden image: the next VMs of its pool stand on it.
    Action.ACTIVATE: pgettext_lazy("button", "Activate"),
    Action.MOVE_TO_POOL: pgettext_lazy("button", "Move to another pool"),
}

RUN_ACTION = pgettext_lazy("column: start, shutdown, power off, migrate", "Run Action")
OTHER_ACTION = pgettext_lazy("column: edit, delete, use and so on", "Action")

ACTION_TIP: Mapping[Action, Promise] = {
    Action.START: _("Switch the machine on, or let a paused one go on."),
    Action.SHUTDOWN: _("Ask the guest to shut down in order."),
    Action.POWER_OFF: _("Switch the machine off at once, like pulling the plug."),
    Action.MIGRATE: _("Move the machine to another node."),
    Action.EDIT: _("Change name, memory, disks and other hardware."),
    Action.DELETE: _("Delete the machine and the disks the panel made for it."),
    Action.USE: _("Open the screen of the machine."),
    Action.USERS: _("Choose the people who may use the machine."),
    Action.GROUPS: _("Choose the groups that may use the machine."),
    Action.TOGGLE: _("Boot from the CD-ROM instead of the disk, or the other way round."),
    Action.PERSISTENT: _("Make a VM that stays from this template."),
    Action.DYNAMIC: _("Make a golden image for a pool of VMs that are thrown away after use."),
    Action.RESET: _("Restart the machine at once, like its reset button."),
    Action.PAUSE: _("Hold the guest; Start lets it go on."),
    Action.BACK_UP: _("Back the machine up now."),
    Action.RESTORE: _("Put the machine back to what it was when a backup was made."),
    Action.RESTORE_AS_NEW: _("Make a new machine of a backup."),
    Action.CHECK_BACKUP: _("Read all files of a backup and compare them with what was written."),
    Action.DELETE_BACKUP: _("Delete the files of a backup."),
    Action.CLONE: _("Make a full copy of the machine."),
    Action.MAKE_TEMPLATE: _("Turn the machine into a template, or copy it into one."),
    Action.PROVIDE: _("Make one more VM on the pool's active golden image and start it."),
    Action.SEAL: _("Its preparation is over: it will not be started again, and VMs can stand on it."),
    Action.ACTIVATE: _("The next VMs of the pool will stand on this golden image."),
    Action.MOVE_TO_POOL: _("Say which pool the machine belongs to."),
    Action.CREATE: _("Make a new machine."),
    Action.FORGET_DOUBLE: _("Let one of two nodes that know the machine drop its definition. No disk is deleted."),
    Action.END_DOUBLE: _("Switch the machine off at once on one of two nodes where it runs."),
    Action.STREAM: _("Copy what the disks still need of the template, so that they stand alone."),
}

RIGHT: Mapping[Right, Promise] = {
    # Translators: what somebody may do with a machine; these stand in a list to choose from.
    Right.USE: pgettext_lazy("right on a machine", "use"),
    Right.OPERATE: pgettext_lazy("right on a machine", "use + operate"),
}
RIGHT_TIP: Mapping[Right, Promise] = {
    Right.USE: _("See the machine and open its screen."),
    Right.OPERATE: _("The same, and start, shut down, power off, reset and pause it."),
}

WHO_MAY_USE: Mapping[Action, Promise] = {
    Action.USERS: _("People who may use %(vm)s"),
    Action.GROUPS: _("Groups that may use %(vm)s"),
}
TYPE_A_NAME: Mapping[Action, Promise] = {
    Action.USERS: _("Type part of a name. People who have never logged in are found too."),
    Action.GROUPS: _("Type part of a name. Groups that nobody has logged in from are found too."),
}
NOTHING_FOUND: Mapping[Action, Promise] = {
    Action.USERS: _("Nobody was found. Try another part of the name."),
    Action.GROUPS: _("No group was found. Try another part of the name."),
}
NOBODY_MAY_YET: Mapping[Action, Promise] = {
    Action.USERS: _(
        "Nobody was given a right on this machine yet. Whose role is for every machine may use it all the same."
    ),
    Action.GROUPS: _(
        "No group was given a right on this machine yet. Whose role is for every machine may use it all the same."
    ),
}
FOUND_SO_MANY = ngettext_lazy("%(count)s found", "%(count)s found", "count")
# Translators: after a list of people, or of groups, that is cut short.
FOUND_MORE = ngettext_lazy(
    "There are more than %(count)s. Type more of the name.",
    "There are more than %(count)s. Type more of the name.",
    "count",
)
IS_LOCAL: Mapping[Action, Promise] = {
    Action.USERS: pgettext_lazy("where a person comes from", "local account"),
    Action.GROUPS: pgettext_lazy("where a group comes from", "local group"),
}
HAS_A_RIGHT = pgettext_lazy("of somebody who was found", "has a right already")
IS_CHOSEN = pgettext_lazy("of somebody who was found", "chosen already")
# Translators: who gave somebody a right, and when: "by anna, 14:03".
RIGHT_BY = pgettext_lazy("a right on a machine", "by %(person)s, %(since)s")
RIGHT_IS_NEW = pgettext_lazy("a right on a machine", "new, not saved yet")
MAY_NOT_LOG_IN = pgettext_lazy("of a person", "may not log in")

# Translators: names: people or groups, several of them separated by commas.
RIGHTS_GIVEN = _("Now also may use %(vm)s: %(names)s.")
RIGHTS_CHANGED = _("Their rights on %(vm)s were changed: %(names)s.")
RIGHTS_TAKEN = _("May no longer use %(vm)s: %(names)s.")
RIGHTS_HAD_ONE = _("Somebody else had given a right on %(vm)s meanwhile, which was left as it is: %(names)s.")
RIGHTS_HAD_NONE = ngettext_lazy(
    "%(count)s right was not changed: somebody else has taken it away meanwhile.",
    "%(count)s rights were not changed: somebody else has taken them away meanwhile.",
    "count",
)
RIGHTS_UNCHANGED = _("Nothing about who may use %(vm)s was changed.")

RIGHTS_OF = _("What %(person)s may do with %(vm)s")
RIGHTS_OF_MINE = _("What I may do with %(vm)s")
SEE_IT = pgettext_lazy("what somebody may do with a machine", "See it")
# Translators: these say where a right comes from: "role Operator", "own right: use + operate, by anna, 14:03".
THROUGH_ROLE = pgettext_lazy("where a right comes from", "role %(role)s")
THROUGH_OWN = pgettext_lazy("where a right comes from", "own right: %(right)s, %(given)s")
THROUGH_GROUP = pgettext_lazy("where a right comes from", "group %(group)s: %(right)s, %(given)s")
ROLE: Mapping[str, Promise] = {
    "administrator": pgettext_lazy("role", "Administrator"),
    "operator": pgettext_lazy("role", "Operator"),
    "auditor": pgettext_lazy("role", "Auditor"),
    "user": pgettext_lazy("role", "User"),
}
NOTHING_COUNTS_BLOCKED = _("%(person)s is blocked in the panel and may not log in, so none of this counts now.")
NOTHING_COUNTS_GONE = _(
    "The directory no longer knows %(person)s, or gives them no role, so none of this counts now. Should they come "
    "back, it counts again."
)

CONFIRM_TITLE: Mapping[Action, Promise] = {
    Action.SHUTDOWN: _("Shut down %(vm)s?"),
    Action.POWER_OFF: _("Power off %(vm)s?"),
    Action.RESET: _("Reset %(vm)s?"),
    Action.DELETE: _("Delete %(vm)s?"),
}

CONSEQUENCE: Mapping[Action, Promise] = {
    Action.SHUTDOWN: _("The guest of %(vm)s on node %(node)s is asked to shut down. Its services end."),
    Action.POWER_OFF: _(
        "%(vm)s on node %(node)s is switched off at once, without asking its guest. "
        "What the guest has not written to disk is lost."
    ),
    Action.RESET: _(
        "%(vm)s on node %(node)s restarts at once, without asking its guest. "
        "What the guest has not written to disk is lost."
    ),
    Action.DELETE: _("%(vm)s is removed from node %(node)s for good. This cannot be undone."),
}

STREAMING_WILL_STOP = _("Streaming stops, and the template is released.")
BACKUP_WILL_BE_CANCELLED = _("The backup under way is cancelled first; nothing of it is kept.")
STREAMING_GOES_ON = _("Streaming goes on after the stop, from where it was.")

# Translators: why a disk is not deleted together with its machine; why: one or more of those that follow.
STAYS = pgettext_lazy("disk of a machine that is deleted", "stays: %(why)s")
STAYS_NOT_OURS = pgettext_lazy("why a disk is not deleted", "not made by the panel")
STAYS_MEDIUM = pgettext_lazy("why an image is not deleted", "only lies in the drive")
# Translators: users: machines, separated by commas.
STAYS_SHARED = pgettext_lazy("why a disk is not deleted", "also used by %(users)s")
# Translators: at the end of a list of machines: those whose names the reader must not know.
OTHER_MACHINES = npgettext_lazy("list of machines", "another machine", "%(count)s other machines", "count")

REASON: Mapping[Reason, Promise] = {
    Reason.IS_STOPPED: _("The machine is stopped. Start it first."),
    Reason.IS_RUNNING: _("The machine is running already."),
    Reason.IS_STARTING: _("The machine is just starting. Wait until it runs."),
    Reason.IS_SHUTTING_DOWN: _("The machine is shutting down. Wait until it is off, or power it off."),
    Reason.IS_POWERING_OFF: _("The machine is just being powered off."),
    Reason.IS_DELETING: _("The machine is being deleted."),
    Reason.IS_PAUSED: _("The machine is paused. Start lets it go on."),
    Reason.IS_CRASHED: _("The machine crashed. Start it again first."),
    Reason.IS_FROZEN: _("The guest does not react. Power the machine off or reset it."),
    Reason.IS_UNKNOWN: _("The node cannot be reached, so nobody knows how the machine is."),
    Reason.IS_STREAMING: _("The machine is still streaming from its template. Wait until it has finished."),
    Reason.IS_BACKING_UP: _("The machine is being backed up. Wait until it has finished."),
    Reason.IS_MIGRATING: _("The machine is moving to another node. Wait until it has arrived."),
    Reason.IS_CREATING: _("The machine is still being made."),
    Reason.IS_RESTORING: _("The machine is being restored from a backup."),
    Reason.IS_BEING_COPIED: _("The machine is being copied. Wait until the copy stands alone."),
    Reason.NEEDS_ITS_TEMPLATE: _("Its disks still need the template it was made from. Let it stream first."),
    Reason.IS_BEING_CHANGED: _("The machine is just being changed. Wait a moment."),
    Reason.TEMPLATE_IS_STREAMED_FROM: _(
        "Virtual machines still stream from this template. Wait until they have finished."
    ),
    Reason.MUST_BE_STOPPED: _("The machine must be stopped. Shut it down first."),
    Reason.NO_SCREEN_WHILE_STOPPED: _("A stopped machine has no screen. Start it first."),
    Reason.NO_PROCESS_LEFT: _("The machine's process has ended already; there is nothing to power off."),
    Reason.IS_PROTECTED: _("The machine is protected against deleting. Take the protection off in Edit first."),
    Reason.MODE_IS_READY: _("The template is ready for use. Shut it down to change this."),
    Reason.MODE_IS_MAINTENANCE: _("The template is in maintenance mode. Set it to ready for use first."),
    Reason.MODE_IS_FIRST_INSTALLATION: _("The template is in its first installation. Set it to ready for use first."),
    Reason.MODE_IS_DO_NOT_USE: _("The template is marked as not to be used. Set its mode first."),
    Reason.IS_SEALED: _("The golden image is sealed: nothing changes it any more. Make a new one from the template."),
    Reason.IS_NOT_SEALED: _("The golden image is still being prepared. Seal it first."),
    Reason.IS_ACTIVE_IMAGE: _("The next VMs of the pool stand on this golden image. Activate another one first."),
    Reason.VMS_STAND_ON_IT: _("Dynamic VMs still stand on this golden image. Wait until they are gone."),
    Reason.IS_THROWN_AWAY: _("It was switched off, so it is thrown away. Open the pool to get a new one."),
    Reason.IS_DYNAMIC: _("A dynamic VM stays on its node until it is shut down, and is thrown away then."),
    Reason.IS_GOLDEN_IMAGE: _(
        "A golden image stays on its node. If that one is to go, make a golden image on another node and activate it."
    ),
    Reason.RUN_SLOT_TAKEN: _("Something else is being done with the machine. Wait until it has finished."),
    Reason.JOB_SLOT_TAKEN: _("A job is under way on the machine. Wait until it has finished."),
    Reason.NOT_PERMITTED: _("You may not do this on this machine. Ask an administrator."),
    Reason.GONE_FROM_NODE: _("The node no longer knows this machine."),
    Reason.ALSO_ELSEWHERE: _(
        "Another node knows this machine too. Say on its page which of the two counts, before anything else is done."
    ),
    Reason.BACKUPS_BUSY: _("A backup of this machine is just being verified or deleted. Wait until that has finished."),
    Reason.BACKUP_GONE: _("This backup is not there any more."),
    Reason.BACKUP_IS_NEEDED: _("Later backups stand on this one: it can only be deleted together with them."),
    Reason.BACKUP_IN_USE: _("A machine is just being restored from this backup. Wait until that has finished."),
    Reason.TARGET_GONE: _("This target for backups is not there any more."),
    Reason.TARGET_OUT_OF_REACH: _("No node that has the folder of this backup answers."),
    Reason.BACKUP_UNUSABLE: _("This backup, or one that it stands on, is damaged or not complete."),
    Reason.TARGET_NOT_ON_NODE: _("The node has no storage pool with the folder of this backup."),
    Reason.IS_ON_ANOTHER_NODE: _("It is on another node by now. Choose its storage again."),
    Reason.ASKING_FAILED: _(
        "This could not be asked for: something went wrong in the panel itself. The details are in its log."
    ),
}

# Translators: the end of a list of names that is cut short: "web-01 [5.1 %], web-02 [77.0 %] and 12 more".
AND_MORE = npgettext_lazy("list of machines", "%(names)s and %(count)s more", "%(names)s and %(count)s more", "count")
STILL_COPY_FROM: Mapping[Kind, Promise] = {
    # Translators: names: machines, each with how far it is: "web-01 [5.1 %], web-02 [77.0 %]".
    Kind.TEMPLATE: ngettext_lazy(
        "%(names)s still streams from this template.", "%(names)s still stream from this template.", "count"
    ),
    Kind.VM: ngettext_lazy(
        "%(names)s is still being copied from this machine.",
        "%(names)s are still being copied from this machine.",
        "count",
    ),
    Kind.GOLDEN_IMAGE: ngettext_lazy(
        "%(names)s stands on this golden image.", "%(names)s stand on this golden image.", "count"
    ),
}
STILL_LINKED = ngettext_lazy(
    "%(names)s still needs its disks and does not stream.",
    "%(names)s still need its disks and do not stream.",
    "count",
)
# Translators: of a VM in a list of those that need a template. Streaming copies what it needs into its own disks.
LINKED = _("Linked: streaming was stopped, and it needs these disks until it has streamed to the end.")
STREAM_WAITS = pgettext_lazy("of a VM that nobody works on at the moment", "waits to stream")
# Translators: origin: the template or VM that a VM was made from.
STILL_NEEDS = _("Its disks still need %(origin)s: streaming was stopped.")
STILL_NEEDS_UNKNOWN = _("Its disks still need those it was made from: streaming was stopped.")
STREAMS_AGAIN = _("%(vm)s streams again.")
STANDS_ALONE_ALREADY = _("The disks of %(vm)s stand alone already: there is nothing left to stream.")

STOP_STREAM = _("Stop the streaming of %(vm)s?")
STOP_MAKING = _("Stop making %(vm)s?")
STOP_IT = pgettext_lazy("button, cancels an operation", "Stop it")
STAYS_LINKED: Mapping[Kind, Promise] = {
    # Translators: origin: the template, or the VM, that a VM was made from.
    Kind.TEMPLATE: _(
        "%(vm)s stays linked to %(origin)s, which can be neither started nor deleted meanwhile. What was copied is "
        "kept, and it can stream again at any time."
    ),
    Kind.VM: _(
        "%(vm)s stays linked to %(origin)s, which can be neither started, moved nor deleted meanwhile. What was copied "
        "is kept, and it can go on at any time."
    ),
}
STAYS_LINKED_TO_UNKNOWN = _(
    "%(vm)s goes on needing the disks it was made from. What was copied is kept, and it can stream again at any time."
)
MAKING_STOPS = _("%(vm)s will not be made. What was made of it so far is removed.")
STREAM_STOPS = _("Streaming of %(vm)s is being stopped.")
MAKING_IS_STOPPED = _("The making of %(vm)s is being stopped.")
TOO_LATE_TO_CANCEL = _("It is too late to cancel this operation: it has ended or come too far.")
# Translators: speed: "5 MiB/s".
LIMIT_SET = _("The disks of %(vm)s are now copied with %(speed)s at most.")
LIMIT_TAKEN_OFF = _("The disks of %(vm)s are now copied as fast as possible.")
TOO_LATE_TO_LIMIT = _("The speed was not changed: this operation has nothing left to copy.")

# Translators: who holds a machine: "Shutdown by anna since 14:03 (62.0 %)".
HELD_BY = _("%(action)s by %(person)s since %(since)s.")
HELD_BY_WITH_PERCENT = _("%(action)s by %(person)s since %(since)s, %(percent)s.")
HELD_BY_WITH_TIME_LEFT = _("%(action)s by %(person)s since %(since)s, %(percent)s, about %(duration)s left.")
THE_PANEL = pgettext_lazy("who did something, when it was no person", "the panel")
ANOTHER_TOOL = pgettext_lazy("who did something, when it was not done with the panel", "another tool")

# Translators: heading of a tool-tip, before the reason: "Delete is off".
ACTION_IS_OFF = pgettext_lazy("tool-tip of a button that cannot be pressed now", "%(action)s is off")
# Translators: last line of a tool-tip: since when a machine is in its state.
STATE_SINCE = pgettext_lazy("state of a machine", "Since %(since)s")

POWER: Mapping[Power, Promise] = {
    Power.OFF: pgettext_lazy("what the node reports", "off"),
    Power.RUNNING: pgettext_lazy("what the node reports", "running"),
    Power.PAUSED: pgettext_lazy("what the node reports", "paused"),
    Power.SHUTTING_DOWN: pgettext_lazy("what the node reports", "shutting down"),
    Power.CRASHED: pgettext_lazy("what the node reports", "crashed"),
    Power.UNKNOWN: pgettext_lazy("what the node reports", "unknown"),
}

POWER_REASON: Mapping[PowerReason, Promise] = {
    PowerReason.SHUT_DOWN: _("The guest shut itself down."),
    PowerReason.POWERED_OFF: _("It was powered off."),
    PowerReason.PROCESS_DIED: _("Its QEMU process ended by itself or was killed."),
    PowerReason.START_FAILED: _("It could not be started."),
    PowerReason.MOVED_AWAY: _("It was moved to another node."),
    PowerReason.SAVED: _("Its memory was saved to a file; Start goes on from there."),
    PowerReason.FROM_SNAPSHOT: _("It was reset to a snapshot."),
    PowerReason.NODE_RESTARTED: _("The node's libvirt service lost it, for example by a restart of the node."),
    PowerReason.BY_REQUEST: _("Somebody paused it."),
    PowerReason.STARTING_UP: _("It is just starting."),
    PowerReason.SAVING_MEMORY: _("Its memory is being saved to a file."),
    PowerReason.MIGRATING: _("It is moving between nodes."),
    PowerReason.DUMPING: _("Its memory is being dumped."),
    PowerReason.SNAPSHOT: _("A snapshot is being taken."),
    PowerReason.SHUTTING_DOWN: _("It is shutting down."),
    PowerReason.IO_ERROR: _("A disk could not be read or written. Look at the storage, then press Start."),
    PowerReason.WATCHDOG: _("Its watchdog fired: the guest hung. Look at its screen, then reset it or press Start."),
    PowerReason.GUEST_PANIC: _("Its guest's kernel stopped with a panic. Power it off and start it again."),
    PowerReason.POSTCOPY: _("Its memory is still arriving from another node."),
    PowerReason.POSTCOPY_FAILED: _("The move of its memory broke off half-way. Power it off and start it again."),
    PowerReason.NODE_ERROR: _("The node paused it after an error of its own."),
}
"""PowerReason.NONE needs no words."""

# Translators: disk: the name of a disk, such as vda.
DISK_IS_FULL = _("No space is left in the storage of disk %(disk)s. Make room there, then press Start.")
DISK_FAILS = _("Disk %(disk)s could not be read or written. Look at its storage, then press Start.")
WATCHDOG_FIRED = _("The watchdog of the machine fired: its guest hangs.")
AGENT_IS_SILENT = _("The guest agent used to answer and no longer does.")
LAST_KNOWN = _("Last known: %(state)s, since %(since)s.")
NODE_LOST_SINCE = _("Node %(node)s cannot be reached since %(since)s.")
# Translators: states: how many machines of a node were how: "12 running, 3 off".
LAST_KNOWN_THERE = _("When contact was lost (%(since)s): %(states)s.")
COUNT_OF_A_STATE = pgettext_lazy("so many machines are so: 12 running", "%(count)s %(state)s")
GONE_SINCE = _("Node %(node)s no longer knows it since %(since)s.")

# Translators: of a machine that more than one node knows. kept: the node where it is shown, there: the other one; both
# know it. state: "running", "off".
DOUBLE_NOTE: Mapping[Peril, Promise] = {
    Peril.RUNS_TWICE: _("It runs on node %(node)s at the same time."),
    Peril.NONE: _("Node %(node)s knows it too, there it is: %(state)s."),
    Peril.UNSEEN: _("Node %(node)s had it too, when both were last heard: %(state)s."),
}
DOUBLE_TITLE: Mapping[Peril, Promise] = {
    Peril.RUNS_TWICE: _("%(vm)s runs on two nodes at the same time: %(kept)s and %(there)s"),
    Peril.NONE: _("Two nodes know %(vm)s: %(kept)s and %(there)s"),
    Peril.UNSEEN: _("%(vm)s may be on two nodes: %(kept)s and %(there)s"),
}
DOUBLE_MEANS: Mapping[Peril, Promise] = {
    Peril.RUNS_TWICE: _(
        "Where both use the same disks, they destroy each other's data; where each has its own, they drift apart. "
        "Decide which one is to stay, and power the other one off at once. Then check the file systems of the one that "
        "stays."
    ),
    Peril.UNSEEN: _(
        "One of the two cannot be reached, so nobody knows whether it runs there. On node %(there)s it was last: "
        "%(state)s. Until both answer, it can be neither started, moved, changed nor deleted."
    ),
}
DOUBLE_ONE_IS_ON = _(
    "It is off on one of them, and could be started there by mistake. As long as both know it, it can be neither "
    "started, moved, changed nor deleted. Let the one where it is off forget it."
)
DOUBLE_BOTH_OFF = _(
    "It is off on both, and nobody but you knows which of the two definitions, and whose disks, are the right ones. "
    "Look at both, then let one of them forget it. As long as both know it, it can be neither started, moved, changed "
    "nor deleted."
)
# Translators: under a list of machines that two nodes know.
DOUBLES_MORE = ngettext_lazy(
    "%(count)s more machine is on two nodes.", "%(count)s more machines are on two nodes.", "count"
)
DOUBLE_FORGET = pgettext_lazy("button", "Forget it on %(node)s")
DOUBLE_POWER_OFF = pgettext_lazy("button", "Power off on %(node)s")
DOUBLE_DISREGARD = pgettext_lazy("button", "Go on without %(node)s")
DOUBLE_ASKS: Mapping[Action, Promise] = {
    Action.FORGET_DOUBLE: _("Forget %(vm)s on node %(there)s?"),
    Action.END_DOUBLE: _("Power off %(vm)s on node %(there)s?"),
}
DOUBLE_CONSEQUENCE: Mapping[Action, Promise] = {
    Action.FORGET_DOUBLE: _(
        "Node %(there)s drops its definition of %(vm)s; what node %(kept)s has stays as it is. No disk is deleted on "
        "either of them, and what its firmware has written down stays too."
    ),
    Action.END_DOUBLE: _(
        "%(vm)s is switched off at once on node %(there)s, without asking its guest. What that guest has not written "
        "to disk is lost. On node %(kept)s it runs on."
    ),
}
DOUBLE_BEGINS: Mapping[Action, Promise] = {
    Action.FORGET_DOUBLE: _("%(vm)s is being forgotten on node %(there)s."),
    Action.END_DOUBLE: _("%(vm)s is being powered off on node %(there)s."),
}
DOUBLE_LOOKS_AGAIN = _(
    "Right before, both nodes are asked again. If something has changed by then, nothing is done, and you are told."
)
DOUBLE_LOSES_MEMORY = _("Its memory is saved to a file on node %(there)s. That is lost.")
DISREGARD_TITLE = _("Go on with %(vm)s without node %(there)s?")
DISREGARD_MEANS = _(
    "Do this only if %(vm)s does not run on node %(there)s any more and nobody will start it there, such as after that "
    "node has broken down for good. If it runs there all the same, both will write to the same disks."
)
DISREGARD_FINDS_AGAIN = _("Should node %(there)s come back with it, that is found and shown again.")
DISREGARD_TOO_LATE = _("Node %(there)s answers, or does not have %(vm)s any more. Look at its page again.")
DISREGARDED = _("From now on it does not count that node %(there)s had %(vm)s too.")

PROGRESS: Mapping[Progress, Promise] = {
    Progress.QUEUED: pgettext_lazy("progress of an operation", "Waiting"),
    Progress.WORKING: pgettext_lazy("progress of an operation", "Under way"),
    Progress.UNCLEAR: pgettext_lazy("progress of an operation", "Needs a look"),
    Progress.SUCCEEDED: pgettext_lazy("progress of an operation", "Done"),
    Progress.FAILED: pgettext_lazy("progress of an operation", "Failed"),
    Progress.CANCELLED: pgettext_lazy("progress of an operation", "Cancelled"),
}

# Translators: instead of "Under way", for an operation that was cancelled, or failed, in the middle.
IS_TAKEN_BACK = pgettext_lazy("progress of an operation", "Is being taken back")

PHASE: Mapping[Phase, Promise] = {
    Phase.WAITING_FOR_WORKER: _("waits for a worker"),
    Phase.WAITING_FOR_NODE: _("waits for the node to answer"),
    Phase.WAITING_FOR_PREVIOUS: _("waits for what was begun before"),
    Phase.TALKING_TO_NODE: _("talks to the node"),
    Phase.WAITING_FOR_GUEST: _("waits for the guest"),
    Phase.DELETING_DISKS: _("deletes disks"),
    Phase.MAKING_DISKS: _("makes the disks"),
    Phase.UPLOADING: _("brings the image to the node"),
    Phase.COPYING_IMAGE: _("copies the image into its disk"),
    Phase.WAITING_FOR_TURN: _("waits for its turn: enough machines are doing the same on this node already"),
    Phase.STREAMING: _("copies from the template"),
    Phase.WAITING_FOR_SPACE: _("waits for room: no space is left in the storage of its disks"),
    Phase.MOVING: _("is on its way to the other node"),
    Phase.FINDING_OUT: _("finds out on which node the machine is"),
    Phase.ENDING: _("puts things in order"),
    Phase.TAKING_BACK: _("takes back what was begun"),
    Phase.SAVING_MEMORY: _("saves its memory; the guest pauses meanwhile"),
    Phase.COPYING_DISKS: _("copies the disks as they were when the backup began"),
    Phase.MERGING: _("brings what was written meanwhile back into the disks"),
    Phase.CHECKING: _("reads the files of the backup"),
    Phase.WRITING_DOWN: _("writes down what the backup consists of"),
    Phase.RESTORING: _("copies from the backup"),
}

PROBLEM: Mapping[Problem, Promise] = {
    Problem.NODE_UNREACHABLE: _("Node %(node)s cannot be reached. Look at its network and its libvirt service."),
    Problem.NODE_DOES_NOT_ANSWER: _(
        "Node %(node)s accepts connections but does not answer. Look at its libvirt service."
    ),
    Problem.NODE_REFUSED_LOGIN: _("Node %(node)s refused the panel's login. Look at the keys or passwords."),
    Problem.ADDRESS_NOT_UNDERSTOOD: _("The libvirt address of node %(node)s is not valid."),
    Problem.NODE_KNOWN_ALREADY: _("This is node %(node)s, which the panel looks after already."),
    Problem.VM_NOT_FOUND: _("Node %(node)s no longer knows %(vm)s."),
    # Translators: there, kept: nodes that both know the machine.
    Problem.IS_ON_THERE: _(
        "%(vm)s is on at node %(there)s, so it was not forgotten there. Power it off there first, or keep that one."
    ),
    Problem.IS_THE_ONLY_ONE: _(
        "Node %(kept)s does not have %(vm)s like that any more, so nothing was done on node %(there)s. Look at both."
    ),
    Problem.WRONG_STATE: _("%(vm)s was not in a state that allows this. Look at its status and try again."),
    Problem.NO_LONGER_POSSIBLE: _("When its turn came, this was no longer possible for %(vm)s."),
    Problem.GUEST_DID_NOT_REACT: _("The guest did not react. %(vm)s is still running; you can power it off."),
    Problem.DID_NOT_STAY_ON: _("%(vm)s did not stay on. Look at its status and the end of its log."),
    Problem.NOT_ENOUGH_MEMORY: _("Node %(node)s does not have enough free memory for %(vm)s."),
    Problem.DISK_LOCKED: _("A disk of %(vm)s is in use by another process, so it cannot be opened."),
    Problem.DISK_MISSING: _("A disk of %(vm)s is missing on node %(node)s."),
    Problem.DISK_IN_USE: _("A disk of %(vm)s is still needed by %(users)s, so nothing was deleted."),
    Problem.DISK_EXISTS: _("There is a disk image of this name on node %(node)s already."),
    Problem.ORIGIN_DISK_MISSING: _(
        "The disk image %(path)s, which %(vm)s is made from, is missing on node %(node)s. Bring it back, or choose "
        "another template."
    ),
    Problem.STREAM_BROKE: _(
        "Copying from the template broke off several times. %(vm)s still needs the template; look at the storage and "
        "the log on node %(node)s, then let it stream again."
    ),
    # Translators: node: where the machine was to go.
    Problem.NODE_CANNOT_TAKE_IT: _("When its turn came, node %(node)s could not take %(vm)s."),
    # Translators: home, to: the nodes from which and to which the machine was to move; the same below.
    Problem.NODES_APART: _(
        "Node %(home)s could not reach node %(to)s, so %(vm)s stayed where it was. Look at the network between the two "
        "nodes, and at the addresses of node %(to)s for other nodes."
    ),
    Problem.NO_POST_COPY: _(
        "Node %(home)s or node %(to)s does not let a guest be handed over early (post-copy), so %(vm)s stayed where it "
        "was. Migrate it without that, or allow it on both: vm.unprivileged_userfaultfd=1."
    ),
    Problem.MIGRATION_BROKE: _(
        "%(vm)s could not move to node %(to)s and stayed on node %(home)s. The nodes' own words stand below."
    ),
    Problem.MIGRATION_TORN: _(
        "The way between node %(home)s and node %(to)s broke after %(vm)s was handed over, and a part of its memory "
        "was lost. Power it off on both nodes, start it on node %(to)s, then close this operation."
    ),
    Problem.ON_WHICH_NODE: _(
        "It cannot be told whether %(vm)s belongs to node %(home)s or to node %(to)s. Look at it on both nodes, leave "
        "it on the one where it is right, then close this operation."
    ),
    Problem.NO_SUCH_DRIVE: _("%(vm)s has no drive of this kind, so it cannot boot from one."),
    Problem.CHANGED_MEANWHILE: _(
        "Somebody else changed %(vm)s meanwhile, so it was left as it is. Look at it, then choose again."
    ),
    Problem.IMAGE_TAKEN: _("The disk image %(path)s belongs to %(users)s by now, so nothing of %(vm)s was changed."),
    Problem.MAC_TAKEN: _("%(users)s has the MAC address %(mac)s by now, so nothing of %(vm)s was changed."),
    Problem.NAME_TAKEN: _("Another machine is called %(name)s by now, so nothing of %(vm)s was changed."),
    # Translators: changes: what was to be changed, one after the other.
    Problem.NOT_NOW: _(
        "All was written down for the next start of %(vm)s, but node %(node)s could not change the running machine. "
        "From its next start: %(changes)s"
    ),
    Problem.IMAGE_NOT_TRUSTED: _("The image was refused. %(why)s"),
    Problem.UPLOAD_MISSING: _("The uploaded file for %(vm)s cannot be read in the panel's store any more."),
    # Translators: folder: of the backup target.
    Problem.TARGET_MISSING: _(
        "Node %(node)s has no active storage pool with the folder %(folder)s, so no backup can be made or read there."
    ),
    # Translators: needed, free: sizes, such as "3.2 GiB".
    Problem.NO_ROOM_FOR_BACKUP: _(
        "A backup of %(vm)s may take up to %(needed)s, but only %(free)s are free in %(folder)s on node %(node)s. "
        "Delete old backups, or choose another target."
    ),
    Problem.BACKUP_BROKE: _(
        "The backup of %(vm)s broke off, so nothing of it was kept; the machine's disks are as before. The node's own "
        "words stand below, if it said any."
    ),
    Problem.BACKUP_GONE: _("Files of the backup are missing in %(folder)s on node %(node)s."),
    Problem.BACKUP_DAMAGED: _("The backup of %(vm)s is damaged: its files are not as they were written."),
    # Translators: needed, free: sizes, such as "3.2 GiB".
    Problem.NO_ROOM_TO_RESTORE: _(
        "The disks of %(vm)s may take up to %(needed)s, but only %(free)s are free in %(folder)s on node %(node)s. "
        "Nothing was changed. Make room there, or choose another storage pool."
    ),
    Problem.POOL_IS_FULL: _(
        "The limits of the pool %(pool)s leave no room for what %(vm)s has in the backup. Nothing was changed."
    ),
    # Translators: networks: the names of networks, bridges or devices.
    Problem.NOT_OF_THE_POOL: _(
        "In the backup %(vm)s is plugged into %(networks)s, which machines of the pool %(pool)s may not use. Nothing "
        "was changed."
    ),
    Problem.POOL_IS_GONE: _("The pool was removed meanwhile, so %(vm)s was left where it was."),
    Problem.NO_SPACE: _("No space is left on node %(node)s."),
    Problem.INVALID_XML: _("The definition of %(vm)s is not valid for node %(node)s."),
    Problem.UNSUPPORTED: _("Node %(node)s cannot do this."),
    Problem.REFUSED: _("Node %(node)s refused. Its own words stand below."),
    Problem.TIMED_OUT: _("Node %(node)s did not finish in time."),
    Problem.SUPERSEDED: _("%(person)s turned %(vm)s off before this had finished."),
    Problem.DELETED_MEANWHILE: _("%(person)s deleted %(vm)s before this had finished."),
    Problem.WORKER_DIED: _(
        "The worker ended in the middle, and it cannot be told whether the node had already done it. "
        "Look at the machine, then close this operation."
    ),
    Problem.CONTACT_BROKE: _(
        "The contact with node %(node)s broke in the middle, and it cannot be told whether the node had already done "
        "it. Look at the machine, then close this operation."
    ),
    Problem.BUG: _("Something went wrong in the panel itself. The details are in its log."),
}

PROBLEM_OF: Mapping[tuple[Action, Problem], Promise] = {
    (Action.RESTORE, Problem.STREAM_BROKE): _(
        "Copying from the backup broke off several times, so %(vm)s is as it was before. Look at the storage and the "
        "log on node %(node)s."
    ),
    (Action.RESTORE_AS_NEW, Problem.STREAM_BROKE): _(
        "Copying from the backup broke off several times, so %(vm)s was not made. Look at the storage and the log on "
        "node %(node)s."
    ),
    (Action.BACK_UP, Problem.NO_SPACE): _(
        "No space is left for the backup of %(vm)s, so nothing of it was kept. Delete old backups, or choose another "
        "target."
    ),
    (Action.DELETE_BACKUP, Problem.DISK_IN_USE): _(
        "Files of this backup of %(vm)s are still needed by %(users)s, so nothing was deleted."
    ),
    # Translators: changes: what was to be changed, one after the other.
    (Action.EDIT, Problem.GUEST_DID_NOT_REACT): _(
        "All was written down for the next start of %(vm)s, but its guest did not follow. From its next start: "
        "%(changes)s"
    ),
}
"""Where a problem means something else for an action."""

FILE_KIND: Mapping[FileKind, Promise] = {
    FileKind.ISO: pgettext_lazy("kind of an uploaded file", "ISO image"),
    FileKind.QCOW2: pgettext_lazy("kind of an uploaded file", "Disk image, qcow2"),
    FileKind.RAW: pgettext_lazy("kind of an uploaded file", "Disk image, raw"),
}

# Translators: found, expected: SHA-256 checksums, of 64 characters each.
WRONG_CHECKSUM = _(
    "What arrived is another file, or was damaged on the way, and was not kept. Expected: %(expected)s. "
    "Found: %(found)s."
)
# Translators: how far an upload is; done, total, speed: sizes; left: a time such as "40 s".
UPLOAD_ARRIVING = pgettext_lazy("upload", "%(done)s of %(total)s · %(speed)s/s · %(left)s left")
PATH_IN_NO_POOL = _("This is no file in a storage pool of node %(node)s. Its pools are in these folders: %(folders)s")

# Translators: why a file is not taken as an ISO or disk image.
IMAGE_FAULT: Mapping[ImageFault, Promise] = {
    ImageFault.EMPTY: _("The file is empty."),
    ImageFault.MISSING: _("There is no such file in the storage pools of the node."),
    ImageFault.NOT_AN_ISO: _("This is no ISO image: its table of contents is not where it ought to be."),
    ImageFault.NOT_QCOW2: _("This is no qcow2 image, though it was said to be one."),
    ImageFault.UNKNOWN_VERSION: _("This version of qcow2 is not known. Versions 2 and 3 are taken."),
    ImageFault.HAS_IMAGE_BELOW: _(
        "The image needs another image below it, and could lead to any file of the node that way. Convert it to one "
        "that stands alone."
    ),
    ImageFault.HAS_DATA_FILE: _(
        "The image keeps its data in another file, and could lead to any file of the node that way. Convert it to one "
        "that stands alone."
    ),
    ImageFault.ENCRYPTED: _("The image is encrypted, and nobody could unlock it here."),
    ImageFault.UNKNOWN_FEATURES: _("The image uses a feature of qcow2 that the panel does not know."),
    ImageFault.DAMAGED: _("The image is damaged. Check and repair it with qemu-img first."),
    ImageFault.NO_CAPACITY: _("The image says that its disk has no size."),
    ImageFault.TOO_LARGE: _("The image says that its disk is larger than 64 TiB."),
    ImageFault.NO_WHOLE_SECTORS: _("A raw image consists of whole sectors of 512 bytes, and this one does not."),
    ImageFault.ANOTHER_FORMAT: _(
        "The file was said to be a raw image, but begins like an image of another format. If that is what it is, "
        "choose its format or convert it."
    ),
}

EVENT: Mapping[What, Promise] = {
    What.FOUND: _("Found on node %(node)s"),
    What.STARTED: _("Started"),
    What.STOPPED: _("Stopped"),
    What.PAUSED: _("Paused"),
    What.RESUMED: _("Went on"),
    What.CRASHED: _("Crashed"),
    What.RENAMED: _("Renamed from %(old)s to %(new)s"),
    What.DEFINITION_CHANGED: _("Hardware changed"),
    What.MOVED: _("Moved from node %(old)s to node %(new)s"),
    What.GONE: _("No longer known to node %(node)s"),
    What.BACK: _("Known to node %(node)s again"),
    What.ALSO_ELSEWHERE: _("Node %(node)s knows it too"),
    What.RUNS_TWICE: _("Runs on node %(node)s at the same time"),
    What.NO_LONGER_ELSEWHERE: _("Node %(node)s does not know it any more"),
    What.DELETED: _("Deleted"),
    What.FROZE: _("The guest stopped reacting"),
    What.WATCHDOG: _("The watchdog fired"),
    What.IO_ERROR: _("A disk could not be read or written"),
    What.REBOOTED: _("The guest restarted"),
    What.NODE_LOST: _("Contact lost"),
    What.NODE_FOUND: _("Contact made"),
    What.NODE_REMOVED: _("%(person)s removed node %(node)s from the panel"),
    What.MAINTENANCE_BEGAN: _("%(person)s put it into maintenance"),
    What.MAINTENANCE_ENDED: _("%(person)s ended the maintenance"),
    What.EMPTYING_BEGAN: _("%(person)s began to empty it"),
    What.EMPTYING_ENDED: _("Emptying it has ended"),
    What.EMPTYING_CANCELLED: _("%(person)s cancelled emptying it"),
    What.REQUESTED: _("%(action)s was asked for by %(person)s"),
    What.OPERATION_ENDED: _("%(action)s ended: %(progress)s"),
    What.MODE_CHANGED: _("Mode changed from %(old)s to %(new)s by %(person)s"),
    What.MOVED_TO_POOL: _("Pool changed from %(old)s to %(new)s by %(person)s"),
    What.STANDS_ALONE: _("Its disks stand alone: it no longer needs %(template)s"),
    What.RESTORED: _("Restored from the backup %(backup)s"),
}

# Translators: a sentence above the timeline of a machine that is no more; since: a time, or a date and a time.
VM_DELETED_BY = _("%(person)s deleted it from node %(node)s (%(since)s).")

NOT_BY_THIS_PANEL = _("not by this panel")

BACKUP_STATE: Mapping[BackupState, Promise] = {
    BackupState.MAKING: pgettext_lazy("state of a backup", "Being made"),
    BackupState.GOOD: pgettext_lazy("state of a backup", "Good"),
    BackupState.DAMAGED: pgettext_lazy("state of a backup", "Damaged"),
    BackupState.GOING: pgettext_lazy("state of a backup", "Being deleted"),
}
CONSISTENCY: Mapping[Consistency, Promise] = {
    # Translators: how the machine was when its backup was made.
    Consistency.OFF: pgettext_lazy("consistency of a backup", "Machine was off"),
    Consistency.AT_REST: pgettext_lazy("consistency of a backup", "File systems at rest"),
    Consistency.POWER_CUT: pgettext_lazy("consistency of a backup", "As after a power cut"),
    Consistency.WITH_MEMORY: pgettext_lazy("consistency of a backup", "With memory"),
}
CONSISTENCY_TIP: Mapping[Consistency, Promise] = {
    Consistency.OFF: _("The machine was off, so its disks were complete."),
    Consistency.AT_REST: _("The machine ran, and its guest agent held the file systems still for the moment."),
    Consistency.POWER_CUT: _(
        "The machine ran, and its guest was not asked. After a restore it finds its disks as after a power cut: file "
        "systems and databases repair themselves at the start."
    ),
    Consistency.WITH_MEMORY: _(
        "The machine ran, and its memory is in the backup too: restored with it, the guest goes on where it was."
    ),
}
DAMAGE: Mapping[Damage, Promise] = {
    Damage.MISSING: _("A file of this backup is missing."),
    Damage.CHANGED: _("A file of this backup is not what was written: its checksum is another."),
    Damage.NO_IMAGE: _(
        "An image of this backup is none any more, is of another size, or stands on another one than it did."
    ),
}
BACK_UP_TITLE = pgettext_lazy("page title", "Back up %(vm)s")
BACK_UP_BEGINS = _("%(vm)s is being backed up to %(target)s.")
BACK_UP_STAYS_OFF = _(
    "%(vm)s stays off. It can be started meanwhile: the backup goes on, and has the disks as they were when it began."
)
BACK_UP_RUNS_ON = _("%(vm)s runs on. The backup has its disks as they were when it began.")
BACK_UP_WITHOUT_AGENT = _(
    "%(vm)s has no channel for a guest agent, so its file systems are not held still: after a restore it finds its "
    "disks as after a power cut."
)
BACK_UP_AS_IT_IS = _("The disks of %(vm)s are backed up as they are at this moment.")
BACK_UP_VERIFIES = _("Afterwards all files are read once more, and their checksums are written down.")
NO_TARGET_YET = _("There is no target for backups yet: a folder to which they are made.")
NO_TARGET_HERE = _("Node %(node)s has none of the folders to which backups are made.")
TARGET_NOT_HERE = _("Node %(node)s has no storage pool with its folder %(folder)s.")
TARGET_FREE = pgettext_lazy("room in a target for backups", "%(free)s free")
# Translators: size: what is on the machine's disks.
TARGET_IS_TIGHT = _("There may not be room: a whole backup takes up to %(size)s.")
TARGET_HAS_NONE = pgettext_lazy("a target for backups", "no backup of it there yet, so the first is whole")
# Translators: duration: such as "3 h".
TARGET_HAS_ONE = pgettext_lazy("a target for backups", "newest backup of it: %(duration)s ago")
BACKUP_TITLE = pgettext_lazy("page title; moment: when the backup was made", "%(vm)s, %(moment)s")
BACKUP_OF = pgettext_lazy("fact about a backup", "Machine")
# Translators: how the machine was called when the backup was made.
BACKUP_NAME_THEN = pgettext_lazy("fact about a backup", "Its name then")
BACKUP_MADE = pgettext_lazy("fact about a backup", "State of")
BACKUP_BY = pgettext_lazy("fact about a backup: who asked for it", "Made by")
BACKUP_TOOK = pgettext_lazy("fact about a backup: how long it lasted", "Took")
BACKUP_SIZE = pgettext_lazy("fact about a backup", "Size")
BACKUP_KIND = pgettext_lazy("fact about a backup", "Kind")
BACKUP_CONSISTENCY = pgettext_lazy("fact about a backup", "Consistency")
BACKUP_VERIFIED = pgettext_lazy("fact about a backup", "Verified")
BACKUP_NOT_VERIFIED = pgettext_lazy("when a backup was verified", "not yet")
# Translators: moment: a time, or a date and a time: "14:03, by anna".
BACKUP_VERIFIED_BY = pgettext_lazy("when a backup was verified", "%(moment)s, by %(person)s")
BACKUP_TARGET = pgettext_lazy("fact about a backup", "Target")
BACKUP_FOLDER = pgettext_lazy("fact about a backup", "Folder")
BACKUP_NODE = pgettext_lazy("fact about a backup", "Made on node")
BACKUP_FILE_DEFINITION = pgettext_lazy("file of a backup", "Definition of the machine")
BACKUP_FILE_MEMORY = pgettext_lazy("file of a backup", "Memory of the machine")
BACKUP_FILE_LIST = pgettext_lazy("file of a backup", "What the backup consists of")
BACKUP_IS_GOING = _("This backup is just being deleted.")
RESTORE_BUTTON = pgettext_lazy("button, of a backup", "Restore")
RESTORE_AS_NEW_BUTTON = pgettext_lazy("button, of a backup", "Restore as a new machine")
# Translators: moment: when the backup was made.
RESTORE_TITLE = pgettext_lazy("page title", "Restore %(vm)s from %(moment)s")
RESTORE_AS_NEW_TITLE = pgettext_lazy("page title", "New machine from %(vm)s, %(moment)s")
# Translators: these stand behind the name of a disk, such as vda; size: what the guest sees of it.
RESTORE_REPLACES = _("%(size)s from the backup. What is in the disk now is deleted in the end.")
RESTORE_REPLACES_AND_KEEPS = _("%(size)s from the backup. The image that it has now is no longer used, but stays.")
RESTORE_ADDS = _("%(size)s from the backup.")
RESTORE_DETACHES = _("Is not in the backup. The machine loses %(disk)s; its image stays where it is.")
RESTORE_LOSES = _("%(vm)s becomes what it was then: all that was written since %(moment)s is lost.")
RESTORE_HARDWARE = _("Its hardware becomes what it was then, too. Its name, notes and rights stay as they are today.")
RESTORE_CAN_BE_CANCELLED = _(
    "The disks of today stay until those of the backup are complete. Cancelled before that, %(vm)s is as it was."
)
RESTORE_AS_NEW_OWN = _("It gets a name, an identity and network addresses of its own; its hardware is that of then.")
RESTORE_AS_NEW_TWICE = _(
    "Inside, its guest is the same as that of %(vm)s: host names and fixed addresses then exist twice in the network."
)
# Translators: the machine's name has to be typed, so that nobody does it by mistake.
TYPE_NAME_TO_RESTORE = pgettext_lazy("help of a form field", "Type %(vm)s.")
ANOTHER_NAME = _("This is not the name of the machine: %(vm)s.")
NETWORK_AS_BACKED_UP = pgettext_lazy("choice of a network", "As in the backup")
NO_NODE_HAS_BACKUP = _("No node has a storage pool with the folder of this backup.")
IS_BEING_RESTORED = _("%(vm)s is being restored.")
STOP_RESTORING = _("Stop restoring %(vm)s?")
RESTORING_STOPS = _("%(vm)s will be as it was before. What was copied from the backup so far is removed.")
RESTORING_IS_STOPPED = _("The restoring of %(vm)s is being stopped.")
CHECK_BUTTON = pgettext_lazy("button, of a backup", "Verify")
# Translators: no schedule deletes the backup from then on.
KEEP_BUTTON = pgettext_lazy("button, of a backup", "Keep for good")
KEEP_NO_LONGER_BUTTON = pgettext_lazy("button, of a backup", "Do not keep for good")
DELETE_BUTTON = pgettext_lazy("button, of a backup", "Delete")
BACKUP_IS_CHECKED = _("The backup of %(vm)s is being verified.")
BACKUP_KEPT = _("No schedule deletes this backup of %(vm)s any more.")
BACKUP_NOT_KEPT = _("Schedules may delete this backup of %(vm)s again.")
BACKUPS_ARE_DELETED = ngettext_lazy(
    "%(count)s backup of %(vm)s is being deleted.", "%(count)s backups of %(vm)s are being deleted.", "count"
)
# Translators: of a machine that is, or was, deleted.
BACKUPS_STAY = ngettext_lazy("Its %(count)s backup stays.", "Its %(count)s backups stay.", "count")
DELETE_BACKUP_TITLE = _("Delete this backup of %(vm)s?")
# Translators: moment: when it was made; size: of its files.
DELETE_BACKUP_TEXT = _("The backup of %(moment)s is deleted, with %(size)s of files. This cannot be undone.")
DELETE_BACKUP_ABOVE = ngettext_lazy(
    "%(count)s later backup stands on it and is deleted with it: %(moments)s.",
    "%(count)s later backups stand on it and are deleted with it: %(moments)s.",
    "count",
)
DELETE_BACKUP_LAST = _("Afterwards there is no good backup of %(vm)s any more.")
DELETE_BACKUP_KEPT = ngettext_lazy(
    "%(count)s of what goes was to be kept for good.", "%(count)s of them were to be kept for good.", "count"
)
DELETE_BACKUP_CHANGED = _("Something else stands on this backup by now. Look again at what would be deleted.")
DELETE_BACKUPS_BUTTON = ngettext_lazy("Delete the backup", "Delete %(count)s backups", "count")
COVERS: Mapping[Covers, Promise] = {
    Covers.VMS: pgettext_lazy("which machines a schedule backs up", "All virtual machines"),
    Covers.TEMPLATES: pgettext_lazy("which machines a schedule backs up", "All templates"),
    Covers.ALL: pgettext_lazy("which machines a schedule backs up", "All virtual machines and templates"),
    Covers.CHOSEN: pgettext_lazy("which machines a schedule backs up", "Chosen ones only"),
}
RHYTHM: Mapping[Rhythm, Promise] = {
    Rhythm.DAILY: pgettext_lazy("how often a schedule runs", "Every day"),
    Rhythm.WEEKLY: pgettext_lazy("how often a schedule runs", "Every week"),
    Rhythm.MONTHLY: pgettext_lazy("how often a schedule runs", "Every month"),
}
SCHEDULE_TIMES: Mapping[Rhythm, Promise] = {
    Rhythm.DAILY: pgettext_lazy("when a schedule runs", "Every day at %(time)s"),
    Rhythm.WEEKLY: pgettext_lazy("when a schedule runs", "Every week on %(weekday)s at %(time)s"),
    Rhythm.MONTHLY: pgettext_lazy("when a schedule runs", "Every month on day %(day)s at %(time)s"),
}
SCHEDULE_LAST_DAY = pgettext_lazy(
    "when a schedule runs", "Every month on day %(day)s at %(time)s, in shorter months on their last day"
)
MISSED: Mapping[Missed, Promise] = {
    Missed.NOT_YET: _("Others were before it until the next run came."),
    Missed.SWITCHED_OFF: _("The schedule was switched off."),
    Missed.DELETED: _("The machine was deleted."),
    Missed.INTERRUPTED: _("Its backup was begun, but gave way to something else."),
}
# Translators: which backups of a machine a schedule keeps. These stand one after the other, as points.
KEEPS_LAST = ngettext_lazy("the last one", "the last %(count)s", "count")
KEEPS_DAILY = ngettext_lazy("one a day, for %(count)s day", "one a day, for %(count)s days", "count")
KEEPS_WEEKLY = ngettext_lazy("one a week, for %(count)s week", "one a week, for %(count)s weeks", "count")
KEEPS_MONTHLY = ngettext_lazy("one a month, for %(count)s month", "one a month, for %(count)s months", "count")
KEEPS_ALL = pgettext_lazy("which backups a schedule keeps", "all, until somebody deletes them")
KEEPS_AT_MOST = ngettext_lazy(
    "Together that is %(count)s backup of each machine at most, and whatever it stands on.",
    "Together these are %(count)s backups of each machine at most, and whatever they stand on.",
    "count",
)
COPIES_ALL = pgettext_lazy("what backups of a schedule copy", "everything each time")
COPIES_CHANGES = ngettext_lazy(
    "what has changed; everything again after %(count)s such backup",
    "what has changed; everything again after %(count)s such backups",
    "count",
)
CHECKED_AGAIN = ngettext_lazy("every %(count)s day", "every %(count)s days", "count")
CHECKED_ONCE = pgettext_lazy("how often backups are verified", "once, when they have been made")
# Translators: after the names of some machines.
MACHINES_MORE = ngettext_lazy("and %(count)s more", "and %(count)s more", "count")
SPREAD_NOT = pgettext_lazy("over how long backups are distributed", "All at the same time")
SPREAD_OVER = pgettext_lazy("over how long backups are distributed", "Over %(duration)s")
SCHEDULE_ADDED = _("Schedule %(schedule)s was added.")
SCHEDULE_CHANGED = _("Schedule %(schedule)s was changed.")
SCHEDULE_NEEDS_MACHINES = _("Tick the machines that are to be backed up.")
SCHEDULE_NAME_TAKEN = _("There is a schedule with this name already.")
SCHEDULE_SWITCHED: Mapping[bool, Promise] = {
    True: _("Schedule %(schedule)s is on."),
    False: _("Schedule %(schedule)s is off. Backups under way go on."),
}
SCHEDULE_WAS_SO: Mapping[bool, Promise] = {
    True: _("Schedule %(schedule)s was on already."),
    False: _("Schedule %(schedule)s was off already."),
}
SCHEDULE_GONE = _("This schedule is not there any more.")
SCHEDULE_REMOVED = _("Schedule %(schedule)s was removed.")
SCHEDULE_RUNS_NOTHING = _("Schedule %(schedule)s has no machine that it could back up now.")
REMOVE_SCHEDULE_TITLE = _("Remove schedule %(schedule)s?")
REMOVE_SCHEDULE_TEXT = _("No backup is made by it any more. Backups under way go on.")
REMOVE_SCHEDULE_KEEPS = ngettext_lazy(
    "The backup that it has made stays, until somebody deletes it.",
    "The %(count)s backups that it has made stay, until somebody deletes them.",
    "count",
)
REMOVE_SCHEDULE = pgettext_lazy("button", "Remove the schedule")
# Translators: instead of the moment of a machine's last good backup.
NEVER_BACKED_UP = pgettext_lazy("last good backup of a machine", "never")
# Translators: a folder and the nodes that have it: "/srv/backups (alpha, beta), 20 GiB free".
FOLDER_WITH_FREE = pgettext_lazy("choice of a folder", "%(folder)s (%(nodes)s), %(free)s free")
TARGET_ADDED = _("Backups can be made to %(target)s now.")
TARGET_CHANGED = _("%(target)s was changed.")
TARGET_REMOVED = _("%(target)s was removed. Its folder stays as it is.")
TARGET_NAME_TAKEN = _("There is a target with this name already.")
TARGET_FOLDER_TAKEN = _("There is a target with this folder already.")
TARGET_NO_SUCH_FOLDER = _("No node has a storage pool with this folder now. Choose another one.")
TARGET_KEEPS_ITS_FOLDER = _("It cannot be changed while there are backups in it.")
# Translators: how full a folder is, and on which nodes: "alpha: 7 GiB of 10 GiB".
USE_AT_NODE = pgettext_lazy("how full a folder is", "%(node)s: %(use)s")
NO_NODE = pgettext_lazy("why a target cannot be used", "on no node")
OUT_OF_REACH = pgettext_lazy("why a target cannot be used", "out of reach")
TARGET_WITHOUT_NODE = _(
    "No node has a storage pool with the folder %(folder)s any more. Until one does, nothing is backed up there, and "
    "what lies there can be neither verified nor restored."
)
TARGET_OUT_OF_REACH = _(
    "None of the nodes that have the folder %(folder)s can be reached now. What is shown of it is what was last known."
)
REMOVE_TARGET_TITLE = _("Remove target %(target)s?")
REMOVE_TARGET_TEXT = _("No backup is made to %(folder)s any more. The folder and what lies in it stay as they are.")
REMOVE_TARGET = pgettext_lazy("button", "Remove the target")

NAME_FAULT: Mapping[NameFault, Promise] = {
    NameFault.EMPTY: _("Enter a name."),
    NameFault.TOO_LONG: _("The name is too long: 63 characters at most."),
    NameFault.INVISIBLE_CHARACTERS: _("The name has invisible characters in it. Type it anew."),
    NameFault.NOT_A_NODE_NAME: _("Use letters, digits, dots and hyphens only, as in a host name."),
    NameFault.NOT_A_FILE_NAME: _("A slash in the name, or a dot at its beginning, is not possible at the node."),
    NameFault.TOO_LONG_FOR_A_FILE: _("The name is too long for the node, which makes a file name of it. Shorten it."),
    NameFault.NO_COUNTER: _("Several VMs cannot have the same name. Put a counter into it."),
    NameFault.SEVERAL_COUNTERS: _("Only one counter can stand in the name."),
}

# Translators: free, needed: sizes; vm: what is copied; home: the node of that; vm_pool: the pool of virtual machines
# that it is to belong to, folder: where that one has its disks.
OBSTACLE: Mapping[Obstacle, Promise] = {
    Obstacle.UNREACHABLE: _("Node %(node)s cannot be reached."),
    Obstacle.MAINTENANCE: _("Node %(node)s is in maintenance: nothing new is made there."),
    Obstacle.NOT_IN_POOL: _("Node %(node)s is none of those of the pool %(vm_pool)s."),
    Obstacle.NO_STORAGE: _("Node %(node)s has no storage pool that images can be made in."),
    Obstacle.NO_STORAGE_OF_POOL: _(
        "Node %(node)s has no storage pool with the folder %(folder)s, where the disks of the pool %(vm_pool)s are."
    ),
    Obstacle.DISKS_ELSEWHERE: _(
        "Node %(node)s does not see the disks of %(vm)s: they are in no storage pool that it shares with node %(home)s."
    ),
    Obstacle.NOT_ENOUGH_MEMORY: _("Node %(node)s has %(free)s of memory free, and %(needed)s are needed."),
    Obstacle.NO_SUCH_NETWORK: _("Node %(node)s does not have the network %(networks)s."),
}

# Translators: why a node is out for a machine that is to move; each stands under the name of that node.
# free, needed, size: of memory, or of disks; networks, bridges: their names; vm: the machine; vm_pool: the pool of
# virtual machines that it belongs to, folder: where that one has its disks.
MOVE_OBSTACLE: Mapping[Obstacle, Promise] = {
    Obstacle.UNREACHABLE: _("It cannot be reached. Look at its network and its libvirt service."),
    Obstacle.MAINTENANCE: _("It is in maintenance, so no machine goes there. End its maintenance first."),
    Obstacle.NOT_IN_POOL: _(
        "It is none of the nodes of the pool %(vm_pool)s. Add it to the pool, or move %(vm)s to another pool first."
    ),
    Obstacle.NO_STORAGE: _("It has no storage pool that disks could be copied into. Make one there."),
    Obstacle.NO_STORAGE_OF_POOL: _(
        "It has no storage pool with the folder %(folder)s, and the pool %(vm_pool)s has its disks nowhere else. Make "
        "one there, or move %(vm)s to another pool first."
    ),
    Obstacle.NOT_ENOUGH_MEMORY: _(
        "It has %(free)s of memory free, and %(needed)s are needed. Shut a machine down there, or move one away."
    ),
    Obstacle.NO_SUCH_NETWORK: _(
        "It does not have the network %(networks)s. Make it there, or plug %(vm)s into another one."
    ),
}
"""Obstacle.DISKS_ELSEWHERE is none for a machine that moves: its disks can be copied."""

LACK: Mapping[Lack, Promise] = {
    Lack.IS_HOME: _("%(vm)s is on this node now."),
    Lack.ALREADY_THERE: _(
        "It has a machine of the same identity (UUID) already, perhaps an old copy of %(vm)s. Look at it at that node, "
        "and remove it there."
    ),
    Lack.NAME_TAKEN: _("It has another machine called %(name)s. Rename one of the two."),
    Lack.NOT_ASKED: _(
        "It did not answer when it was asked, so nobody knows whether its processor fits. Look at the node, then check "
        "again."
    ),
    Lack.CPU: _(
        "Its processor lacks what %(vm)s uses. Give the machine a processor model that both nodes have, in its "
        "definition."
    ),
    Lack.MACHINE_TYPE: _("Its QEMU does not know the machine type of %(vm)s. Bring QEMU up to date there."),
    Lack.EMULATOR: _("It does not have the program that runs %(vm)s. Install it there."),
    Lack.ACCELERATION: _(
        "It does not offer what %(vm)s is run by, such as KVM. Look whether virtualisation is switched on in its "
        "firmware."
    ),
    Lack.NO_SUCH_BRIDGE: _("It does not have every bridge that %(vm)s is plugged into: %(bridges)s. Make them there."),
    Lack.MEDIA_ELSEWHERE: _(
        "It does not see what lies in the drives of %(vm)s, or a disk that is only read. Take the medium out, or put "
        "it into a storage pool that both nodes share."
    ),
    Lack.NO_ROOM: _(
        "None of its storage pools has room for the disks that would be copied: %(size)s. Make room there."
    ),
}

# Translators: why a machine cannot leave its node; each stands below "web-01 cannot leave node alpha".
TIE: Mapping[Tie, Promise] = {
    Tie.JOB_RUNNING: _(
        "Something is just being done with it, by the panel or by another tool. Wait until that has finished."
    ),
    Tie.SNAPSHOTS: _("It has snapshots, and no node moves a machine with those. Delete them at its node first."),
    Tie.MEMORY_SAVED: _("Its memory is saved to a file on its node. Start it first: it can move while it runs."),
    Tie.NEVER_RAN: _("It is paused and has never run on its node. Let it run for a moment first: it can move then."),
    Tie.PASSED_THROUGH: _("It uses devices of its node directly. Take them out of its definition first."),
    Tie.SHARED_FOLDERS: _("It uses folders of its node. Take them out of its definition first."),
    Tie.SHARED_MEMORY: _("It shares memory with other programs of its node. Take that out of its definition first."),
    Tie.ENCRYPTED_MEMORY: _("Its memory is encrypted by the processor of its node, and only that one can read it."),
    Tie.DISK_CANNOT_BE_COPIED: _(
        "A disk that only its node sees is a device, is encrypted, or is shared with other machines, and such a disk "
        "cannot be copied. Put it into a storage pool that both nodes share."
    ),
}

WAY: Mapping[Way, Promise] = {
    # Translators: how a machine moves to another node; beside the other node's name.
    Way.LIVE: pgettext_lazy("how a machine moves", "runs on while it moves"),
    Way.HELD: pgettext_lazy("how a machine moves", "stays off: it is held paused while it moves"),
    Way.OFFLINE: pgettext_lazy("how a machine moves", "stays off: only its definition moves"),
}

STAGE: Mapping[str, Promise] = {
    # Translators: how far a machine is on its way to another node.
    "preparing": pgettext_lazy("stage of a move", "gets ready"),
    "disks": pgettext_lazy("stage of a move", "copies its disks"),
    "memory": pgettext_lazy("stage of a move", "sends its memory"),
    "handed_over": pgettext_lazy("stage of a move", "runs on the new node already; the rest of its memory follows"),
}
"""By vms.hypervisor.migrating.Stage."""

MOVE_TITLE = pgettext_lazy("page title", "Migrate %(vm)s")
MOVE_TIED = _("%(vm)s cannot leave node %(node)s")
# Translators: why a node is a good place for a machine: "nothing to copy · 12 GiB of memory free".
MOVE_COPIES_NOTHING = pgettext_lazy("moving a machine", "nothing to copy")
MOVE_COPIES = npgettext_lazy(
    "moving a machine", "%(count)s disk to copy, %(size)s", "%(count)s disks to copy, %(size)s", "count"
)
MOVE_MEMORY_FREE = pgettext_lazy("moving a machine", "%(size)s of memory free")
MOVE_MEMORY_THEN = pgettext_lazy("bar: memory of a node once a machine has moved there", "Memory in use afterwards")
# Translators: memory of a node, in use once a machine has moved there: "21 GiB of 64 GiB in use afterwards".
MOVE_MEMORY_THEN_OF = pgettext_lazy("moving a machine", "%(used)s of %(total)s in use afterwards")
MOVE_POOL = pgettext_lazy("form field", "Storage pool for the copies")
MOVE_NO_NODE = _("%(vm)s cannot move anywhere at the moment. What stands against each node is below.")
MOVE_NODE_IS_OUT = _("%(vm)s cannot move to node %(node)s now. %(why)s")
MOVE_CHECK_IS_OLD = _("The check of the nodes that you saw is gone, so nothing was begun. Here is a new one.")
MOVE_BEGINS = _("%(vm)s is moving to node %(node)s.")
# Translators: home, to: nodes: "From alpha to beta."
MOVE_FROM_TO = _("From %(home)s to %(to)s.")
# Translators: one of the bars of a machine on its way; "1.2 GiB of 4 GiB".
MOVE_DISKS = pgettext_lazy("bar: how far a machine is on its way", "Disks")
MOVE_MEMORY = pgettext_lazy("bar: how far a machine is on its way", "Memory")
MOVE_DONE_OF = pgettext_lazy("how much has been sent", "%(done)s of %(total)s")
# Translators: how often the memory of a machine was gone through, because its guest changes it while it is sent.
MOVE_ROUNDS = npgettext_lazy(
    "moving a machine", "%(count)s pass over its memory", "%(count)s passes over its memory", "count"
)
MOVE_LIMIT_SET = _("The memory of %(vm)s is now sent with %(speed)s at most. Disks keep the speed they began with.")
MOVE_LIMIT_TAKEN_OFF = _("The memory of %(vm)s is now sent as fast as possible. Disks keep the speed they began with.")
POST_COPY_TITLE = _("Hand %(vm)s over now?")
POST_COPY_MEANS = _(
    "Its guest goes on at once on the new node, and the rest of its memory follows. This comes to an end in any case, "
    "however fast the guest changes its memory."
)
POST_COPY_RISK = _(
    "Until all of it has arrived, the memory is on both nodes. If one of them or the way between them fails "
    "meanwhile, the guest is lost, as if its plug were pulled. It cannot be cancelled any more."
)
POST_COPY_BUTTON = pgettext_lazy("button, in the middle of a move", "Hand over now")
POST_COPY_ASKED = _("%(vm)s is being handed over.")
POST_COPY_TOO_LATE = _("%(vm)s was not handed over: it is not on its way any more, or was handed over already.")
# Translators: beside a machine on the page of a node: where it comes from, where it goes.
MOVE_FROM = pgettext_lazy("machine on its way", "from %(node)s")
MOVE_TO = pgettext_lazy("machine on its way", "to %(node)s")
EMPTYING_TITLE = pgettext_lazy("page title", "Empty node %(node)s")
EMPTYING_STATE: Mapping[EmptyingState, Promise] = {
    EmptyingState.PLANNING: pgettext_lazy("emptying a node", "Being planned"),
    EmptyingState.PLANNED: pgettext_lazy("emptying a node", "Planned, not begun yet"),
    EmptyingState.RUNNING: pgettext_lazy("emptying a node", "Under way"),
    EmptyingState.PAUSED: pgettext_lazy("emptying a node", "Paused"),
    EmptyingState.FINISHED: pgettext_lazy("emptying a node", "Finished"),
    EmptyingState.CANCELLED: pgettext_lazy("emptying a node", "Cancelled"),
    EmptyingState.FAILED: pgettext_lazy("emptying a node", "Could not be planned"),
}
EMPTYING_MEANS: Mapping[EmptyingState, Promise] = {
    EmptyingState.PLANNING: _("The nodes are being asked where each machine could go. Nothing is moved yet."),
    EmptyingState.PLANNED: _("This is what would happen. Nothing is moved before you begin."),
    EmptyingState.RUNNING: _("Node %(node)s is in maintenance, and its machines move away one after the other."),
    EmptyingState.PAUSED: _("No further machine begins to move. Those that are on their way go on."),
    EmptyingState.FINISHED: _("Each machine of the plan has had its turn."),
    EmptyingState.CANCELLED: _(
        "No further machine begins to move. Whether node %(node)s is in maintenance is left as it is."
    ),
    EmptyingState.FAILED: _("The nodes could not be asked. Nothing was moved."),
}
EMPTYING_HALT: Mapping[Halt, Promise] = {
    Halt.NOBODY_ANSWERS: _(
        "The account of %(person)s, who answers for it, is blocked or gone. Whoever resumes it answers for it from "
        "then on."
    ),
    Halt.NO_LONGER_PERMITTED: _(
        "%(person)s, who answers for it, may not move machines any more. Whoever resumes it answers for it from then "
        "on."
    ),
}
EMPTYING_FILLED: Mapping[Filled, Promise] = {
    Filled.MEMORY: _("Other machines of this plan take the memory that %(vm)s would need. Free some there."),
    Filled.STORAGE: _("Copies of other machines of this plan take the room that those of %(vm)s would need."),
}
TURN: Mapping[Turn, Promise] = {
    Turn.BEGIN: pgettext_lazy("button: of a plan to empty a node", "Begin"),
    Turn.PLAN_AGAIN: pgettext_lazy("button: of a plan to empty a node", "Plan again"),
    Turn.PAUSE: pgettext_lazy("button: of a plan to empty a node", "Pause"),
    Turn.GO_ON: pgettext_lazy("button: of a plan to empty a node", "Resume"),
    Turn.CANCEL: pgettext_lazy("button: of a plan to empty a node", "Cancel"),
}
TURN_DONE: Mapping[Turn, Promise] = {
    Turn.BEGIN: _("Node %(node)s is being emptied. It is in maintenance until somebody ends that."),
    Turn.PLAN_AGAIN: _("The nodes are being asked anew where the machines of node %(node)s could go."),
    Turn.PAUSE: _("Emptying node %(node)s is paused. Machines that are on their way go on."),
    Turn.GO_ON: _("Emptying node %(node)s goes on."),
    Turn.CANCEL: _("Emptying node %(node)s is cancelled. Machines that are on their way go on."),
}
TURN_TOO_LATE = _("This was not possible any more. The page shows how things are now.")
EMPTYING_IS_THERE = _("Node %(node)s is being emptied already, or is about to be. Here is that plan.")
EMPTYING_CANCEL_TITLE = _("Cancel emptying node %(node)s?")
EMPTYING_CANCEL = pgettext_lazy("button", "Stop emptying it")
EMPTYING_CANCEL_MEANS = _("No further machine begins to move. Those that have moved stay where they are.")
EMPTYING_ON_THEIR_WAY = ngettext_lazy(
    "%(count)s machine is on its way and goes on. To stop that, cancel its migration.",
    "%(count)s machines are on their way and go on. To stop that, cancel their migrations.",
    "count",
)
EMPTYING_DUTY_STAYS = _("Node %(node)s stays in maintenance until somebody ends that.")
EMPTYING_AT_ONCE = ngettext_lazy("%(count)s at once", "%(count)s at once", "count")
EMPTYING_LIMIT = pgettext_lazy("how machines move", "at most %(speed)s each")
EMPTYING_NO_LIMIT = pgettext_lazy("how machines move", "as fast as possible")
EMPTYING_CONVERGES = pgettext_lazy("how machines move", "guests are slowed down if they have to be")
EMPTYING_POST_COPY = pgettext_lazy("how machines move", "may be handed over early (post-copy)")
EMPTYING_CAN_GO = ngettext_lazy("%(count)s machine can go", "%(count)s machines can go", "count")
EMPTYING_NOTHING_GOES = _("No machine can go at the moment. Change what stands against them, then plan again.")
EMPTYING_CANNOT_GO = ngettext_lazy(
    "%(count)s machine cannot go and stays on node %(node)s",
    "%(count)s machines cannot go and stay on node %(node)s",
    "count",
)
EMPTYING_ENDED_OF = ngettext_lazy(
    "%(ended)s of %(count)s machine has had its turn", "%(ended)s of %(count)s machines have had their turn", "count"
)
EMPTYING_ASKED_OF = ngettext_lazy(
    "Asked about %(ended)s of %(count)s machine", "Asked about %(ended)s of %(count)s machines", "count"
)
EMPTYING_STILL_THERE = ngettext_lazy(
    "%(count)s machine is still on node %(node)s.", "%(count)s machines are still on node %(node)s.", "count"
)
EMPTYING_EMPTY = _("No machine is left on node %(node)s.")
EMPTYING_TRY = pgettext_lazy("how often a machine has been tried to be moved", "Try %(number)s of %(most)s")
EMPTYING_TRIED_AGAIN = _("It is tried again soon.")
EMPTYING_NODE_OUT = _("Node %(node)s cannot take it at the moment. It goes when that one can.")
EMPTYING_NO_OTHER_NODE = _("The panel knows of no other node. Add one.")
EMPTYING_NO_NODE = _("The node that it was to go to is no longer known here.")
EMPTYING_ARRIVING = ngettext_lazy("%(count)s machine", "%(count)s machines", "count")
ADDRESSES_TITLE = _("How other nodes reach %(node)s")
ADDRESSES_SET = _("The addresses of node %(node)s were saved.")
ADDRESSES_SAME = _("Nothing about the addresses of node %(node)s was changed.")

# Translators: what of a machine can be edited; before its value, and in a list of changes.
PART: Mapping[Part, Promise] = {
    Part.NAME: pgettext_lazy("part of a machine", "Name at the node"),
    Part.TITLE: pgettext_lazy("part of a machine", "Title"),
    Part.DESCRIPTION: pgettext_lazy("part of a machine", "Description"),
    Part.MACHINE_TYPE: pgettext_lazy("part of a machine", "Machine type"),
    Part.MEMORY_MAXIMUM: pgettext_lazy("part of a machine", "Maximum memory"),
    Part.MEMORY: pgettext_lazy("part of a machine", "Memory"),
    Part.VCPUS_MAXIMUM: pgettext_lazy("part of a machine", "Maximum vCPUs"),
    Part.VCPUS: pgettext_lazy("part of a machine", "vCPUs"),
    Part.FIRMWARE: pgettext_lazy("part of a machine", "Firmware"),
    Part.GRAPHICS: pgettext_lazy("part of a machine", "Screen"),
    Part.AGENT_CHANNEL: pgettext_lazy("part of a machine", "Channel for the guest agent"),
    Part.WATCHDOG: pgettext_lazy("part of a machine", "Watchdog"),
    Part.AUTOSTART: pgettext_lazy("part of a machine", "Start together with the node"),
    Part.BOOT: pgettext_lazy("part of a machine", "Boot order"),
    Part.DRIVE_ADDED: pgettext_lazy("part of a machine", "New disk or drive"),
    Part.DRIVE_REMOVED: pgettext_lazy("part of a machine", "Disk or drive taken out"),
    Part.DRIVE_IMAGE: pgettext_lazy("part of a machine", "What is behind the disk"),
    Part.DRIVE_BUS: pgettext_lazy("part of a machine", "Bus of the disk"),
    Part.DRIVE_SIZE: pgettext_lazy("part of a machine", "Size of the disk"),
    Part.DRIVE_READ_ONLY: pgettext_lazy("part of a machine", "Disk can only be read"),
    Part.DRIVE_SERIAL: pgettext_lazy("part of a machine", "Serial number of the disk"),
    Part.MEDIUM: pgettext_lazy("part of a machine", "Medium in the drive"),
    Part.INTERFACE_ADDED: pgettext_lazy("part of a machine", "New network interface"),
    Part.INTERFACE_REMOVED: pgettext_lazy("part of a machine", "Network interface taken out"),
    Part.INTERFACE_PLUG: pgettext_lazy("part of a machine: a network or a bridge", "Plugged into"),
    Part.INTERFACE_MODEL: pgettext_lazy("part of a machine", "Model of the network interface"),
    Part.INTERFACE_MAC: pgettext_lazy("part of a machine", "MAC address"),
    Part.INTERFACE_LINK: pgettext_lazy("part of a machine: whether its network cable is plugged in", "Link"),
}

# Translators: when a change of a machine takes effect.
WHEN: Mapping[When, Promise] = {
    When.NOW: pgettext_lazy("when a change takes effect", "now"),
    When.NEXT_START: pgettext_lazy("when a change takes effect", "from the next start"),
    When.NEVER: pgettext_lazy("when a change takes effect", "not possible"),
}

HINDRANCE: Mapping[Hindrance, Promise] = {
    Hindrance.FIXED: _("This cannot be changed."),
    Hindrance.TOO_LITTLE: _("This is too little for a machine."),
    Hindrance.ABOVE_MAXIMUM: _("This is above the most that the machine may have."),
    Hindrance.ABOVE_CEILING: _("The machine's definition has a limit below that."),
    Hindrance.NOT_WHOLE_PAGES: _("The machine has huge pages, and its memory must be a whole number of them."),
    Hindrance.NO_BALLOON: _("The machine has no memory balloon: it always has all the memory that it may have."),
    Hindrance.MEMORY_LAID_OUT: _("The machine's memory is laid out in NUMA cells or modules, which the panel leaves."),
    Hindrance.VCPUS_LAID_OUT: _("The machine's vCPUs are laid out in another number of sockets, cores or NUMA cells."),
    Hindrance.VCPUS_PINNED: _("A vCPU that is bound to a processor of the node would be lost."),
    Hindrance.NAME_TAKEN: _("Another device of this machine has this name or address already."),
    Hindrance.WRONG_NAME: _("This text has a form or characters that are not possible here."),
    Hindrance.NO_SUCH_BUS: _("The machine has no such bus for this kind of drive."),
    Hindrance.NOT_ON_THIS_BUS: _("On this bus a disk cannot be like that."),
    Hindrance.SHRINKS: _("A disk can only grow: what is at its end would be lost."),
    Hindrance.SIZE_UNKNOWN: _("The size of the disk is not known now."),
    Hindrance.PASSED_THROUGH: _("This belongs to the node or to the storage: the panel leaves it as it is."),
    Hindrance.NO_SUCH_DEVICE: _("The machine has no such device, or it is named twice."),
    Hindrance.MIXED_BOOT_ORDER: _("Kinds of device and single devices cannot stand in one boot order."),
    Hindrance.UNKNOWN_KIND: _("The panel does not know how to make this."),
    Hindrance.FIRMWARE_KEPT: _("The machine's firmware has variables of its own, and they would be lost."),
    Hindrance.NOT_FOR_THIS_MACHINE: _("There is no such firmware for a machine like this."),
}

DEFINITION: Mapping[str, Promise] = {
    # Translators: a machine's definition: what it will be, and what it is.
    "saved": pgettext_lazy("heading, over a definition", "From the next start"),
    "live": pgettext_lazy("heading, over a definition", "Now, while it is on"),
}

# Translators: a badge beside the status of a machine, of whose definition something counts only from its next start.
CHANGES_WAIT = pgettext_lazy("badge of a machine", "changes wait")

# Translators: a change of a machine: "Memory: 1 GiB → 2 GiB", "Disk vda, bus: SATA → virtio".
CHANGE = pgettext_lazy("a change of a machine", "%(what)s: %(before)s → %(after)s")
# Translators: a device and what of it is changed: "Disk vda, bus".
PART_OF_DEVICE = pgettext_lazy("a change of a machine", "%(device)s, %(part)s")
# Translators: what: some words on the device: "Disk vdb is added: 20 GiB, virtio".
DEVICE_ADDED = pgettext_lazy("a change of a machine", "%(device)s is added: %(what)s")
DEVICE_REMOVED = pgettext_lazy("a change of a machine", "%(device)s is taken out: %(what)s")
DRIVE_NAMED: Mapping[str, Promise] = {
    # Translators: target: what the guest calls it, as "vda".
    "disk": pgettext_lazy("a device of a machine", "Disk %(target)s"),
    "cdrom": pgettext_lazy("a device of a machine", "CD-ROM %(target)s"),
    "floppy": pgettext_lazy("a device of a machine", "Floppy disk %(target)s"),
    "lun": pgettext_lazy("a device of a machine: a SCSI device of the node", "SCSI device %(target)s"),
}
INTERFACE_NAMED = pgettext_lazy("a device of a machine", "Network interface %(mac)s")


def device_named(device: Drive | Interface) -> str:
    if isinstance(device, Interface):
        return str(INTERFACE_NAMED) % {"mac": device.mac.lower()}
    return str(DRIVE_NAMED.get(device.device, DRIVE_NAMED["disk"])) % {"target": device.target}


DEVICE_PART: Mapping[Part, Promise] = {
    # Translators: these stand after the name of a device: "Disk vda, bus: ...".
    Part.DRIVE_IMAGE: pgettext_lazy("part of a device of a machine", "image"),
    Part.DRIVE_BUS: pgettext_lazy("part of a device of a machine", "bus"),
    Part.DRIVE_READ_ONLY: pgettext_lazy("part of a device of a machine", "read only"),
    Part.DRIVE_SERIAL: pgettext_lazy("part of a device of a machine", "serial number"),
    Part.INTERFACE_MODEL: pgettext_lazy("part of a device of a machine", "model"),
    Part.INTERFACE_MAC: pgettext_lazy("part of a device of a machine", "MAC address"),
    Part.INTERFACE_LINK: pgettext_lazy("part of a device of a machine", "link"),
}
"""What is not here says itself what it is: a size, a medium, a network."""

VALUE_YES_NO: Mapping[bool, Promise] = {
    True: pgettext_lazy("value of a part of a machine", "yes"),
    False: pgettext_lazy("value of a part of a machine", "no"),
}
LINK: Mapping[bool, Promise] = {
    True: pgettext_lazy("whether a network cable is plugged in", "connected"),
    False: pgettext_lazy("whether a network cable is plugged in", "disconnected"),
}
VALUE_NONE = pgettext_lazy("value of a part of a machine", "none")
BUS_AND_TARGET = pgettext_lazy("bus of a disk, and how the guest calls it there", "%(bus)s (%(target)s)")
WATCHDOG: Mapping[str, Promise] = {
    # Translators: what a machine's watchdog does when the guest hangs.
    "": pgettext_lazy("what a watchdog does", "none"),
    "reset": pgettext_lazy("what a watchdog does", "reset the machine"),
    "shutdown": pgettext_lazy("what a watchdog does", "ask the guest to shut down"),
    "poweroff": pgettext_lazy("what a watchdog does", "power off the machine"),
    "pause": pgettext_lazy("what a watchdog does", "pause the machine"),
    "none": pgettext_lazy("what a watchdog does", "only report it"),
    "dump": pgettext_lazy("what a watchdog does", "write down the memory of the machine"),
    "inject-nmi": pgettext_lazy("what a watchdog does", "interrupt the guest"),
}
SCREEN: Mapping[str, str] = {"vnc": "VNC", "spice": "SPICE"}
"""Names, the same in every language."""

# Translators: what a machine has that cannot be edited in the panel.
BEYOND: Mapping[Beyond, Promise] = {
    Beyond.PASSED_THROUGH: pgettext_lazy("part of a machine", "devices of the node"),
    Beyond.HUGE_PAGES: pgettext_lazy("part of a machine", "huge pages"),
    Beyond.NUMA: pgettext_lazy("part of a machine", "NUMA cells"),
    Beyond.MEMORY_MODULES: pgettext_lazy("part of a machine", "memory modules"),
    Beyond.PINNING: pgettext_lazy("part of a machine", "vCPUs bound to processors of the node"),
    Beyond.TUNING: pgettext_lazy("part of a machine", "limits on memory, disks or network"),
    Beyond.QEMU_ARGUMENTS: pgettext_lazy("part of a machine", "arguments for QEMU"),
    Beyond.ENCRYPTED_MEMORY: pgettext_lazy("part of a machine", "encrypted memory"),
    Beyond.TPM: pgettext_lazy("part of a machine", "a TPM"),
    Beyond.SHARED_FOLDERS: pgettext_lazy("part of a machine", "folders of the node"),
    Beyond.SHARED_MEMORY: pgettext_lazy("part of a machine", "memory shared with others"),
    Beyond.DIRECT_KERNEL: pgettext_lazy("part of a machine", "a kernel of the node"),
    Beyond.OTHER_SCREENS: pgettext_lazy("part of a machine", "screens on the node"),
}

BUS: Mapping[str, str] = {"virtio": "virtio", "scsi": "SCSI", "sata": "SATA", "usb": "USB", "ide": "IDE", "fdc": "FDC"}
"""Names, the same in every language."""

SCREENS: Mapping[str, Promise | str] = {
    "": pgettext_lazy("screen of a machine", "none"),
    "vnc": "VNC",
    "spice": "SPICE",
    "vnc+spice": pgettext_lazy("screen of a machine", "VNC and SPICE"),
}
ANOTHER_BRIDGE = pgettext_lazy("choice of what a network interface is plugged into", "another bridge of the node")
MEDIUM_BY_PATH = pgettext_lazy("choice of what is in a CD-ROM drive", "an ISO image in a storage pool")
# Translators: an ISO image that was uploaded: "debian-12.iso, uploaded, 650 MiB".
UPLOADED_ISO = pgettext_lazy("choice of what is in a CD-ROM drive", "%(name)s, uploaded, %(size)s")
# Translators: the places of the boot order: "1." is tried first.
BOOT_PLACE = pgettext_lazy("place in the boot order", "%(number)s.")
BOOT_NOTHING = pgettext_lazy("place in the boot order", "nothing")
BOOT_TWICE = _("The same stands in two places.")
BOOT_FROM_NOTHING = _("Choose what the machine boots from.")

EDIT_TITLE = pgettext_lazy("page title", "Edit %(vm)s")
NEW_DISK = pgettext_lazy("heading: of a device that is to be added", "New disk")
NEW_DRIVE = pgettext_lazy("heading: of a device that is to be added", "New CD-ROM drive")
NEW_INTERFACE = pgettext_lazy("heading: of a device that is to be added", "New network interface")
OWN_NAME = pgettext_lazy("what of a machine is changed", "Name")
OWN_MODE = pgettext_lazy("what of a machine is changed", "Mode")
OWN_NOTES = pgettext_lazy("what of a machine is changed", "Notes: another text")
PROTECTION_CHANGED = pgettext_lazy("what of a machine is changed", "Delete protection")
DEFINITION_UNKNOWN = _("The panel has not read the definition of %(vm)s yet, so it cannot be edited.")
FORM_IS_INCOMPLETE = _("The form was not complete, so nothing of it was taken. Here is how the machine is now.")
EDIT_CHANGES_NOTHING = _("You have changed nothing of %(vm)s.")
IS_BEING_EDITED = _("%(vm)s is being changed.")
NOTES_ARE_SAVED = _("The notes were saved.")
PROTECTION_IS: Mapping[bool, Promise] = {
    True: _("%(vm)s is now protected against deleting."),
    False: _("%(vm)s is no longer protected against deleting."),
}
FILE_IS_GONE = _("Somebody has just removed the uploaded image that was chosen. Choose another one.")
CHANGED_MEANWHILE = _("%(vm)s was changed after you opened this page, with another tool or in the panel.")
CHANGED_MEANWHILE_BY = _("%(person)s changed %(vm)s after you opened this page (%(since)s).")
GUEST_IS_ASKED = _(
    "The guest is asked to give back what it has to. If it does not, that takes effect at the next start."
)
# Translators: disk: a name such as vdb.
IMAGE_STAYS = _("The image of disk %(disk)s is not deleted. It stays at %(path)s.")
NODE_IS_FULL = _("Node %(node)s has %(free)s of memory free, and %(needed)s are needed.")
POOL_IS_SMALLER = _(
    "Storage pool %(pool)s has %(free)s free, and the new disk can grow to %(needed)s. The machine is paused when "
    "there is no room left."
)

MORE_THAN_THE_MOST = _("This is more than the maximum beside it.")
MORE_THAN_THE_NODE = _("Node %(node)s has %(size)s of memory in all.")
NODE_HAS_FREE = _("Node %(node)s has %(free)s free.")
# Translators: cpus: "16 CPUs".
NODE_HAS_CPUS = _("Node %(node)s has %(cpus)s.")
MEMORY_NOW = _("The machine can have up to %(size)s now, and more from its next start on.")
MEMORY_LATER = _("The machine has no memory balloon: another size takes effect at its next start.")
VCPUS_NOW = _("The machine can have %(now)s to %(most)s now, and others from its next start on.")
VCPUS_LATER = _("Another number takes effect at its next start.")
NOT_ENOUGH_ROOM = _("Storage pool %(pool)s has %(free)s free, and the disk would grow by %(needed)s.")
NOT_DURING_A_JOB = _("This has to wait: something is just being done with the machine's disks.")
ONE_FILE_AT_A_TIME = _("Uploaded images can be brought to the node one at a time. Save the one, then choose the other.")
IMAGE_USED_BY = _("This image is in use by %(vm)s.")
MAC_USED_BY = _("This address is in use by %(vm)s.")
ANOTHER_VM = pgettext_lazy("instead of a name that somebody may not see", "another machine")

FIRMWARE: Mapping[Firmware, Promise] = {
    Firmware.BIOS: pgettext_lazy("firmware of a machine", "BIOS"),
    Firmware.EFI: pgettext_lazy("firmware of a machine", "UEFI"),
    Firmware.SECURE_BOOT: pgettext_lazy("firmware of a machine", "UEFI with Secure Boot"),
    Firmware.OTHER: pgettext_lazy("firmware of a machine", "its own"),
}

# Translators: choices of a list: a node with its free memory, a storage pool with its free space.
NODE_WITH_FREE = pgettext_lazy("choice of a node", "%(node)s, %(free)s of memory free")
POOL_WITH_FREE = pgettext_lazy("choice of a storage pool", "%(pool)s, %(free)s free")
# Translators: the network stays what it is: "As debian-12: default".
NETWORK_AS_ORIGIN = pgettext_lazy("choice of a network", "As %(vm)s: %(networks)s")
# Translators: a network and the nodes that have it: "default (alpha, beta)".
NETWORK_OF_NODES = pgettext_lazy("choice of a network", "%(network)s (%(nodes)s)")
POOL_OF_ANOTHER_NODE = _("This storage pool is on node %(there)s. Choose one of node %(node)s.")
SMALLER_DISK = _("The disk cannot be smaller than that of %(vm)s: %(size)s.")

# Translators: a disk such as vda and where it is, for example /dev/sdb.
DISK_IS_NO_FILE = _("Disk %(disk)s is not an image file, so it cannot be copied: %(path)s")
DISK_FORMAT_UNKNOWN = _("The format of disk %(disk)s is not named in its definition, and it is never guessed: %(path)s")
CANNOT_BE_COPIED = _("%(vm)s cannot be copied")
NAMES_TAKEN = ngettext_lazy(
    "There is a machine of this name already: %(names)s",
    "There are machines of these names already: %(names)s",
    "count",
)
MAKE_VMS = ngettext_lazy("Make %(count)s VM", "Make %(count)s VMs", "count")
VMS_ARE_BEING_MADE = ngettext_lazy("%(count)s VM is being made:", "%(count)s VMs are being made:", "count")

COPY_TITLE: Mapping[Action, Promise] = {
    Action.PERSISTENT: pgettext_lazy("page title", "Make VMs from %(vm)s"),
    Action.CLONE: pgettext_lazy("page title", "Clone %(vm)s"),
}
COPY_LEAD: Mapping[Action, Promise] = {
    Action.PERSISTENT: _(
        "The VMs can be used at once. Meanwhile their disks are copied from the template, until they no longer need it."
    ),
    Action.CLONE: _(
        "The copies can be used at once. Meanwhile their disks are copied from those of this machine, until they no "
        "longer need them."
    ),
}
COPY_HOLDS: Mapping[Action, Promise] = {
    Action.PERSISTENT: _(
        "The template %(vm)s can be neither started nor deleted until all of them have finished. More VMs can be made "
        "from it meanwhile."
    ),
    Action.CLONE: _("%(vm)s can be neither started, moved nor deleted until all of them have finished."),
}
COPY_STARTS = ngettext_lazy(
    "It starts at once and streams while it runs.", "They start at once and stream while they run.", "count"
)
COPY_STAYS_OFF = ngettext_lazy(
    "It stays off until somebody starts it. It streams all the same.",
    "They stay off until somebody starts them. They stream all the same.",
    "count",
)
COPY_MEMORY = _("%(needed)s of %(free)s that are free")
# Translators: "3 × 2 GiB".
COPY_EACH = pgettext_lazy("how many times how much", "%(count)s × %(size)s")
# Translators: vda: "vda: 20 GiB, in a new file for each VM".
COPY_DISK = pgettext_lazy("a disk of a VM that will be made", "%(disk)s: %(size)s, in a file of its own for each VM")
COPY_NONE = pgettext_lazy("disks or networks of a VM that will be made", "none")
COPY_GROWS = _("The files begin almost empty and grow by what is copied: %(used)s in all. %(free)s are free there.")
COPY_GROWS_UNKNOWN = _("The files begin almost empty and grow by what is copied. %(free)s are free there.")
COPY_NO_LIMIT = pgettext_lazy("how fast disks may be copied", "as fast as possible")
COPY_TOO_FULL = _(
    "What is copied takes %(used)s, and only %(free)s are free in the storage pool %(pool)s. The copying will stop "
    "and wait until there is room."
)
COPY_MANY_VCPUS = _("Node %(node)s has %(cpus)s: more vCPUs than that make a machine slower.")
COPY_OWN_BRIDGE = _(
    "%(plugged)s: the panel cannot see whether node %(node)s has that. Without it the machine does not start."
)
ABOUT_NODE = pgettext_lazy("what will be made", "Node")
ABOUT_POOL = pgettext_lazy("what will be made", "Storage pool")
ABOUT_DISKS = pgettext_lazy("what will be made", "Disks")
ABOUT_MEMORY = pgettext_lazy("what will be made", "Memory")
ABOUT_VCPUS = pgettext_lazy("what will be made", "vCPUs")
ABOUT_NETWORK = pgettext_lazy("what will be made", "Network")
ABOUT_LIMIT = pgettext_lazy("what will be made", "Speed of the copying")

FACT_ID = pgettext_lazy("fact about a machine", "Id")
FACT_NAME_AT_NODE = pgettext_lazy("fact about a machine", "Name at the node")
FACT_NODE = pgettext_lazy("fact about a machine", "Node")
FACT_VCPUS = pgettext_lazy("fact about a machine", "vCPUs")
FACT_MEMORY = pgettext_lazy("fact about a machine", "Memory")
FACT_REPORTED = pgettext_lazy("fact about a machine", "The node reports")
FACT_LAST_REPORTED = pgettext_lazy("fact about a machine whose node cannot be reached", "The node last reported")
FACT_SINCE = pgettext_lazy("fact about a machine", "Status since")
FACT_MODE = pgettext_lazy("fact about a machine", "Mode")
FACT_PROTECTED = pgettext_lazy("fact about a machine", "Delete protection")
FACT_BOOTS_FROM = pgettext_lazy("fact about a machine: disk or CD-ROM", "Boots from")
# Translators: before the name of a template.
FACT_ORIGIN = pgettext_lazy("fact about a machine", "Made from")
# Translators: before the name of a template.
FACT_STILL_NEEDS = pgettext_lazy("fact about a machine", "Its disks still need")
FACT_OS = pgettext_lazy("fact about a machine: its operating system", "OS")
FACT_AGENT = pgettext_lazy("fact about a machine", "Guest agent")
FACT_HOSTNAME = pgettext_lazy("fact about a machine: what its guest calls itself", "Host name")
# Translators: since when a machine is on; what follows is a length of time: "Up: 3 h".
FACT_UP = pgettext_lazy("fact about a machine: for how long it is on", "Up")

IS_PROTECTED = pgettext_lazy("delete protection", "on: nobody can delete it")
AGENT_ANSWERS = pgettext_lazy("guest agent", "answers")
AGENT_SILENT = pgettext_lazy("guest agent", "does not answer")
AGENT_NOT_HEARD = pgettext_lazy("guest agent", "not heard of yet")
AGENT_NO_CHANNEL = pgettext_lazy("guest agent", "none: the machine has no channel for it")

# Translators: a disk: "20 GiB, 4.1 GiB used".
DISK_USE = pgettext_lazy("size of a disk", "%(capacity)s, %(used)s used")
DISK_SIZE_UNKNOWN = pgettext_lazy("size of a disk", "size not known yet")
DISK_IN_USE = pgettext_lazy("bar: how much of a disk's size its image takes", "Use of disk %(disk)s")
DRIVE: Mapping[str, Promise] = {
    "cdrom": pgettext_lazy("kind of drive", "CD-ROM"),
    "floppy": pgettext_lazy("kind of drive", "floppy disk"),
    "lun": pgettext_lazy("kind of drive: a SCSI device of the node", "SCSI device"),
}
"""A plain disk needs no words."""

PLUGGED_INTO: Mapping[str, Promise] = {
    "network": pgettext_lazy("what a network interface is plugged into", "network %(name)s"),
    "bridge": pgettext_lazy("what a network interface is plugged into", "bridge %(name)s"),
    "direct": pgettext_lazy("what a network interface is plugged into", "device %(name)s"),
    "user": pgettext_lazy("a network interface that only leads out, without rights of its own", "outgoing only"),
}
"""Other kinds are shown by libvirt's own word."""


def plugged_into(kind: str, name: str) -> str:
    """kind: of a network interface, as libvirt calls it."""
    words = PLUGGED_INTO.get(kind)
    return str(words) % {"name": name} if words else f"{kind} {name}".strip()


EMPTY_DRIVE = pgettext_lazy("a CD-ROM drive without a disc", "empty")

CONSOLE_ENDING: Mapping[Ending, Promise] = {
    # Translators: why a machine's screen or serial port is not shown in the browser, or no longer.
    Ending.BAD_TICKET: _("This way in was used already, or it came too late."),
    Ending.LOGGED_OUT: _("You are logged out."),
    Ending.NOT_PERMITTED: _("You may not use this machine, or no longer."),
    Ending.IS_OFF: _("The machine was shut down."),
    Ending.NOT_NOW: _("There is nothing to see of this machine at the moment."),
    Ending.REMOVED: _("The machine was deleted."),
    Ending.NO_SCREEN: _("This machine has no screen. It may have a serial console."),
    Ending.NOT_FOR_BROWSERS: _(
        "The screen of this machine speaks SPICE, which browsers do not understand. Use virt-viewer."
    ),
    Ending.NO_SERIAL_PORT: _("This machine has no serial port."),
    Ending.TAKEN: _("Somebody else is connected to the serial port, which has room for one."),
    Ending.TAKEN_OVER: _("Somebody else has taken over the serial port."),
    Ending.CLOSED: _("The machine closed the connection."),
    Ending.NODE_LOST: _("The machine's node cannot be reached."),
    Ending.TOO_FAR: _(
        "The machine's node is another computer than the panel and lets nobody connect to the screen from outside. The "
        "serial console works from everywhere, and virt-viewer can go through libvirt's own connection."
    ),
    Ending.NO_OPEN_PORT: _(
        "There is no file for virt-viewer: the node lets nobody connect to this screen from outside. Look at it here, "
        "or go through libvirt's own connection."
    ),
    Ending.FAILED: _("The node refused to open it."),
    Ending.TOO_MANY: _("As many screens are open in this panel as it allows. Try again when somebody has closed one."),
    Ending.CANNOT_CHECK: _("The panel cannot check at the moment who you are and what you may do."),
    Ending.RESTARTING: _("The panel is being restarted."),
}

CONTACT_STEP: Mapping[ContactStep, Promise] = {
    ContactStep.CONNECT: _("Open a connection to the address"),
    ContactStep.IDENTIFY: _("Ask the node what it is"),
    ContactStep.COMPARE: _("See whether the panel knows it already"),
    ContactStep.LIST: _("List its machines"),
}

STEP_STATE: Mapping[StepState, Promise] = {
    StepState.TODO: pgettext_lazy("state of a step", "to do"),
    StepState.NOW: pgettext_lazy("state of a step", "under way"),
    StepState.DONE: pgettext_lazy("state of a step", "done"),
    StepState.FAILED: pgettext_lazy("state of a step", "failed"),
}

NODE_IDENTITY = _("%(hostname)s: libvirt %(libvirt)s, QEMU %(hypervisor)s, %(cpus)s CPUs, %(memory)s")

# Translators: action: the word on a button; why: a whole sentence.
ACTION_REFUSED = _("%(action)s of %(vm)s is not possible now. %(why)s")
CONFIRM_ANY = _("%(action)s: %(vm)s?")

NODE_REACHABLE = pgettext_lazy("state of a node", "Reachable")
NODE_UNREACHABLE = pgettext_lazy("state of a node", "Unreachable")
NODE_FIRST_CONTACT = pgettext_lazy("state of a node", "First contact")

# Translators: links on the page of a node: so many machines move to it, or away from it, just now.
ARRIVING = ngettext_lazy("%(count)s machine arriving", "%(count)s machines arriving", "count")
LEAVING = ngettext_lazy("%(count)s machine leaving", "%(count)s machines leaving", "count")
OPERATIONS_UNDER_WAY = ngettext_lazy("%(count)s under way", "%(count)s under way", "count")
# Translators: filters of operations beside "Node: alpha": which way machines move, seen from that node.
OPERATIONS_ARRIVING = pgettext_lazy("filter that is set", "Machines arriving")
OPERATIONS_LEAVING = pgettext_lazy("filter that is set", "Machines leaving")
MEMORY_IN_USE = _("Memory in use")
CPUS_IN_USE = _("Processors in use")
MEMORY_GIVEN = pgettext_lazy("memory of a node", "%(size)s given to machines that are on")
VCPUS_GIVEN = ngettext_lazy(
    "%(count)s vCPU given to machines that are on", "%(count)s vCPUs given to machines that are on", "count"
)
POOL_IN_USE = pgettext_lazy("bar: how much of a storage pool is in use", "Use of storage pool %(pool)s")
POOL_SHARED = pgettext_lazy("whether other nodes see the same storage", "shared")
POOL_LOCAL = pgettext_lazy("whether other nodes see the same storage", "local")

DUTY_TITLE: Mapping[Duty, Promise] = {
    Duty.MAINTENANCE: _("Put node %(node)s into maintenance?"),
    Duty.ACTIVE: _("End the maintenance of node %(node)s?"),
}
DUTY_MEANS: Mapping[Duty, Promise] = {
    Duty.MAINTENANCE: _("No new machine is made on node %(node)s until the maintenance ends."),
    Duty.ACTIVE: _("New machines can be made on node %(node)s again."),
}
DUTY_BUTTON: Mapping[Duty, Promise] = {
    Duty.MAINTENANCE: pgettext_lazy("button", "Begin maintenance"),
    Duty.ACTIVE: pgettext_lazy("button", "End maintenance"),
}
DUTY_SET: Mapping[Duty, Promise] = {
    Duty.MAINTENANCE: _("Node %(node)s is in maintenance. No new machine is made there until that ends."),
    Duty.ACTIVE: _("The maintenance of node %(node)s has ended. New machines can be made there again."),
}
DUTY_IS_SO: Mapping[Duty, Promise] = {
    Duty.MAINTENANCE: _("Node %(node)s is in maintenance already."),
    Duty.ACTIVE: _("Node %(node)s is not in maintenance."),
}
# Translators: what a maintenance means for the machines of a node; below, how many of them are on.
NOTHING_IS_MOVED = ngettext_lazy(
    "Nothing is moved: the %(count)s machine on it stays there.",
    "Nothing is moved: the %(count)s machines on it stay there.",
    "count",
)
THEY_RUN_ON = ngettext_lazy(
    "%(count)s of them is on now and runs on.", "%(count)s of them are on now and run on.", "count"
)
CAN_STILL_BE_STARTED = _("Machines that are off can still be started.")
NO_MACHINE_CONCERNED = _("There is no machine on it.")
MAINTENANCE_SINCE = _("In maintenance since %(since)s, by %(person)s.")
MAINTENANCE_NOW = _("In maintenance.")
# Translators: "3 % of 16 CPUs". Use your language's blank before the percent sign.
SHARE_OF = pgettext_lazy("how busy the processors of a node are", "%(percent)s %% of %(total)s")
# Translators: memory of a node: "21 GiB of 64 GiB".
USED_OF = pgettext_lazy("how much of something is in use", "%(used)s of %(total)s")


def cpus(count: int) -> str:
    return ngettext("%(count)s CPU", "%(count)s CPUs", count) % {"count": count}


def templates(count: int) -> str:
    return ngettext("%(count)s template", "%(count)s templates", count) % {"count": count}


def machines_found(count: int) -> str:
    return ngettext("%(count)s machine found", "%(count)s machines found", count) % {"count": count}


def node_still_has_machines(node: str, count: int) -> str:
    return ngettext(
        "Node %(node)s was not removed: the panel still knows %(count)s machine on it.",
        "Node %(node)s was not removed: the panel still knows %(count)s machines on it.",
        count,
    ) % {"node": node, "count": count}


# Translators: what a bulk action will do, counted; each stands by itself as a heading.
BULK_WILL: Mapping[Action, Promise] = {
    Action.START: ngettext_lazy("%(count)s machine will start", "%(count)s machines will start", "count"),
    Action.SHUTDOWN: ngettext_lazy(
        "%(count)s machine will be asked to shut down", "%(count)s machines will be asked to shut down", "count"
    ),
    Action.POWER_OFF: ngettext_lazy(
        "%(count)s machine will be powered off", "%(count)s machines will be powered off", "count"
    ),
    Action.PAUSE: ngettext_lazy("%(count)s machine will be paused", "%(count)s machines will be paused", "count"),
    Action.RESET: ngettext_lazy(
        "%(count)s machine will restart at once", "%(count)s machines will restart at once", "count"
    ),
    Action.DELETE: ngettext_lazy("%(count)s machine will be deleted", "%(count)s machines will be deleted", "count"),
}

# Translators: machines of a bulk action for which there is nothing to do, counted; each stands by itself as a heading.
BULK_ALREADY: Mapping[Action, Promise] = {
    Action.START: ngettext_lazy("%(count)s is running already", "%(count)s are running already", "count"),
    Action.SHUTDOWN: ngettext_lazy("%(count)s is off already", "%(count)s are off already", "count"),
    Action.POWER_OFF: ngettext_lazy("%(count)s is off already", "%(count)s are off already", "count"),
    Action.PAUSE: ngettext_lazy("%(count)s is paused already", "%(count)s are paused already", "count"),
}
BULK_REFUSED = ngettext_lazy("%(count)s is refused", "%(count)s are refused", "count")

BULK_TITLE: Mapping[Action, Promise] = {
    Action.START: ngettext_lazy("Start %(count)s machine?", "Start %(count)s machines?", "count"),
    Action.SHUTDOWN: ngettext_lazy("Shut down %(count)s machine?", "Shut down %(count)s machines?", "count"),
    Action.POWER_OFF: ngettext_lazy("Power off %(count)s machine?", "Power off %(count)s machines?", "count"),
    Action.PAUSE: ngettext_lazy("Pause %(count)s machine?", "Pause %(count)s machines?", "count"),
    Action.RESET: ngettext_lazy("Reset %(count)s machine?", "Reset %(count)s machines?", "count"),
    Action.DELETE: ngettext_lazy("Delete %(count)s machine?", "Delete %(count)s machines?", "count"),
}

BULK_CONSEQUENCE: Mapping[Action, Promise] = {
    Action.START: _("Those that are off are switched on, and paused ones go on."),
    Action.SHUTDOWN: _("Their guests are asked to shut down. Their services end."),
    Action.POWER_OFF: _(
        "They are switched off at once, without asking their guests. What the guests have not written to disk is lost."
    ),
    Action.PAUSE: _("Their guests are held and do nothing until Start lets them go on."),
    Action.RESET: _(
        "They restart at once, without asking their guests. What the guests have not written to disk is lost."
    ),
    Action.DELETE: _("They are removed from their nodes for good. This cannot be undone."),
}

# Translators: a bulk action: "Shutdown: 37 machines".
BULK_NAME = ngettext_lazy("%(action)s: %(count)s machine", "%(action)s: %(count)s machines", "count")
BULK_ENDED_WELL = _("%(bulk)s: all done.")
BULK_ENDED = _("%(bulk)s: %(done)s done, %(not_done)s not.")
BULK_TYPE_THE_NUMBER = ngettext_lazy(
    "The number you typed is not the number of machines that would be deleted: %(count)s.",
    "The number you typed is not the number of machines that would be deleted: %(count)s.",
    "count",
)
BULK_CHANGED = _(
    "The machines or their states have changed meanwhile. Here is what would happen now; please look again."
)

# Translators: a message in the corner of the page: "Shutdown of web-01: done."
OPERATION_ENDED_WELL = _("%(action)s of %(vm)s: done.")
OPERATION_ENDED_BADLY = _("%(action)s of %(vm)s has failed. %(problem)s")
OPERATION_CANCELLED = _("%(action)s of %(vm)s was cancelled. %(problem)s")
OPERATION_NEEDS_A_LOOK = _("%(action)s of %(vm)s needs a look. %(problem)s")
OPERATIONS_ENDED_WELL = ngettext_lazy("%(count)s operation is done.", "%(count)s operations are done.", "count")

# Translators: the single steps of an operation, in the order in which they are taken, as a list.
STEP: Mapping[str, Promise] = {
    "switch_on": pgettext_lazy("step of an operation", "Switch the machine on"),
    "see_it_stay_on": pgettext_lazy("step of an operation", "See it stay on"),
    "ask_to_shut_down": pgettext_lazy("step of an operation", "Ask the guest to shut down"),
    "see_the_guest_go": pgettext_lazy("step of an operation", "Wait until the guest is gone"),
    "cut_power": pgettext_lazy("step of an operation", "Cut the power"),
    "clear_away": pgettext_lazy("step of an operation", "Cut the power"),
    "see_it_off": pgettext_lazy("step of an operation", "See it off"),
    "look_at_files": pgettext_lazy("step of an operation", "Look whether its files are there"),
    "compare_sums": pgettext_lazy("step of an operation", "Read its files and compare them with their checksums"),
    "write_sums_down": pgettext_lazy("step of an operation", "Write down what was found"),
    "leave_it": pgettext_lazy("step of an operation", "Leave it as it is"),
    "see_that_nobody_needs_them": pgettext_lazy("step of an operation", "Check that nobody needs its files"),
    "take_them_away": pgettext_lazy("step of an operation", "Take it off the lists"),
    "delete_files": pgettext_lazy("step of an operation", "Delete its files"),
    "reset": pgettext_lazy("step of an operation", "Press the reset button"),
    "hold": pgettext_lazy("step of an operation", "Hold the guest"),
    "see_it_paused": pgettext_lazy("step of an operation", "See it paused"),
    "check_disks_are_free": pgettext_lazy("step of an operation", "Check that nobody else needs its disks"),
    "delete_disks": pgettext_lazy("step of an operation", "Delete its disks"),
    "undefine": pgettext_lazy("step of an operation", "Remove it from the node"),
    "mark_deleted": pgettext_lazy("step of an operation", "Take it off the lists"),
    "make_disks": pgettext_lazy("step of an operation", "Make its disks"),
    "define_copy": pgettext_lazy("step of an operation", "Make it known to the node"),
    "define_overlay": pgettext_lazy("step of an operation", "Make it known to the node"),
    "bring_file": pgettext_lazy("step of an operation", "Bring the uploaded file to the node"),
    "check_image": pgettext_lazy("step of an operation", "Check the image"),
    "define_new": pgettext_lazy("step of an operation", "Make it known to the node"),
    "wait_for_turn": pgettext_lazy("step of an operation", "Wait for its turn"),
    "copy_image": pgettext_lazy("step of an operation", "Copy the image into its disk"),
    "remove_image": pgettext_lazy("step of an operation", "Remove the copy of the uploaded image"),
    "take_back_file": pgettext_lazy("step of an operation", "Remove the uploaded file from the node"),
    "hand_over": pgettext_lazy("step of an operation", "Hand it over"),
    "start_if_asked": pgettext_lazy("step of an operation", "Start it, if that was chosen"),
    "take_turn": pgettext_lazy("step of an operation", "Wait for its turn"),
    "pull": pgettext_lazy("step of an operation", "Copy what its disks still need"),
    "release_origin": pgettext_lazy("step of an operation", "Release the template"),
    "end_process": pgettext_lazy("step of an operation", "End the process that held it"),
    "take_back_half_made": pgettext_lazy("step of an operation", "Remove what was made by half"),
    "leave_linked": pgettext_lazy("step of an operation", "Stop copying, and keep the template"),
    "check_changes": pgettext_lazy("step of an operation", "Check what is to be changed"),
    "grow_disks": pgettext_lazy("step of an operation", "Make its disks larger"),
    "save_definition": pgettext_lazy("step of an operation", "Write down what it is from its next start"),
    "change_running": pgettext_lazy("step of an operation", "Change what can be changed while it is on"),
    "see_the_guest_follow": pgettext_lazy("step of an operation", "Wait until the guest has followed"),
    "take_back_changes": pgettext_lazy("step of an operation", "Remove what was made by half"),
    "forget_there": pgettext_lazy("step of an operation", "Look at both nodes again, and forget it on one of them"),
    "end_there": pgettext_lazy("step of an operation", "Look at both nodes again, and cut the power on one of them"),
    "see_it_off_there": pgettext_lazy("step of an operation", "See it off there"),
    "check_what_comes_back": pgettext_lazy("step of an operation", "Check the backup and the room for its disks"),
    "put_definition_back": pgettext_lazy("step of an operation", "Give it the hardware and the disks of the backup"),
    "fill_disks": pgettext_lazy("step of an operation", "Copy the disks from the backup"),
    "bring_memory_back": pgettext_lazy("step of an operation", "Bring its memory back, if that was chosen"),
    "change_over": pgettext_lazy("step of an operation", "Let it be what it was then"),
    "drop_old_disks": pgettext_lazy("step of an operation", "Delete the disks that it had before"),
    "take_back_restored": pgettext_lazy("step of an operation", "Make it again what it was before"),
    "define_restored": pgettext_lazy("step of an operation", "Make it known to the node"),
    "check_move": pgettext_lazy("step of an operation", "Check that the other node can take it"),
    "make_copies": pgettext_lazy("step of an operation", "Make images for the disks that are copied"),
    "forget_moments": pgettext_lazy("step of an operation", "Forget since which backup its disks note what changes"),
    "wait_to_back_up": pgettext_lazy("step of an operation", "Wait for its turn"),
    "check_target": pgettext_lazy("step of an operation", "Check that the node has the folder for the backup"),
    "merge_left_over": pgettext_lazy("step of an operation", "Merge what an earlier backup has left"),
    "plan_backup": pgettext_lazy("step of an operation", "See what has changed, and whether there is room for it"),
    "begin_copy": pgettext_lazy("step of an operation", "Begin in one moment, of all disks"),
    "copy_disks": pgettext_lazy("step of an operation", "Copy the disks as they were in that moment"),
    "merge_overlays": pgettext_lazy("step of an operation", "Bring back what was written meanwhile"),
    "forget_old_moments": pgettext_lazy("step of an operation", "Forget the moments of earlier backups"),
    "let_go": pgettext_lazy("step of an operation", "End the process that held it"),
    "write_down": pgettext_lazy("step of an operation", "Write down what the backup consists of"),
    "call_off": pgettext_lazy("step of an operation", "Stop copying, and let the guest go on"),
    "merge_back": pgettext_lazy("step of an operation", "Bring back what was written meanwhile"),
    "remove_files": pgettext_lazy("step of an operation", "Delete the files of the backup"),
    "hold_guest": pgettext_lazy("step of an operation", "Start it paused, if it is off"),
    "move": pgettext_lazy("step of an operation", "Let it move"),
    "change_node": pgettext_lazy("step of an operation", "Write down that it has arrived"),
    "clear_up": pgettext_lazy("step of an operation", "Clear up where it was"),
    "call_back": pgettext_lazy("step of an operation", "Call it back"),
    "remove_copies": pgettext_lazy("step of an operation", "Clear up where it was to go"),
    "set_mode": pgettext_lazy("step of an operation", "Set its mode"),
    "become_template": pgettext_lazy("step of an operation", "Make it a template"),
    "move_to_pool": pgettext_lazy("step of an operation", "Write down which pool it belongs to"),
    "seal": pgettext_lazy("step of an operation", "Seal it"),
    "activate_if_asked": pgettext_lazy("step of an operation", "Activate it, if that was chosen"),
    "set_boot_device": pgettext_lazy("step of an operation", "Change the boot device"),
}
"""By the name of the step. A step that is not here is not shown."""

# Translators: when an operation was asked for, began and ended; each before a moment.
MOMENT_ASKED = pgettext_lazy("moment in the life of an operation", "Asked for")
MOMENT_BEGAN = pgettext_lazy("moment in the life of an operation", "Began")
MOMENT_ENDED = pgettext_lazy("moment in the life of an operation", "Ended")
MOMENT_ACKNOWLEDGED = pgettext_lazy("moment in the life of an operation", "Acknowledged")
SPEED = pgettext_lazy("how fast a job is", "%(size)s/s")
TIME_LEFT = pgettext_lazy("how long a job will still take", "%(duration)s left")

AUDIT_OUTCOME: Mapping[Outcome, Promise] = {
    Outcome.ACCEPTED: pgettext_lazy("what came of a request", "Accepted"),
    Outcome.REFUSED: pgettext_lazy("what came of a request", "Refused"),
    Outcome.SUCCEEDED: pgettext_lazy("what came of a request", "Done"),
    Outcome.FAILED: pgettext_lazy("what came of a request", "Failed"),
    Outcome.CANCELLED: pgettext_lazy("what came of a request", "Cancelled"),
    # Translators: nobody asked the panel for it: it was done with another tool, or happened by itself.
    Outcome.SEEN: pgettext_lazy("what came of a request", "Seen"),
}
AUDIT_AREA: Mapping[Area, Promise] = {
    Area.POWER: pgettext_lazy("filter of the audit trail", "On and off"),
    Area.MACHINES: pgettext_lazy("filter of the audit trail", "Machines"),
    Area.RIGHTS: pgettext_lazy("filter of the audit trail", "Rights on machines"),
    Area.IMAGES: pgettext_lazy("filter of the audit trail", "Images"),
    Area.BACKUPS: pgettext_lazy("filter of the audit trail", "Backups"),
    Area.POOLS: pgettext_lazy("filter of the audit trail", "VM pools"),
    Area.NODES: pgettext_lazy("filter of the audit trail", "Nodes"),
    Area.LOGINS: pgettext_lazy("filter of the audit trail", "Logins"),
    Area.ACCOUNTS: pgettext_lazy("filter of the audit trail", "Accounts"),
    Area.OTHER: pgettext_lazy("filter of the audit trail", "Other"),
}
AUDIT_SUBJECT: Mapping[Subject, Promise] = {
    Subject.VM: pgettext_lazy("what a line of the audit trail is about", "VM"),
    Subject.TEMPLATE: pgettext_lazy("what a line of the audit trail is about", "VM template"),
    Subject.GOLDEN_IMAGE: pgettext_lazy("what a line of the audit trail is about", "Golden image"),
    Subject.NODE: pgettext_lazy("what a line of the audit trail is about", "Node"),
    Subject.IMAGE: pgettext_lazy("what a line of the audit trail is about", "Image"),
    Subject.OPERATION: pgettext_lazy("what a line of the audit trail is about", "Operation"),
    Subject.POOL: pgettext_lazy("what a line of the audit trail is about", "VM pool"),
    Subject.TARGET: pgettext_lazy("what a line of the audit trail is about", "Target for backups"),
    Subject.SCHEDULE: pgettext_lazy("what a line of the audit trail is about", "Schedule for backups"),
    Subject.PERSON: pgettext_lazy("what a line of the audit trail is about", "Person"),
    Subject.GROUP: pgettext_lazy("what a line of the audit trail is about", "Group"),
    Subject.PANEL: pgettext_lazy("what a line of the audit trail is about", "The panel"),
}
AUDIT_REQUEST: Mapping[str, Promise] = {
    "vms:rights": pgettext_lazy("request in the audit trail", "Look up rights"),
    Request.NOTES: pgettext_lazy("request in the audit trail", "Write notes"),
    Request.TAGS: pgettext_lazy("request in the audit trail", "Change tags"),
    Request.PROTECT: pgettext_lazy("request in the audit trail", "Protect against deleting"),
    Request.UNPROTECT: pgettext_lazy("request in the audit trail", "Take the delete protection off"),
    Request.CANCEL: pgettext_lazy("request in the audit trail", "Cancel an operation"),
    Request.CLOSE: pgettext_lazy("request in the audit trail", "Close an unclear operation"),
    Request.ACKNOWLEDGE: pgettext_lazy("request in the audit trail", "Acknowledge a failure"),
    Request.LIMIT: pgettext_lazy("request in the audit trail", "Change the speed of copying"),
    Request.POST_COPY: pgettext_lazy("request in the audit trail", "Hand over in the middle of a move"),
    Request.DISREGARD_DOUBLE: pgettext_lazy("request in the audit trail", "Go on without a node that knows it too"),
    Request.TRY_NODE: pgettext_lazy("request in the audit trail", "Try to reach a node"),
    Request.ADD_NODE: pgettext_lazy("request in the audit trail", "Add a node"),
    Request.REMOVE_NODE: pgettext_lazy("request in the audit trail", "Remove a node"),
    Request.CHANGE_ADDRESSES: pgettext_lazy("request in the audit trail", "Change the addresses of a node"),
    Request.BEGIN_MAINTENANCE: pgettext_lazy("request in the audit trail", "Put a node into maintenance"),
    Request.END_MAINTENANCE: pgettext_lazy("request in the audit trail", "End the maintenance of a node"),
    Request.PLAN_EMPTYING: pgettext_lazy("request in the audit trail", "Plan how to empty a node"),
    Request.PLAN_EMPTYING_AGAIN: pgettext_lazy("request in the audit trail", "Plan anew how to empty a node"),
    Request.BEGIN_EMPTYING: pgettext_lazy("request in the audit trail", "Empty a node"),
    Request.PAUSE_EMPTYING: pgettext_lazy("request in the audit trail", "Pause the emptying of a node"),
    Request.GO_ON_EMPTYING: pgettext_lazy("request in the audit trail", "Go on emptying a node"),
    Request.CANCEL_EMPTYING: pgettext_lazy("request in the audit trail", "Cancel the emptying of a node"),
    Request.UPLOAD: pgettext_lazy("request in the audit trail", "Upload an image"),
    Request.REMOVE_IMAGE: pgettext_lazy("request in the audit trail", "Remove an image"),
    Request.KEEP_BACKUP: pgettext_lazy("request in the audit trail", "Keep a backup whatever its schedule says"),
    Request.KEEP_BACKUP_NO_LONGER: pgettext_lazy("request in the audit trail", "Keep a backup no longer than others"),
    Request.BACKUP_NOTES: pgettext_lazy("request in the audit trail", "Write notes about a backup"),
    Request.ADD_TARGET: pgettext_lazy("request in the audit trail", "Add a target for backups"),
    Request.CHANGE_TARGET: pgettext_lazy("request in the audit trail", "Change a target for backups"),
    Request.REMOVE_TARGET: pgettext_lazy("request in the audit trail", "Remove a target for backups"),
    Request.ADD_SCHEDULE: pgettext_lazy("request in the audit trail", "Add a schedule for backups"),
    Request.CHANGE_SCHEDULE: pgettext_lazy("request in the audit trail", "Change a schedule for backups"),
    Request.REMOVE_SCHEDULE: pgettext_lazy("request in the audit trail", "Remove a schedule for backups"),
    Request.SWITCH_ON_SCHEDULE: pgettext_lazy("request in the audit trail", "Switch a schedule for backups on"),
    Request.SWITCH_OFF_SCHEDULE: pgettext_lazy("request in the audit trail", "Switch a schedule for backups off"),
    Request.RUN_SCHEDULE: pgettext_lazy("request in the audit trail", "Run a schedule for backups now"),
    Request.ADD_POOL: pgettext_lazy("request in the audit trail", "Add a VM pool"),
    Request.CHANGE_POOL: pgettext_lazy("request in the audit trail", "Change a VM pool"),
    Request.REMOVE_POOL: pgettext_lazy("request in the audit trail", "Remove a VM pool"),
    Request.SWITCH_ON_POOL: pgettext_lazy("request in the audit trail", "Switch a VM pool on"),
    Request.SWITCH_OFF_POOL: pgettext_lazy("request in the audit trail", "Switch a VM pool off"),
    Request.OPEN_POOL: pgettext_lazy("request in the audit trail", "Open a VM pool"),
    Request.KEEP_DYNAMIC: pgettext_lazy("request in the audit trail", "Keep a dynamic VM longer"),
    Request.USE_OVER: pgettext_lazy("request in the audit trail", "End of use"),
    Request.LOG_IN: pgettext_lazy("request in the audit trail", "Log in"),
    Request.LOG_OUT: pgettext_lazy("request in the audit trail", "Log out"),
    "bulk:ask": pgettext_lazy("request in the audit trail", "Ask the same of many machines"),
    "people:new": pgettext_lazy("request in the audit trail", "Add a person"),
    "people:edit": pgettext_lazy("request in the audit trail", "Change a person"),
    "people:password": pgettext_lazy("request in the audit trail", "Set a password"),
    "people:block": pgettext_lazy("request in the audit trail", "Block a person"),
    "people:let_in": pgettext_lazy("request in the audit trail", "Let a person in again"),
    "people:unlock": pgettext_lazy("request in the audit trail", "Open the lock of a person"),
    "people:log_out": pgettext_lazy("request in the audit trail", "Log a person out"),
    "people:delete": pgettext_lazy("request in the audit trail", "Delete a person"),
    "people:new_group": pgettext_lazy("request in the audit trail", "Make a group"),
    "people:group": pgettext_lazy("request in the audit trail", "Add to a group"),
    "people:rename_group": pgettext_lazy("request in the audit trail", "Rename a group"),
    "people:delete_group": pgettext_lazy("request in the audit trail", "Delete a group"),
    "people:remove_member": pgettext_lazy("request in the audit trail", "Take out of a group"),
    "people:locked": pgettext_lazy("request in the audit trail", "Open a lock"),
    "people:check_directory": pgettext_lazy("request in the audit trail", "Check the directory"),
    "account:password": pgettext_lazy("request in the audit trail", "Change the own password"),
    "account:end_visit": pgettext_lazy("request in the audit trail", "End an own session"),
    "account:end_other_visits": pgettext_lazy("request in the audit trail", "End all other own sessions"),
}
"""What is no action and nothing that happened. The name of an address that is not here stands for itself."""

AUDIT_WHY: Mapping[str, Promise] = {
    Why.NOT_LOGGED_IN: pgettext_lazy("why a request was refused", "Nobody was logged in."),
    Why.WRONG_CREDENTIALS: pgettext_lazy("why a request was refused", "Wrong name or password, or no way in."),
    Why.LOCKED_OUT: pgettext_lazy("why a request was refused", "Locked after too many tries."),
    Why.NOT_VALID: pgettext_lazy("why a request was refused", "The form was not filled in as it has to be."),
    Why.NOTHING_TO_DO: pgettext_lazy("why a request was refused", "There was nothing to do."),
    Why.TOO_LATE: pgettext_lazy("why a request was refused", "It was too late."),
    Why.NAMES_TAKEN: pgettext_lazy("why a request was refused", "The name was taken already."),
    Why.NODE_HAS_MACHINES: pgettext_lazy("why a request was refused", "The node still has machines."),
    Why.NODE_IS_OUT: pgettext_lazy("why a request was refused", "The machine could not go to that node."),
    Why.WRONG_CHECKSUM: pgettext_lazy("why a request was refused", "The checksum was another."),
    Why.STILL_NEEDED: pgettext_lazy("why a request was refused", "It was still needed."),
    Why.NO_SUCH_FOLDER: pgettext_lazy("why a request was refused", "No node had such a folder."),
    Why.POOL_IS_FULL: pgettext_lazy("why a request was refused", "The pool had no VM left, or no room for one."),
    Why.POOL_IS_OFF: pgettext_lazy("why a request was refused", "The pool was switched off."),
    Why.NO_ACTIVE_IMAGE: pgettext_lazy("why a request was refused", "The pool had no active golden image."),
    Why.NOT_OF_THE_POOL: pgettext_lazy("why a request was refused", "It lay outside of what the pool may use."),
    Why.NO_NODE: pgettext_lazy("why a request was refused", "No node could take one more VM."),
    Reason.NOT_PERMITTED: pgettext_lazy("why a request was refused", "No right to do this."),
    "http_403": pgettext_lazy("why a request was refused", "No right to do this, or a form of another site."),
    "http_404": pgettext_lazy("why a request was refused", "Not there, or not for this person's eyes."),
    "http_405": pgettext_lazy("why a request was refused", "Nothing can be changed at this address."),
    "http_409": pgettext_lazy("why a request was refused", "Not possible then."),
    "http_500": pgettext_lazy("why a request was refused", "Something went wrong in the panel itself."),
}
"""Beside REASON and IMAGE_FAULT. A code that is in none of them stands for itself."""

AUDIT_OF = pgettext_lazy("title of a list", "Audit of %(name)s")
AUDIT_MANY = ngettext_lazy("%(count)s machine", "%(count)s machines", "count")
AUDIT_MORE_THAN = pgettext_lazy("how many lines there are", "more than %(count)s")
AUDIT_NOBODY = pgettext_lazy("who asked for something, when nobody was logged in", "somebody unknown")
AUDIT_REFUSED_TO = pgettext_lazy("line of a timeline", "%(action)s was refused to %(person)s")
AUDIT_TAGS = pgettext_lazy("request in the audit trail", "put on: %(added)s; taken off: %(removed)s")
# Translators: a part of a machine that was to be changed, and the device that it belongs to: "Size of the disk (vda)".
AUDIT_PART_OF_DEVICE = pgettext_lazy("request in the audit trail", "%(part)s (%(device)s)")
AUDIT_ON_NODE = pgettext_lazy("request in the audit trail", "on node %(there)s")
AUDIT_EDIT: Mapping[str, Promise] = {
    "name": pgettext_lazy("request in the audit trail", "name %(was)s → %(becomes)s"),
    "mode": pgettext_lazy("request in the audit trail", "mode %(was)s → %(becomes)s"),
}
AUDIT_RIGHT: Mapping[str, Promise] = {
    "given": pgettext_lazy("request in the audit trail", "%(owner)s may now: %(right)s"),
    "changed": pgettext_lazy("request in the audit trail", "%(owner)s may now: %(right)s; before: %(was)s"),
    "taken": pgettext_lazy("request in the audit trail", "%(owner)s may no longer: %(right)s"),
}


def audit_requests() -> dict[str, Promise]:
    """Whatever can stand there as what was asked for or what happened."""
    return {**{str(code): words for code, words in (*ACTION.items(), *EVENT.items())}, **AUDIT_REQUEST}


def backups(count: int) -> str:
    return ngettext("%(count)s backup", "%(count)s backups", count) % {"count": count}


def backups_forgotten(count: int) -> str:
    """When a node is removed."""
    return ngettext(
        "%(count)s backup that no other node can reach is forgotten too. Its files stay where they are.",
        "%(count)s backups that no other node can reach are forgotten too. Their files stay where they are.",
        count,
    ) % {"count": count}


def machines(count: int) -> str:
    return ngettext("%(count)s machine", "%(count)s machines", count) % {"count": count}


def schedule_runs(schedule: str, count: int) -> str:
    return ngettext(
        "Schedule %(schedule)s runs: %(count)s machine has its turn.",
        "Schedule %(schedule)s runs: %(count)s machines have their turn.",
        count,
    ) % {"schedule": schedule, "count": count}


def of_machines(count: int) -> str:
    return ngettext("of %(count)s machine", "of %(count)s machines", count) % {"count": count}


def target_is_needed(backups: int, schedules: int) -> str:
    """Why it cannot be removed: one of the numbers is not 0."""
    if backups:
        return ngettext(
            "There is %(count)s backup in this target. Delete it first.",
            "There are %(count)s backups in this target. Delete them first.",
            backups,
        ) % {"count": backups}
    return ngettext(
        "%(count)s schedule makes its backups here. Give it another target first, or remove it.",
        "%(count)s schedules make their backups here. Give them another target first, or remove them.",
        schedules,
    ) % {"count": schedules}


def days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
