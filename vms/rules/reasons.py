"""Why an action is off: a code to send and compare. Its sentence lives in vms.labels."""

from enum import StrEnum


class Reason(StrEnum):
    # what the machine is
    IS_STOPPED = "is_stopped"
    IS_RUNNING = "is_running"
    IS_STARTING = "is_starting"
    IS_SHUTTING_DOWN = "is_shutting_down"
    IS_POWERING_OFF = "is_powering_off"
    IS_DELETING = "is_deleting"
    IS_PAUSED = "is_paused"
    IS_CRASHED = "is_crashed"
    IS_FROZEN = "is_frozen"
    IS_UNKNOWN = "is_unknown"
    # what is being done with it
    IS_STREAMING = "is_streaming"
    IS_BACKING_UP = "is_backing_up"
    IS_MIGRATING = "is_migrating"
    IS_CREATING = "is_creating"
    IS_RESTORING = "is_restoring"
    IS_BEING_COPIED = "is_being_copied"
    NEEDS_ITS_TEMPLATE = "needs_its_template"
    IS_BEING_CHANGED = "is_being_changed"
    TEMPLATE_IS_STREAMED_FROM = "template_is_streamed_from"
    # what would have to be otherwise
    MUST_BE_STOPPED = "must_be_stopped"
    NO_SCREEN_WHILE_STOPPED = "no_screen_while_stopped"
    NO_PROCESS_LEFT = "no_process_left"
    IS_PROTECTED = "is_protected"
    # the template's mode
    MODE_IS_READY = "mode_is_ready"
    MODE_IS_MAINTENANCE = "mode_is_maintenance"
    MODE_IS_FIRST_INSTALLATION = "mode_is_first_installation"
    MODE_IS_DO_NOT_USE = "mode_is_do_not_use"
    # golden images and what stands on them
    IS_SEALED = "is_sealed"
    IS_NOT_SEALED = "is_not_sealed"
    IS_ACTIVE_IMAGE = "is_active_image"
    VMS_STAND_ON_IT = "vms_stand_on_it"
    IS_THROWN_AWAY = "is_thrown_away"
    IS_DYNAMIC = "is_dynamic"
    """And so it stays on its node."""
    IS_GOLDEN_IMAGE = "is_golden_image"
    """The same."""
    # somebody else, or not you
    RUN_SLOT_TAKEN = "run_slot_taken"
    JOB_SLOT_TAKEN = "job_slot_taken"
    NOT_PERMITTED = "not_permitted"
    GONE_FROM_NODE = "gone_from_node"
    ALSO_ELSEWHERE = "also_elsewhere"
    # its backups
    BACKUPS_BUSY = "backups_busy"
    BACKUP_GONE = "backup_gone"
    BACKUP_IS_NEEDED = "backup_is_needed"
    BACKUP_IN_USE = "backup_in_use"
    TARGET_GONE = "target_gone"
    TARGET_OUT_OF_REACH = "target_out_of_reach"
    BACKUP_UNUSABLE = "backup_unusable"
    TARGET_NOT_ON_NODE = "target_not_on_node"
    IS_ON_ANOTHER_NODE = "is_on_another_node"
    # the panel itself
    ASKING_FAILED = "asking_failed"


OF_GOLDEN_IMAGES = frozenset({Reason.IS_ACTIVE_IMAGE, Reason.VMS_STAND_ON_IT})
"""They turn something off at a golden image only, and only at the moment."""

OF_BACKUPS = frozenset(
    {
        *(Reason.BACKUPS_BUSY, Reason.BACKUP_GONE, Reason.BACKUP_IS_NEEDED, Reason.BACKUP_IN_USE),
        *(Reason.BACKUP_UNUSABLE, Reason.TARGET_GONE, Reason.TARGET_OUT_OF_REACH, Reason.TARGET_NOT_ON_NODE),
        Reason.IS_ON_ANOTHER_NODE,
    }
)
"""They turn nothing off at a machine itself."""
