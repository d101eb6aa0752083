import resource


def allow_many_open_files() -> None:
    """As many as the machine lets this process have: each open stream is one, and many systems begin with 1,024."""
    _now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
