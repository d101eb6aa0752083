from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from directory.views.logging_in import LogIn
from stoney_panel.health import healthz
from stoney_panel.preferences import set_language, set_theme
from vms.web.views import states

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="vms:list")),
    path("", include("vms.web.urls.vms")),
    path("nodes/", include("vms.web.urls.nodes")),
    path("images/", include("vms.web.urls.images")),
    path("backups/", include("vms.web.urls.backups")),
    path("bulk/", include("vms.web.urls.bulk")),
    path("operations/", include("vms.web.urls.operations")),
    path("audit/", include("vms.web.urls.audit")),
    path("people/", include("directory.urls.people")),
    path("account/", include("directory.urls.account")),
    path("states/", states.show, name="states"),
    path("login/", LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("preferences/language/", set_language, name="set_language"),
    path("preferences/theme/", set_theme, name="set_theme"),
    path("healthz", healthz, name="healthz"),
]
