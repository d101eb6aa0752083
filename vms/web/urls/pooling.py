"""Which pool a machine belongs to. Part of the addresses of machines."""

from django.urls import path

from vms.web.views import vm_pool

urlpatterns = [path("vms/<uuid:uuid>/pool/", vm_pool.move_to_pool, name="move_to_pool")]
