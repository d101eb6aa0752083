"""Take what the panel needs out of the npm packages it pins, and write the manifest.

    npm pack htmx.org@4.0.1 @patternfly/patternfly@6.6.1 @patternfly/icons@1.0.3 \
        @novnc/novnc@1.7.0 @xterm/xterm@6.0.0
    python static/vendor/build.py FOLDER_WITH_THE_TARBALLS

Run it by hand when a version, an icon or a PatternFly token in static/css changes.
Installing and running the panel needs neither npm nor this file.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent
STATIC = VENDOR.parent

HTMX = "htmx.org-4.0.1"
PATTERNFLY = "patternfly-patternfly-6.6.1"
ICONS = "patternfly-icons-1.0.3"
NOVNC = "novnc-novnc-1.7.0"
XTERM = "xterm-xterm-6.0.0"

# our name -> file in the icon package; fas/* is Font Awesome 5 Free, patternfly/* Red Hat's.
SPRITE = {
    "archive": "fas/archive",
    "ban": "fas/ban",
    "bars": "fas/bars",
    "bell": "fas/bell",
    "bolt": "fas/bolt",
    "check": "fas/check",
    "chevron-down": "fas/chevron-down",
    "chevron-left": "fas/chevron-left",
    "chevron-right": "fas/chevron-right",
    "circle-half": "fas/adjust",
    "clock": "fas/clock",
    "clone": "fas/clone",
    "console": "fas/desktop",
    "cubes": "fas/cubes",
    "danger": "fas/exclamation-circle",
    "disc": "fas/compact-disc",
    "disk": "fas/hdd",
    "download": "fas/download",
    "expand": "fas/expand",
    "eye": "fas/eye",
    "info": "fas/info-circle",
    "key": "fas/key",
    "keyboard": "fas/keyboard",
    "language": "fas/language",
    "lock": "fas/lock",
    "memory": "patternfly/memory-alt",
    "migrate": "fas/exchange-alt",
    "minus": "fas/minus",
    "moon": "fas/moon",
    "network": "patternfly/network",
    "node": "fas/server",
    "operations": "fas/tasks",
    "pause": "fas/pause",
    "pencil": "fas/pencil-alt",
    "play": "fas/play",
    "plus": "fas/plus",
    "power-off": "fas/power-off",
    "question": "fas/question-circle",
    "redo": "fas/redo",
    "refresh": "fas/sync-alt",
    "scale": "fas/expand-arrows-alt",
    "search": "fas/search",
    "sign-out": "fas/sign-out-alt",
    "states": "fas/table",
    "sun": "fas/sun",
    "template": "patternfly/pficon-template",
    "terminal": "fas/terminal",
    "times": "fas/times",
    "trash": "fas/trash",
    "user": "fas/user",
    "users": "fas/users",
    "vm": "patternfly/virtual-machine",
    "warning": "fas/exclamation-triangle",
}

FONT_AWESOME = """The icons from Font Awesome 5 Free (c) Fonticons, Inc. (https://fontawesome.com) are under
CC BY 4.0: https://creativecommons.org/licenses/by/4.0/
Changed here: put together with the others as the symbols of one SVG file.
"""

SPRITE_NOTE = (
    "<!-- PatternFly icons (c) Red Hat, Inc., MIT; Font Awesome 5 Free icons by @fontawesome, "
    "https://fontawesome.com, CC BY 4.0. Written by vendor/build.py. -->"
)


@dataclass(frozen=True)
class Vendored:
    """One file we ship: where it came from and on what terms."""

    package: str
    version: str
    licence: str
    licence_file: str
    file: str

    def entry(self) -> dict[str, str]:
        """Its line in the manifest, with the checksum of what lies on the disk."""
        digest = hashlib.sha256((STATIC / self.file).read_bytes()).hexdigest()
        return {
            "name": self.package,
            "version": self.version,
            "file": self.file,
            "sha256": digest,
            "licence": self.licence,
            "licence_file": self.licence_file,
        }


FILES = (
    Vendored("htmx.org", "4.0.1", "0BSD", "vendor/htmx/LICENSE", "vendor/htmx/htmx.min.js"),
    Vendored("@patternfly/patternfly", "6.6.1", "MIT", "vendor/patternfly/LICENSE", "vendor/patternfly/tokens.css"),
    Vendored("@patternfly/icons", "1.0.3", "MIT AND CC-BY-4.0", "vendor/icons/LICENSE", "icons.svg"),
    Vendored("@patternfly/icons", "1.0.3", "MIT AND CC-BY-4.0", "vendor/icons/LICENSE", "acts.svg"),
    Vendored("@xterm/xterm", "6.0.0", "MIT", "vendor/xterm/LICENSE", "vendor/xterm/xterm.mjs"),
    Vendored("@xterm/xterm", "6.0.0", "MIT", "vendor/xterm/LICENSE", "vendor/xterm/xterm.css"),
)
NOVNC_LICENCE = "vendor/novnc/LICENSE"


def files() -> list[Vendored]:
    """noVNC comes as it is, in many modules: what its licence asks for, and what a browser can load."""
    modules = sorted(str(path.relative_to(STATIC)) for path in (VENDOR / "novnc").rglob("*.js"))
    return [*FILES, *(Vendored("@novnc/novnc", "1.7.0", "MPL-2.0 AND MIT", NOVNC_LICENCE, file) for file in modules)]


TAKEN = (".js", ".mjs", ".css", ".svg", "LICENSE", "LICENSE.txt", "LICENSE.MPL-2.0")


class Package:
    """The members of one npm tarball by their path inside the package."""

    def __init__(self, tarball: Path) -> None:
        with tarfile.open(tarball) as archive:
            self._texts = {
                member.name.removeprefix("package/"): source.read().decode()
                for member in archive.getmembers()
                if Path(member.name).name.endswith(TAKEN) and (source := archive.extractfile(member))
            }

    def text(self, path: str) -> str:
        return self._texts[path]

    def scripts(self) -> dict[str, str]:
        return {path: text for path, text in self._texts.items() if path.endswith(".js")}


def tokens_in_use(css_folder: Path) -> list[str]:
    sheets = "".join(path.read_text() for path in sorted(css_folder.glob("*.css")))
    return sorted(set(re.findall(r"var\((--pf-t--[\w-]+)", sheets)))


def declarations(sheet: str, selector: str) -> dict[str, str]:
    start = ("\n" + sheet).index(f"\n{selector} {{")
    block = sheet[start : sheet.index("\n}", start)]
    return dict(re.findall(r"(--pf-[\w-]+):\s*(.*?);", block))


def resolved(token: str, values: dict[str, str]) -> str:
    """The token's final value: PatternFly's chains of var() followed to their end."""
    value = values[token]
    while "var(" in value:
        value = re.sub(r"var\((--[\w-]+)\)", lambda found: values[found[1]], value)
    return value


def token_sheet(sheet: str, tokens: list[str]) -> str:
    light = declarations(sheet, ":root")
    dark = light | declarations(sheet, ":root:where(.pf-v6-theme-dark)")
    lines = []
    for token in tokens:
        by_day, by_night = resolved(token, light), resolved(token, dark)
        value = by_day if by_day == by_night else f"light-dark({by_day}, {by_night})"
        lines.append(f"  {token}: {value};")
    head = "/* PatternFly 6.6.1 design tokens, MIT: those our sheets use. By vendor/build.py. */"
    return "\n".join([head, ":root {", *lines, "}", ""])


def symbol(name: str, svg: str) -> str:
    box = re.search(r'viewBox="([^"]+)"', svg)
    if box is None:
        raise SystemExit(f"{name}: the icon has no viewBox")
    shapes = re.findall(r"<path[^>]*?/>", svg)
    return f'<symbol id="{name}" viewBox="{box[1]}">{"".join(shapes)}</symbol>'


def sprite(icons: Package) -> str:
    symbols = [symbol(name, icons.text(f"{path}.svg")) for name, path in sorted(SPRITE.items())]
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    return "\n".join([head, SPRITE_NOTE, *symbols, "</svg>", ""])


# The icons of a row's buttons: drawn as masks, because a list has hundreds and <svg><use> is long.
ROW_ICONS = (
    *("archive", "bolt", "check", "clone", "console", "cubes", "disc", "disk", "lock", "migrate", "pause"),
    *("pencil", "play", "power-off", "redo", "template", "trash", "user", "users", "vm"),
)


def stack(icons: Package) -> str:
    """One file, of which acts.svg#play shows just that icon."""
    names = {name: icons.text(f"{SPRITE[name]}.svg") for name in sorted(ROW_ICONS)}
    layers = [symbol(name, svg).replace("symbol", "svg") for name, svg in names.items()]
    head = '<svg xmlns="http://www.w3.org/2000/svg"><style>svg svg:not(:target){display:none}</style>'
    return "\n".join([head, SPRITE_NOTE, *layers, "</svg>", ""])


def stack_sheet() -> str:
    lines = [f'.i-{name}::before {{ mask-image: url("../acts.svg#{name}"); }}' for name in sorted(ROW_ICONS)]
    return "\n".join(["/* The icons of acts.svg. By vendor/build.py. */", *lines, ""])


def texts(folder: Path) -> dict[str, str]:
    """Every file to write, by its path below static/."""
    htmx = Package(folder / f"{HTMX}.tgz")
    patternfly = Package(folder / f"{PATTERNFLY}.tgz")
    icons = Package(folder / f"{ICONS}.tgz")
    novnc, xterm = Package(folder / f"{NOVNC}.tgz"), Package(folder / f"{XTERM}.tgz")
    red_hat = icons.text("LICENSE")
    return {
        "vendor/htmx/htmx.min.js": htmx.text("dist/htmx.min.js"),
        "vendor/htmx/LICENSE": htmx.text("LICENSE"),
        "vendor/patternfly/tokens.css": token_sheet(
            patternfly.text("base/patternfly-variables.css"), tokens_in_use(STATIC / "css")
        ),
        # the CSS package names MIT but carries no text; its sister package by the same owner does
        "vendor/patternfly/LICENSE": red_hat,
        "vendor/icons/LICENSE": f"{red_hat.strip()}\n\n{FONT_AWESOME}",
        "icons.svg": sprite(icons),
        "acts.svg": stack(icons),
        "css/act-icons.css": stack_sheet(),
        "vendor/xterm/xterm.mjs": xterm.text("lib/xterm.mjs"),
        "vendor/xterm/xterm.css": xterm.text("css/xterm.css"),
        "vendor/xterm/LICENSE": xterm.text("LICENSE"),
        NOVNC_LICENCE: licence_of(novnc),
        **{f"vendor/novnc/{path}": text for path, text in novnc.scripts().items()},
    }


def licence_of(novnc: Package) -> str:
    names = ("LICENSE.txt", "vendor/pako/LICENSE", "docs/LICENSE.MPL-2.0")
    return "\n\n".join(novnc.text(name).strip() for name in names) + "\n"


def write(folder: Path) -> None:
    for file, text in texts(folder).items():
        target = STATIC / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    manifest = [vendored.entry() for vendored in files()]
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
