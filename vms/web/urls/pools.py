"""Pools of virtual machines. Part of the addresses of machines."""

from django.urls import path

from vms.web.views import pools

urlpatterns = [
    path("pools/", pools.show_list, name="pools"),
    path("pools/add/", pools.add, name="add_pool"),
    path("pools/<uuid:pk>/", pools.show, name="pool"),
    path("pools/<uuid:pk>/edit/", pools.edit, name="edit_pool"),
    path("pools/<uuid:pk>/switch/", pools.turn_on_or_off, name="switch_pool"),
    path("pools/<uuid:pk>/remove/", pools.drop, name="remove_pool"),
]
