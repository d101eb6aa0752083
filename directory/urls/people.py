from django.urls import path

from directory.views import checking, groups, locked, people, person

app_name = "people"
urlpatterns = [
    path("", people.show_list, name="list"),
    path("new/", people.add, name="new"),
    path("directory/", checking.check_directory, name="check_directory"),
    path("locked/", locked.show, name="locked"),
    path("groups/", groups.show_list, name="groups"),
    path("groups/new/", groups.add, name="new_group"),
    path("groups/<int:pk>/", groups.show, name="group"),
    path("groups/<int:pk>/rename/", groups.rename, name="rename_group"),
    path("groups/<int:pk>/delete/", groups.delete, name="delete_group"),
    path("groups/<int:pk>/members/<int:person_pk>/remove/", groups.remove_member, name="remove_member"),
    path("<int:pk>/", person.show, name="person"),
    path("<int:pk>/edit/", person.edit, name="edit"),
    path("<int:pk>/password/", person.set_password, name="password"),
    path("<int:pk>/block/", person.block, name="block"),
    path("<int:pk>/let-in/", person.let_in, name="let_in"),
    path("<int:pk>/unlock/", person.unlock, name="unlock"),
    path("<int:pk>/log-out/", person.log_out, name="log_out"),
    path("<int:pk>/delete/", person.delete, name="delete"),
]
