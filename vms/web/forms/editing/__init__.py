"""The form in which a machine is edited, part by part."""
