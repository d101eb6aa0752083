"""The definition of a machine that is made afresh."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml
from vms.hypervisor.machine_xml.booting import BootDevice, put_first
from vms.hypervisor.machine_xml.description import PanelMark
from vms.hypervisor.machine_xml.elements import child_of, drop, write_text
from vms.hypervisor.machine_xml.marking import with_panel_mark
from vms.hypervisor.machine_xml.parsing import parse, text_of

# Without a limit QEMU, where it emulates, keeps more translated code than a small guest has memory.
_TRANSLATED_MIB = "32"

# On PCI Express a card needs a port of its own. About half of these are left for what is plugged in while it is on.
_PORTS = 14

_MACHINE = """<domain>
  <name/>
  <uuid/>
  <description/>
  <memory unit="b"/>
  <vcpu/>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <boot dev="hd"/>
    <boot dev="cdrom"/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <clock offset="utc">
    <timer name="rtc" tickpolicy="catchup"/>
    <timer name="pit" tickpolicy="delay"/>
    <timer name="hpet" present="no"/>
  </clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <pm>
    <suspend-to-mem enabled="no"/>
    <suspend-to-disk enabled="no"/>
  </pm>
  <devices>
    <disk type="file" device="disk">
      <driver name="qemu" type="qcow2" discard="unmap"/>
      <source/>
      <target dev="vda" bus="virtio"/>
    </disk>
    <disk type="file" device="cdrom">
      <driver name="qemu" type="raw"/>
      <source/>
      <target dev="sda" bus="sata"/>
      <readonly/>
    </disk>
    <interface>
      <mac/>
      <model type="virtio"/>
    </interface>
    <controller type="usb" model="qemu-xhci"/>
    <controller type="pci" index="0" model="pcie-root"/>
    <input type="tablet" bus="usb"/>
    <serial type="pty"/>
    <console type="pty"/>
    <channel type="unix">
      <target type="virtio" name="org.qemu.guest_agent.0"/>
    </channel>
    <graphics type="vnc" port="-1" autoport="yes" listen="127.0.0.1"/>
    <video>
      <model type="virtio"/>
    </video>
    <memballoon model="virtio">
      <stats period="10"/>
    </memballoon>
    <rng model="virtio">
      <backend model="random">/dev/urandom</backend>
    </rng>
  </devices>
</domain>
"""


@dataclass(frozen=True, slots=True)
class NewMachine:
    """memory: bytes. disk: path of its qcow2 image, "" for none. cdrom: path of an ISO image, "" for an empty drive.

    virt_type: "qemu" emulates. network: a libvirt network, "" for one that only leads out of the machine.
    """

    name: str
    uuid: UUID
    description: str
    memory: int
    vcpus: int
    virt_type: Literal["kvm", "qemu"]
    disk: str
    cdrom: str
    boot_device: BootDevice
    network: str
    mac: str
    mark: PanelMark


def definition_of(machine: NewMachine) -> str:
    """InvalidXml for text that holds what XML cannot."""
    root = parse(_MACHINE)
    try:
        _write_texts(root, machine)
        _write_disks(root, machine)
        _write_interface(root, machine)
    except ValueError as error:
        raise InvalidXml(str(error)) from error
    _write_processor(root, machine)
    _write_ports(root)
    put_first(root, machine.boot_device)
    return with_panel_mark(text_of(root), machine.mark)


def _write_texts(root: Element, machine: NewMachine) -> None:
    texts = {
        "name": machine.name,
        "uuid": str(machine.uuid),
        "description": machine.description,
        "memory": str(machine.memory),
        "vcpu": str(machine.vcpus),
    }
    for tag, text in texts.items():
        write_text(child_of(root, tag), text)


def _write_disks(root: Element, machine: NewMachine) -> None:
    disk, cdrom = root.findall("devices/disk")
    if machine.disk:
        child_of(disk, "source").set("file", machine.disk)
    else:
        drop(disk)
    if machine.cdrom:
        child_of(cdrom, "source").set("file", machine.cdrom)
    else:
        drop(child_of(cdrom, "source"))


def _write_interface(root: Element, machine: NewMachine) -> None:
    interface = child_of(child_of(root, "devices"), "interface")
    interface.set("type", "network" if machine.network else "user")
    child_of(interface, "mac").set("address", machine.mac)
    if machine.network:
        etree.SubElement(interface, "source", network=machine.network)


def _write_ports(root: Element) -> None:
    devices = child_of(root, "devices")
    for number in range(1, _PORTS + 1):
        etree.SubElement(devices, "controller", type="pci", index=str(number), model="pcie-root-port")


def _write_processor(root: Element, machine: NewMachine) -> None:
    """The node's own as far as it can be moved to others; an emulated one is QEMU's plain one."""
    root.set("type", machine.virt_type)
    if machine.virt_type == "kvm":
        etree.SubElement(root, "cpu", mode="host-model")
    else:
        tcg = etree.SubElement(child_of(root, "features"), "tcg")
        etree.SubElement(tcg, "tb-cache", unit="MiB").text = _TRANSLATED_MIB
