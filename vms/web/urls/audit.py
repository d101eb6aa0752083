from django.urls import path

from vms.web.views import audit

app_name = "audit"
urlpatterns = [
    path("", audit.show_list, name="list"),
    path("csv/", audit.download, name="csv"),
]
