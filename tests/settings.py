"""The settings for tests: the fake hypervisor, no broker, quick passwords; SQLite, or PostgreSQL by DATABASE_URL."""

import atexit
import os
import shutil
import tempfile

if "PANEL_DATA" not in os.environ:
    os.environ["PANEL_DATA"] = tempfile.mkdtemp(prefix="stoney-tests-")
    atexit.register(shutil.rmtree, os.environ["PANEL_DATA"], ignore_errors=True)

from stoney_panel.settings import *  # noqa: F403 -- settings are built on settings

(DATA / "static").mkdir(parents=True, exist_ok=True)  # noqa: F405 -- from the settings above

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
HYPERVISOR_DRIVER = "vms.hypervisor.fake"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_TASK_ALWAYS_EAGER = False
