"""What stays open: event streams and screens. Plain ASGI, so that a thousand of them cost little."""
