"""Dynamic VMs that people open and keep. Part of the addresses of machines."""

from django.urls import path

from vms.web.views import taking

urlpatterns = [
    path("pools/<uuid:pk>/open/", taking.open_one, name="open_pool"),
    path("pools/<uuid:pk>/mine/", taking.show_mine, name="my_vm"),
    path("vms/<uuid:uuid>/keep/", taking.keep, name="keep_dynamic"),
]
