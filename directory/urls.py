from django.urls import path

from directory import views

app_name = "people"
urlpatterns = [
    path("directory/", views.check_directory, name="check_directory"),
]
