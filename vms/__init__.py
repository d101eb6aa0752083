"""Virtual machines: the product itself. Read the floors from the ground up, see docs/house.md."""
