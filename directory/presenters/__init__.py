"""People, groups, locks and sessions as pages show them: finished words."""
