from django.urls import path

from vms.web.views import columns, csv, saved_views, search, tags, vm_action, vm_list, vm_notes, vm_page

app_name = "vms"
urlpatterns = [
    path("search/", search.show, name="search"),
    path("vms/", vm_list.show_vms, name="list"),
    path("templates/", vm_list.show_templates, name="templates"),
    path("vms/rows/", vm_list.rows, name="rows"),
    path("vms/tags/", tags.change, name="tags"),
    path("lists/<slug:page>/csv/", csv.download, name="csv"),
    path("lists/<slug:page>/columns/", columns.choose, name="columns"),
    path("lists/<slug:page>/views/", saved_views.show, name="views"),
    path("lists/<slug:page>/views/save/", saved_views.save, name="save_view"),
    path("lists/<slug:page>/views/<int:pk>/rename/", saved_views.rename, name="rename_view"),
    path("lists/<slug:page>/views/<int:pk>/delete/", saved_views.delete, name="delete_view"),
    path("vms/<uuid:uuid>/", vm_page.show, name="page"),
    path("vms/<uuid:uuid>/notes/", vm_notes.save, name="notes"),
    path("vms/<uuid:uuid>/<slug:name>/", vm_action.act, name="action"),
]
