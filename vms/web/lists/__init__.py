"""What the lists of machines, operations and the audit trail show, find and ask."""
