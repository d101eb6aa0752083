from __future__ import annotations

import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from demo.settings import Settings


class LoginPage:
    """In a browser of its own, open and waiting for a name."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.url}/login/"
        self._jar = CookieJar()
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._browser.open(self._url).close()

    def log_in(self, name: str, password: str) -> str:
        """The cookies of the session. Returns when the first page after the login is there."""
        token = next(cookie.value for cookie in self._jar if cookie.name == "panel-csrf")
        words = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        with self._browser.open(self._url, urllib.parse.urlencode(words).encode()) as page:
            if page.url == self._url:
                raise RuntimeError(f"{name} was not let in")
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)
