from django.urls import path

from vms.web.views import vm_action, vm_list, vm_page

app_name = "vms"
urlpatterns = [
    path("vms/", vm_list.show_vms, name="list"),
    path("templates/", vm_list.show_templates, name="templates"),
    path("vms/rows/", vm_list.rows, name="rows"),
    path("vms/<uuid:uuid>/", vm_page.show, name="page"),
    path("vms/<uuid:uuid>/<slug:name>/", vm_action.act, name="action"),
]
