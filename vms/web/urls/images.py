from django.urls import path

from vms.web.views import images

app_name = "images"
urlpatterns = [
    path("", images.show_list, name="list"),
    path("upload/", images.upload, name="upload"),
    path("<int:pk>/remove/", images.remove, name="remove"),
]
