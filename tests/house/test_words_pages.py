"""Which pages are pictured: all that links lead to, one of each kind."""

from django.urls import resolve, reverse

from stoney_panel.words.pages import Answer, pages

VM = "/vms/7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0006/"
OTHER_VM = "/vms/7c1f0a10-3d53-4c9b-9a52-0b6f0f0a0007/"
SITE = {
    "/vms/": f'<a href="{VM}?tab=1">a</a> <a href="{OTHER_VM}">b</a> <a href="https://example.org/nodes/1/">c</a>',
    VM: '<a href="stop/">Stop</a> <a href="/nowhere/">x</a> <a>no link</a>',
    OTHER_VM: "",
    f"{VM}stop/": "sure?",
    "/nodes/": "no nodes",
}


def visit(path, asked):
    asked.append(path)
    body = SITE.get(path)
    return Answer(path, f"<!doctype html><body>{body}</body>" if body else "")


def test_every_page_without_arguments_and_one_of_each_kind_are_found():
    found = pages(lambda path: visit(path, []))
    assert {page.path for page in found} == {"/vms/", VM, f"{VM}stop/", "/nodes/"}
    assert {page.name for page in found} == {"vms-list", "vms-page", "vms-action", "nodes-list"}


def test_every_view_without_arguments_is_asked_once():
    asked = []
    pages(lambda path: visit(path, asked))
    assert {reverse("vms:list"), reverse("operations:list"), reverse("states")} <= set(asked)
    assert len(asked) == len(set(asked))


def test_a_page_that_leads_elsewhere_is_not_pictured_under_its_own_name():
    found = pages(lambda path: Answer("/vms/", "<!doctype html><body></body>"))
    assert [page.path for page in found] == ["/vms/"]
    assert resolve("/vms/").view_name == "vms:list"
