"""What templates receive: finished answers, so that a template never asks a question."""
