"""From a click to a changed machine. A staircase: requesting at the top, steps below; see pyproject.toml."""
