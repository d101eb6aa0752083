"""The store of ISO and disk images, as a browser uses it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from directory.models import Person
from tests.images import RAW, iso, qcow2
from tests.operations.test_creating import ask
from tests.web.conftest import browser_of
from vms.models import Disk, Node, StoredFile
from vms.operations import storing
from vms.operations.creating import Source
from vms.web.views import images

pytestmark = pytest.mark.django_db

UPLOAD, LIST = "/images/upload/", "/images/"
ISO = iso()


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def browser(anna: Person) -> Client:
    return browser_of(anna)


def send(browser: Client, content: bytes = ISO, name: str = "debian.iso", called: str = "", **fields: str) -> Any:
    """called: what to call it in the store; "" for the name of the file."""
    form = {"kind": "iso", "name": called, "checksum": "", **fields}
    return browser.post(UPLOAD, {**form, "file": SimpleUploadedFile(name, content)})


def files_in(uploads: Path) -> list[Path]:
    return list(uploads.iterdir()) if uploads.exists() else []


def test_a_file_is_uploaded_and_shown_with_all_that_is_known_of_it(browser: Client) -> None:
    assert send(browser)["Location"] == LIST
    page = browser.get(LIST).content.decode()
    for words in ("debian.iso", "ISO image", "64 KiB", hashlib.sha256(iso()).hexdigest(), "anna", "nobody"):
        assert words in page


def test_it_may_be_called_otherwise(browser: Client) -> None:
    send(browser, called="Debian 12")
    assert StoredFile.objects.get().name == "Debian 12"


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "a\x00b.iso"])
def test_where_it_is_kept_has_nothing_to_do_with_its_name(browser: Client, uploads: Path, name: str) -> None:
    send(browser, name=name)
    assert all(path.parent == uploads and path.name.isalnum() for path in files_in(uploads))


@pytest.mark.parametrize(
    ("content", "fields", "words"),
    [
        (b"", {}, "The file is empty."),
        (RAW, {}, "This is no ISO image"),
        (qcow2(), {"kind": "raw"}, "begins like an image of another format"),
        (qcow2(below=(512, 9)), {"kind": "qcow2"}, "needs another image below it"),
        (qcow2(features=4), {"kind": "qcow2"}, "keeps its data in another file"),
        (iso(), {"checksum": "0" * 64}, hashlib.sha256(iso()).hexdigest()),
        (iso(), {"checksum": "abc"}, "This is no SHA-256 checksum"),
        (iso(), {"kind": "vmdk"}, "Select a valid choice"),
        (iso(), {"called": "x" * 101}, "at most 100 characters"),
        (iso(), {"called": "a\u202eb"}, "invisible characters"),
    ],
)
def test_what_is_not_taken_is_gone_and_the_reason_is_at_the_field(
    browser: Client, uploads: Path, content: bytes, fields: dict[str, str], words: str
) -> None:
    answer = send(browser, content, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert files_in(uploads) == []
    assert not StoredFile.objects.exists()


def test_a_name_is_taken_once(browser: Client, uploads: Path) -> None:
    send(browser)
    answer = send(browser, name="DEBIAN.iso")
    assert "There is a file with this name already." in answer.content.decode()
    assert len(files_in(uploads)) == 1


def test_an_upload_that_is_cut_off_leaves_nothing(browser: Client, uploads: Path) -> None:
    head = '--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\niso\r\n--x\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="a.iso"\r\n\r\n'
    answer = browser.post(UPLOAD, head.encode() + iso(), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 422
    assert files_in(uploads) == []
    assert not StoredFile.objects.exists()


def test_two_files_at_once_leave_none_behind(browser: Client, uploads: Path) -> None:
    both = [SimpleUploadedFile("a.iso", iso()), SimpleUploadedFile("b.iso", iso())]
    browser.post(UPLOAD, {"kind": "iso", "name": "", "checksum": "", "file": both})
    assert len(files_in(uploads)) == StoredFile.objects.count()


def test_one_that_is_too_large_is_refused_unread(browser: Client, settings: Settings, uploads: Path) -> None:
    settings.UPLOAD_LIMIT = 0
    answer = send(browser, RAW, kind="raw")
    assert answer.status_code == 413
    assert "larger than this panel takes" in answer.content.decode()
    assert files_in(uploads) == []


def test_one_for_which_there_is_no_room_is_refused_unread(
    browser: Client, monkeypatch: pytest.MonkeyPatch, uploads: Path
) -> None:
    monkeypatch.setattr(images, "room_for_uploads", lambda: 1024)
    answer = send(browser)
    assert answer.status_code == 507
    assert "no room for the file" in answer.content.decode()
    assert files_in(uploads) == []


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    browser: Client, monkeypatch: pytest.MonkeyPatch, uploads: Path
) -> None:
    def no_room(_self: object, _piece: bytes) -> None:
        raise storing.NoRoom

    monkeypatch.setattr(storing.Incoming, "write", no_room)
    answer = send(browser)
    assert answer.status_code == 507
    assert "no room for the file" in answer.content.decode()
    assert files_in(uploads) == []


def test_no_more_than_a_few_are_received_at_once(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_places", BoundedSemaphore(1))
    with images._a_place():
        assert send(browser).status_code == 503
    assert send(browser).status_code == 302


@pytest.mark.parametrize("path", [UPLOAD, "/login/"])
def test_what_a_stranger_sends_is_not_kept(path: str, uploads: Path, db: None) -> None:
    Client().post(path, {"file": SimpleUploadedFile("a.iso", iso())})
    assert files_in(uploads) == []


def test_only_who_makes_machines_has_the_store(otto: Person, anna: Person, uploads: Path) -> None:
    send(browser_of(anna))
    remove = reverse("images:remove", args=[StoredFile.objects.get().pk])
    other = browser_of(otto)
    assert [other.get(path).status_code for path in (LIST, UPLOAD, remove)] == [403] * 3
    assert send(other, name="other.iso").status_code == other.post(remove).status_code == 403
    assert len(files_in(uploads)) == StoredFile.objects.count() == 1
    assert "/images/" not in other.get("/vms/").content.decode()
    assert "/images/" in browser_of(anna).get("/vms/").content.decode()


def test_a_file_tells_in_whose_drive_it_lies(browser: Client, node: Node, anna: Person) -> None:
    send(browser)
    operation = ask(node, anna, Source(StoredFile.objects.get()), name="the <b>template</b>")
    path = operation.arguments["cdrom"]
    Disk.objects.create(vm_id=operation.vm_id, target="sda", device="cdrom", path=path)
    page = browser.get(LIST).content.decode()
    assert page.count("the &lt;b&gt;template&lt;/b&gt;") == 1
    assert f"/vms/{operation.vm_id}/" in page


def test_removing_asks_first_and_not_while_something_is_made_of_it(
    browser: Client, uploads: Path, node: Node, anna: Person
) -> None:
    send(browser)
    file = StoredFile.objects.get()
    remove = reverse("images:remove", args=[file.pk])
    assert "Remove debian.iso?" in browser.get(remove).content.decode()
    operation = ask(node, anna, Source(file))
    assert "A template is just being made of it" in browser.get(remove).content.decode()
    assert "was not removed" in browser.post(remove, follow=True).content.decode()
    type(operation).objects.filter(pk=operation.pk).update(finished_at=operation.requested_at)
    browser.post(remove)
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_costs_the_same_however_long_it_is(
    browser: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        send(browser, name=f"{number}.iso")
    with django_assert_max_num_queries(11):
        assert browser.get(LIST).status_code == 200
