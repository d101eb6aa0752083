"""What stays open: the event stream to browsers. Plain ASGI, so that a thousand of them cost little."""
