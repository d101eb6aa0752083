"""The panel as the demo runs it: what is prepared once, and the processes that stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

from demo import people
from demo.account import make_directory
from demo.broker import broker_socket
from demo.children import Child
from demo.landscape import backup_folder, shared_folder
from demo.nodes import LocalNode
from demo.problems import DemoProblem
from demo.settings import ROOT, Settings
from demo.talking import say

# Quiet, or the terminal is full of its banners; and it need not be said that whoever runs a demo as root is root.
CELERY = ("-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "stoney_panel")
HEALTHY = 200


def panel_environment(settings: Settings) -> dict[str, str]:
    """What every process of the panel is told."""
    return {
        "PANEL_WATCH_WORDS": "yes",
        "PANEL_STREAM_LIMIT": "20",  # slow enough to watch
        "PANEL_SHARED_FOLDERS": f"{shared_folder(settings.data)},{backup_folder(settings.data)}",
        **(people.Directory(settings).environment() if people.is_wanted() else {}),
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "stoney_panel.settings",
        "PANEL_DATA": str(settings.data),
        "PANEL_MODE": "demo",
        "REDIS_URL": settings.redis_url or f"unix://{broker_socket(settings.data)}",
        "PYTHONUNBUFFERED": "1",
    }


def prepare_panel(settings: Settings, nodes: list[LocalNode]) -> None:
    """Tables, texts, the administrator and the nodes; harmless when they are there."""
    make_directory(settings.data / "log")
    commands = [
        ["migrate", "--verbosity", "0"],
        ["compile_words"],
        ["collectstatic", "--no-input", "--verbosity", "0"],
        ["ensure_person", "admin", "--administrator"],
        *(["add_node", node.name, node.uri, "--log-directory", str(node.log_directory)] for node in nodes),
    ]
    if said := _carried_out(settings, commands):
        raise DemoProblem(f"The panel could not be prepared:\n{said}")


def give_examples(settings: Settings) -> None:
    """A place for backups, and machines for somebody who is no administrator. Once: what people change afterwards
    stays."""
    place = ["add_backup_target", "Shared folder", str(backup_folder(settings.data))]
    _once(settings, "target-added", [place], "There is no place for backups yet")
    rights = [["give_right", *words] for words in people.GIVEN] if people.is_wanted() else []
    _once(settings, "rights-given", rights, "The people of the demo were given nothing")


def begin_pools(settings: Settings) -> None:
    """Desktops that are made by themselves, as soon as their golden image is copied; and a team's share of the nodes.
    Once, too. It goes on while people look around already."""
    folder = str(shared_folder(settings.data))
    desktops = ["--kind", "dynamic", "--folder", folder, "--most-vms", "6", "--pre-started", "2"]
    commands = [
        ["add_pool", "Desktops", *desktops],
        ["add_pool", "Web team", "--most-vms", "4", "--most-memory", "2", "--most-vcpus", "8"],
        ["make_golden_image", "alpine-tiny", "Desktops", "desktop-2026-1", "--patience", "30"],
        *(["give_right", *words] for words in (people.GIVEN_POOLS if people.is_wanted() else ())),
    ]
    _once(settings, "pools-begun", commands if settings.with_pools else [], "There are no pools yet")


def _once(settings: Settings, name: str, commands: list[list[str]], complaint: str) -> None:
    note = settings.data / name
    if note.exists() or not commands:
        return
    if said := _carried_out(settings, commands):
        say(f"{complaint}: {said}")
    else:
        note.touch()


def _carried_out(settings: Settings, commands: list[list[str]]) -> str:
    """What the first that failed said; "" if all is well."""
    done = subprocess.run(
        [sys.executable, "-m", "demo.preparing", json.dumps(commands)],
        cwd=ROOT,
        env={**panel_environment(settings), "PERSON_PASSWORD": settings.password()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.strip() or f"it ended with {done.returncode}" if done.returncode else ""


def panel_children(settings: Settings) -> list[Child]:
    """The processes of the panel, not started yet."""
    clock = settings.data / "clock-schedule"
    # At level INFO the worker tells of every look at the queue, every two seconds.
    threads = ("--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING")
    listen = ("--host", settings.bind, "--port", str(settings.port))
    commands = {
        "web": ("manage.py", "serve", *listen),
        "worker": (*CELERY, "worker", *threads),
        "watcher": ("manage.py", "watch_nodes"),
        "clock": (*CELERY, "beat", "--schedule", str(clock)),
    }
    return [panel_child(settings, name, [sys.executable, *words]) for name, words in commands.items()]


def panel_child(settings: Settings, name: str, words: list[str], *, shown: bool = True) -> Child:
    """One process with the panel's environment and a log of its own; `shown` on the terminal as well."""
    log = settings.data / "log" / f"{name}.log"
    return Child(name, words, environment=panel_environment(settings), log=log, cwd=ROOT, shown=shown)


def unwell(settings: Settings) -> str | None:
    """None when every part of the panel says that it is well, else what is wrong."""
    try:
        with urllib.request.urlopen(f"{settings.url}/healthz", timeout=5) as answer:
            return None if answer.status == HEALTHY else f"it answered {answer.status}"
    except urllib.error.HTTPError as error:
        return f"it answered {error.code}: {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"it does not answer: {error}"
