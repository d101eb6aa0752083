from django.urls import path

from vms.web.views import bulk

app_name = "bulk"
urlpatterns = [
    path("", bulk.ask, name="ask"),
    path("<int:pk>/", bulk.show, name="page"),
    path("<int:pk>/rows/", bulk.rows, name="rows"),
]
