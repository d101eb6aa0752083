from django.urls import path

from vms.web.views import backup_restore, backup_targets, backups, schedules

BACKUPS = [
    path("", backups.show_list, name="list"),
    path("rows/", backups.rows, name="rows"),
    path("csv/", backups.download, name="csv"),
    path("<int:pk>/", backups.show, name="page"),
    path("<int:pk>/check/", backups.check, name="check"),
    path("<int:pk>/delete/", backups.delete, name="delete"),
    path("<int:pk>/keep/", backups.keep, name="keep"),
    path("<int:pk>/notes/", backups.save_notes, name="notes"),
]
RESTORING = [
    path("<int:pk>/restore/", backup_restore.restore, name="restore"),
    path("<int:pk>/restore-as-new/", backup_restore.restore_as_new, name="restore_as_new"),
]
SCHEDULES = [
    path("schedules/", schedules.show_list, name="schedules"),
    path("schedules/add/", schedules.add, name="schedule_add"),
    path("schedules/preview/", schedules.preview, name="schedule_preview"),
    path("schedules/<int:pk>/", schedules.show, name="schedule"),
    path("schedules/<int:pk>/edit/", schedules.edit, name="schedule_edit"),
    path("schedules/<int:pk>/switch/", schedules.turn_on_or_off, name="schedule_switch"),
    path("schedules/<int:pk>/run/", schedules.run, name="schedule_run"),
    path("schedules/<int:pk>/remove/", schedules.drop, name="schedule_remove"),
]
TARGETS = [
    path("targets/", backup_targets.show_list, name="targets"),
    path("targets/add/", backup_targets.add, name="target_add"),
    path("targets/<int:pk>/", backup_targets.show, name="target"),
    path("targets/<int:pk>/remove/", backup_targets.remove, name="target_remove"),
]

app_name = "backups"
urlpatterns = [*BACKUPS, *RESTORING, *SCHEDULES, *TARGETS]
