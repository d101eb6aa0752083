"""How a call to a node can fail. Each error names its problem; what libvirt said is kept as evidence only."""

from vms.rules.problems import Problem


class HypervisorError(Exception):
    """str(error) is the hypervisor's own text: for the log and the evidence, never a sentence for people."""

    problem = Problem.REFUSED


class NodeUnreachable(HypervisorError):
    """There is no connection, or it broke during the call: nobody knows whether the call was carried out."""

    problem = Problem.NODE_UNREACHABLE


class NodeDoesNotAnswer(NodeUnreachable):
    """The node accepted the connection and then said nothing for too long."""

    problem = Problem.NODE_DOES_NOT_ANSWER


class LoginRefused(NodeUnreachable):
    problem = Problem.NODE_REFUSED_LOGIN


class AddressNotUnderstood(NodeUnreachable):
    problem = Problem.ADDRESS_NOT_UNDERSTOOD


class VmNotFound(HypervisorError):
    problem = Problem.VM_NOT_FOUND


class WrongState(HypervisorError):
    problem = Problem.WRONG_STATE


class SerialTaken(WrongState):
    """Somebody else is connected to the machine's serial port."""


class NotEnoughMemory(HypervisorError):
    problem = Problem.NOT_ENOUGH_MEMORY


class DiskLocked(HypervisorError):
    problem = Problem.DISK_LOCKED


class DiskMissing(HypervisorError):
    problem = Problem.DISK_MISSING


class DiskInUse(HypervisorError):
    problem = Problem.DISK_IN_USE


class DiskExists(HypervisorError):
    problem = Problem.DISK_EXISTS


class NoSpace(HypervisorError):
    problem = Problem.NO_SPACE


class ChangedMeanwhile(HypervisorError):
    """It is no longer what it was when somebody looked; nothing was changed."""

    problem = Problem.CHANGED_MEANWHILE


class InvalidXml(HypervisorError):
    problem = Problem.INVALID_XML


class Unsupported(HypervisorError):
    problem = Problem.UNSUPPORTED


class NoPostCopy(HypervisorError):
    """One of the two nodes cannot fetch a guest's memory when it is needed."""

    problem = Problem.NO_POST_COPY


class NoScreen(Unsupported):
    pass


class ScreenNotForBrowsers(Unsupported):
    """It speaks a language that a browser does not understand."""


class ScreenTooFar(Unsupported):
    """The node cannot hand it over."""


class NoSerialPort(Unsupported):
    pass


class Refused(HypervisorError):
    problem = Problem.REFUSED


class ChainBroken(Refused):
    """What changed since an earlier backup is not known any more: the next one must copy all."""


class TimedOut(HypervisorError):
    problem = Problem.TIMED_OUT
