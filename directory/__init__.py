"""People: who may log in and who they are. Does not know machines, and machines do not import it."""
