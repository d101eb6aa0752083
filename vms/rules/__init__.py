"""The rules of the house in plain Python: no Django, no libvirt, no clock, no network."""
