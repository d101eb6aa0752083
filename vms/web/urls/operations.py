from django.urls import path

from vms.web.views import handing_over, operations, streams

app_name = "operations"
urlpatterns = [
    path("", operations.show_list, name="list"),
    path("rows/", operations.rows, name="rows"),
    path("bell/", operations.show_bell, name="bell"),
    path("acknowledge/", operations.acknowledge_shown, name="acknowledge"),
    path("<int:pk>/", operations.show, name="page"),
    path("<int:pk>/limit/", streams.limit, name="limit"),
    path("<int:pk>/stop/", streams.stop, name="stop"),
    path("<int:pk>/hand-over/", handing_over.post_copy, name="post_copy"),
    path("<int:pk>/<slug:what>/", operations.change, name="change"),
]
