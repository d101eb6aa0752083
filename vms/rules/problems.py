"""Every way an operation or a contact with a node can fail: a code to store. Its sentence lives in vms.labels."""

from enum import StrEnum


class Problem(StrEnum):
    # the node
    NODE_UNREACHABLE = "node_unreachable"
    NODE_DOES_NOT_ANSWER = "node_does_not_answer"
    NODE_REFUSED_LOGIN = "node_refused_login"
    ADDRESS_NOT_UNDERSTOOD = "address_not_understood"
    NODE_KNOWN_ALREADY = "node_known_already"
    # the machine
    VM_NOT_FOUND = "vm_not_found"
    WRONG_STATE = "wrong_state"
    NO_LONGER_POSSIBLE = "no_longer_possible"
    GUEST_DID_NOT_REACT = "guest_did_not_react"
    DID_NOT_STAY_ON = "did_not_stay_on"
    NOT_ENOUGH_MEMORY = "not_enough_memory"
    DISK_LOCKED = "disk_locked"
    DISK_MISSING = "disk_missing"
    DISK_IN_USE = "disk_in_use"
    DISK_EXISTS = "disk_exists"
    NO_SPACE = "no_space"
    ORIGIN_DISK_MISSING = "origin_disk_missing"
    STREAM_BROKE = "stream_broke"
    IMAGE_TAKEN = "image_taken"
    MAC_TAKEN = "mac_taken"
    NAME_TAKEN = "name_taken"
    NOT_NOW = "not_now"
    NO_SUCH_DRIVE = "no_such_drive"
    CHANGED_MEANWHILE = "changed_meanwhile"
    IMAGE_NOT_TRUSTED = "image_not_trusted"
    UPLOAD_MISSING = "upload_missing"
    INVALID_XML = "invalid_xml"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    # the operation
    SUPERSEDED = "superseded"
    DELETED_MEANWHILE = "deleted_meanwhile"
    WORKER_DIED = "worker_died"
    CONTACT_BROKE = "contact_broke"
    BUG = "bug"
