from django.urls import path

from directory.views import account

app_name = "account"
urlpatterns = [
    path("", account.show, name="show"),
    path("password/", account.change_password, name="password"),
    path("sessions/<int:pk>/end/", account.end_visit, name="end_visit"),
    path("sessions/end-others/", account.end_other_visits, name="end_other_visits"),
]
