from django.urls import path

from vms.web.views import operations

app_name = "operations"
urlpatterns = [
    path("", operations.show_list, name="list"),
    path("rows/", operations.rows, name="rows"),
    path("<int:pk>/", operations.show, name="page"),
    path("<int:pk>/<slug:what>/", operations.change, name="change"),
]
