"""Machines as people define them: the corpus on which definitions are copied and changed."""

from __future__ import annotations

from lxml.etree import _Element as Element

UUID_OF_ORIGIN = "6695eb01-f6a4-8304-79aa-97f2502e193f"
DISK = """<disk type='file' device='disk' snapshot='external'><!-- the system -->
  <driver name='qemu' type='qcow2' cache='none' discard='unmap'/><source file='/origin/a.qcow2' index='2'/>
  <backingStore type='file'><format type='raw'/><source file='/origin/base.raw'/><backingStore/></backingStore>
  <target dev='vda' bus='virtio'/><iotune><total_iops_sec>900</total_iops_sec></iotune>
  <serial>origin-serial</serial></disk>"""
CDROM = """<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>
  <source file='/origin/install.iso' startupPolicy='optional'/><target dev='sda' bus='sata' tray='open'/>
  <readonly/></disk>"""
INTERFACE = """<interface type='network'><mac address='52:54:00:AA:00:01'/><source network='default'/>
  <model type='virtio'/><bandwidth><inbound average='1000'/></bandwidth></interface>"""
SIZE = "<memory unit='MiB'>512</memory><currentMemory unit='MiB'>256</currentMemory><vcpu current='1'>2</vcpu>"
TYPE = "<type arch='x86_64' machine='q35'>hvm</type>"
Q = "http://libvirt.org/schemas/domain/qemu/1.0"


def shape(
    devices: str = DISK + CDROM + INTERFACE,
    *,
    boot: str = "<boot dev='cdrom'/><boot dev='network'/><boot dev='hd'/>",
    metadata: str = "",
    size: str = SIZE,
    rest: str = "",
) -> str:
    return f"""<?xml version='1.0'?>
<!-- by hand -->
<domain type='qemu' xmlns:qemu='{Q}'>
  <name>origin</name>
  <uuid>{UUID_OF_ORIGIN}</uuid>
  <title>Title of the origin</title>
  <description>Made for the accounts</description>
  <metadata>{metadata}</metadata>
  {size}
  <os>{TYPE}{boot}</os><features><acpi/></features>
  <devices>{devices}</devices>
  {rest}
</domain>
<!-- the end -->"""


def with_devices(more: str) -> str:
    return shape(DISK + CDROM + INTERFACE + more)


SHAPES = {
    "plain": shape(),
    "nothing in it": shape("", boot="", size="<memory>8192</memory>"),
    "UEFI with its variables": shape(
        boot="<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>"
        "<nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/origin/VARS.fd</nvram><boot dev='hd'/>"
    ),
    "variables in a file of another kind": shape(
        boot="<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>"
        "<nvram type='file'><source file='/origin/VARS.fd'/></nvram><boot dev='hd'/>"
    ),
    "an order at the devices": shape(
        DISK.replace("</disk>", "<boot order='3'/></disk>")
        + CDROM.replace("</disk>", "<boot order='1'/></disk>")
        + INTERFACE.replace("</interface>", "<boot order='2'/></interface>"),
        boot="",
    ),
    "an order at the CD-ROM only": shape(DISK + CDROM.replace("</disk>", "<boot order='1'/></disk>"), boot=""),
    "disks of every type": shape(
        DISK
        + CDROM
        + "<disk type='block' device='disk'><source dev='/dev/origin1'/><target dev='vdb' bus='virtio'/></disk>"
        "<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='originpool' volume='v'/>"
        "<target dev='sdc' bus='scsi'/><wwn>5000c50015ea71ad</wwn></disk>"
        "<disk type='block' device='lun' rawio='yes' sgio='filtered'><driver name='qemu' type='raw'/>"
        "<source dev='/dev/origin2'><reservations managed='yes'/></source><target dev='sdb' bus='scsi'/></disk>"
        "<disk type='network' device='disk'><driver name='qemu' type='raw'/><auth username='origin'>"
        "<secret type='ceph' uuid='11111111-f6a4-8304-79aa-97f2502e193f'/></auth>"
        "<source protocol='rbd' name='origin/c'><host name='ceph'/></source><target dev='vdd' bus='virtio'/></disk>"
        "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/shared/books.raw'/>"
        "<target dev='vde' bus='virtio'/><readonly/></disk>"
        "<disk type='file' device='floppy'><source file='/origin/floppy.img'/><target dev='fda' bus='fdc'/></disk>"
    ),
    "interfaces of every type": shape(
        DISK
        + "<interface type='bridge'><mac address='52:54:00:aa:00:01'/><source bridge='br0'/><target dev='origintap'/>"
        "<virtualport type='openvswitch'><parameters interfaceid='22222222-f6a4-8304-79aa-97f2502e193f'/></virtualport>"
        "<vlan><tag id='7'/></vlan><model type='e1000'/></interface>"
        "<interface type='direct'><mac address='52:54:00:aa:00:02'/><source dev='eth0' mode='bridge'/></interface>"
        "<interface type='user'><mac address='52:54:00:aa:00:03'/></interface>"
        "<interface type='direct'><mac address='52:54:00:aa:00:04'/>"
        "<source dev='originnic' mode='passthrough'/></interface>"
        "<interface type='bridge'><source bridge='br0'/><filterref filter='clean-traffic'>"
        "<parameter name='IP' value='192.0.2.77'/></filterref></interface>"
    ),
    "a network card of the node": shape(
        DISK + "<interface type='hostdev' managed='yes'><driver name='vfio'/><mac address='52:54:00:aa:00:01'/>"
        "<source><address type='pci' domain='0' bus='0xaf' slot='0x07' function='0'/></source></interface>"
    ),
    "arguments of QEMU's own": shape(rest="<qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>"),
    "metadata of others": shape(
        metadata="<o:thing xmlns:o='urn:other' a='1'><o:b/>text</o:thing><!-- why -->"
        "<stoney:vm xmlns:stoney='urn:stoney-panel:vm:1' kind='template' mode='ready for use'>"
        "<stoney:display-name>Origin</stoney:display-name><stoney:made-disk>/origin/a.qcow2</stoney:made-disk>"
        "</stoney:vm>"
    ),
    "a TPM that is emulated": with_devices(
        "<tpm model='tpm-crb'><backend type='emulator' version='2.0' persistent_state='yes'/></tpm>"
    ),
    "a TPM of the node": with_devices(
        "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/origintpm'/></backend></tpm>"
    ),
    "devices of the node": with_devices(
        "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='0xaf' slot='0x06'"
        " function='0'/></source></hostdev>"
        "<input type='passthrough' bus='virtio'><source evdev='/dev/originevent'/></input>"
        "<lease><lockspace>origin</lockspace><key>originkey</key><target path='/origin/lease'/></lease>"
    ),
    "spice with a password": with_devices(
        "<graphics type='spice' port='5977' autoport='no' passwd='originsecret'"
        " passwdValidTo='2040-01-01T00:00:00'><listen type='address' address='0.0.0.0'/><clipboard copypaste='no'/>"
        "</graphics><channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>"
    ),
    "VNC at a fixed port": with_devices(
        "<graphics type='vnc' port='5977' websocket='5978' listen='0.0.0.0' keymap='de-ch'/>"
    ),
    "VNC at a socket": with_devices("<graphics type='vnc'><listen type='socket' socket='/origin/vnc'/></graphics>"),
    "ports with places": with_devices(
        "<serial type='file'><source path='/origin/serial.log' append='on'/><target port='0'/></serial>"
        "<serial type='unix'><source mode='bind' path='/origin/serial'/><log file='/origin/log'/></serial>"
        "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='5977'/><protocol type='telnet'/></serial>"
        "<serial type='null'/>"
        "<channel type='unix'><source mode='bind' path='/origin/agent'/>"
        "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
        "<channel type='file'><source path='/origin/channel'/><target type='virtio' name='org.example.0'/></channel>"
        "<channel type='tcp'><source mode='connect' host='192.0.2.77' service='9'/>"
        "<target type='guestfwd' address='10.0.2.1' port='4600'/></channel>"
        "<vsock model='virtio'><cid auto='no' address='977'/></vsock>"
    ),
    "laid out by hand": shape(
        size="<maxMemory slots='4' unit='MiB'>2048</maxMemory><memory unit='MiB'>512</memory>"
        "<memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='1'/></hugepages></memoryBacking>"
        "<vcpu placement='static'>4</vcpu><cputune><vcpupin vcpu='3' cpuset='1'/><emulatorpin cpuset='0'/></cputune>"
        "<numatune><memory mode='preferred' nodeset='0'/><memnode cellid='1' mode='preferred' nodeset='0'/></numatune>"
        "<cpu><topology sockets='2' dies='1' cores='2' threads='1'/><numa>"
        "<cell id='0' cpus='0-1' memory='256' unit='MiB'/>"
        "<cell id='1' cpus='2-3' memory='256' unit='MiB'/></numa></cpu>"
    ),
    "one cell and a module": shape(
        "<memory model='dimm'><target><size unit='MiB'>256</size><node>0</node></target></memory>" + DISK,
        size="<maxMemory slots='4' unit='MiB'>2048</maxMemory><memory unit='MiB'>512</memory><vcpu>2</vcpu>"
        "<cpu><numa><cell id='0' cpus='0-1' memory='256' unit='MiB' memAccess='shared'/></numa></cpu>",
    ),
    "serial numbers": shape(
        boot="<boot dev='hd'/><smbios mode='sysinfo'/>",
        rest=f"<sysinfo type='smbios'><system><entry name='uuid'>{UUID_OF_ORIGIN}</entry>"
        "<entry name='serial'>origin-serial</entry><entry name='product'>Book</entry></system></sysinfo>"
        "<genid>33333333-f6a4-8304-79aa-97f2502e193f</genid>"
        "<seclabel type='static' model='dac'><label>+977:+977</label></seclabel>",
    ),
}


def at(root: Element, path: str) -> Element:
    """What must be there."""
    found = root.find(path)
    assert found is not None, path
    return found
