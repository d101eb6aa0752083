from django.urls import path

from vms.web.views import emptying, nodes

app_name = "nodes"
urlpatterns = [
    path("", nodes.show_list, name="list"),
    path("rows/", nodes.rows, name="rows"),
    path("add/", nodes.add, name="add"),
    path("contact/<int:pk>/", nodes.contact, name="contact"),
    path("<int:pk>/", nodes.show, name="page"),
    path("<int:pk>/removed/", nodes.show_removed, name="removed"),
    path("<int:pk>/duty/<slug:duty>/", nodes.change_duty, name="duty"),
    path("<int:pk>/addresses/", nodes.change_addresses, name="addresses"),
    path("<int:pk>/empty/", emptying.plan, name="empty"),
    path("<int:pk>/emptying/<int:number>/", emptying.show, name="emptying"),
    path("<int:pk>/emptying/<int:number>/rows/", emptying.rows, name="emptying_rows"),
    path("<int:pk>/emptying/<int:number>/<slug:turn>/", emptying.turn, name="turn_emptying"),
    path("<int:pk>/remove/", nodes.remove, name="remove"),
]
