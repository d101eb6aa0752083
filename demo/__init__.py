"""The demo: two real libvirt nodes on this machine, a tiny guest, example VMs, and one command that runs all of it.

The panel never imports this package; the tests use its nodes.
"""
