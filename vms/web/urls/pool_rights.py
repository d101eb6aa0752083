"""Rights on pools of virtual machines. Part of the addresses of machines."""

from django.urls import path

from vms.web.views import grants

urlpatterns = [
    path("pools/<uuid:pk>/users/", grants.pool_users, name="pool_users"),
    path("pools/<uuid:pk>/groups/", grants.pool_groups, name="pool_groups"),
]
