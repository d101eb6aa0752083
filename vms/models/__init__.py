from vms.models.audit import AuditLine
from vms.models.backup import Backup, BackupSchedule, BackupTarget, BackupTurn
from vms.models.bulk import Bulk, BulkItem
from vms.models.contact_test import ContactTest
from vms.models.definition import Definition
from vms.models.disk import Disk
from vms.models.double import Double
from vms.models.emptying import Emptying, EmptyingItem
from vms.models.event import Event
from vms.models.grant import Grant
from vms.models.heartbeat import Heartbeat
from vms.models.interface import Interface
from vms.models.listing import ChosenColumns, SavedView
from vms.models.node import Node
from vms.models.operation import Operation
from vms.models.preflight import Preflight
from vms.models.storage import Network, StoragePool
from vms.models.stored_file import BroughtImage, StoredFile
from vms.models.tag import Tag
from vms.models.vm import Vm
from vms.models.vm_pool import VmPool

__all__ = [
    "AuditLine",
    "Backup",
    "BackupSchedule",
    "BackupTarget",
    "BackupTurn",
    "BroughtImage",
    "Bulk",
    "BulkItem",
    "ChosenColumns",
    "ContactTest",
    "Definition",
    "Disk",
    "Double",
    "Emptying",
    "EmptyingItem",
    "Event",
    "Grant",
    "Heartbeat",
    "Interface",
    "Network",
    "Node",
    "Operation",
    "Preflight",
    "SavedView",
    "StoragePool",
    "StoredFile",
    "Tag",
    "Vm",
    "VmPool",
]
