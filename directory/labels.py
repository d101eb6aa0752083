"""Every word about people and their directory, for translators."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from directory.checking import CheckStep
from directory.ldap.problems import Problem
from directory.roles import Role

ROLE: Mapping[Role, Promise] = {
    Role.ADMINISTRATOR: pgettext_lazy("role", "Administrator"),
    Role.OPERATOR: pgettext_lazy("role", "Operator"),
    Role.AUDITOR: pgettext_lazy("role", "Auditor"),
    Role.USER: pgettext_lazy("role", "User"),
}

CHECK_STEP: Mapping[CheckStep, Promise] = {
    CheckStep.CONNECT: pgettext_lazy("step of a check", "Connect to the directory"),
    CheckStep.SECURE: pgettext_lazy("step of a check", "Secure the connection"),
    CheckStep.BIND: pgettext_lazy("step of a check", "Log in to the directory"),
    CheckStep.SEARCH: pgettext_lazy("step of a check", "Find the person"),
    CheckStep.PASSWORD: pgettext_lazy("step of a check", "Try the password"),
    CheckStep.GROUPS: pgettext_lazy("step of a check", "Look for groups"),
    CheckStep.ROLE: pgettext_lazy("step of a check", "Give a role"),
}

DONE = pgettext_lazy("state of a step", "done")
FAILED = pgettext_lazy("state of a step", "failed")
TO_DO = pgettext_lazy("state of a step", "to do")

SECURED = _("%(version)s, with a certificate that is trusted")
NOT_SECURED = _("Without TLS: the directory is on this machine.")
BOUND_AS = _("As %(bound_as)s")
BOUND_AS_NOBODY = _("Without a name: as anybody may")
NO_MAIL = _("no e-mail address")
NO_GROUPS = _("In no group")

PROBLEM: Mapping[Problem, Promise] = {
    Problem.UNREACHABLE: _("Nothing answers at this address. Look at PANEL_LDAP_URI, the network and the server."),
    Problem.NO_ANSWER: _("The directory did not answer in time. Look at the server, or at PANEL_LDAP_TIMEOUT."),
    Problem.BUSY: _("Too many people wait for the directory already. Try again in a moment."),
    Problem.NO_TLS: _("The directory does not speak TLS at this address. Look at PANEL_LDAP_URI and the server."),
    Problem.CERTIFICATE: _(
        "The certificate of the directory is not trusted. It must be signed by PANEL_LDAP_CA, be valid today and carry "
        "the name in PANEL_LDAP_URI."
    ),
    Problem.SERVICE_REFUSED: _(
        "The directory refused the panel itself. Look at PANEL_LDAP_BIND_DN and PANEL_LDAP_BIND_PASSWORD."
    ),
    Problem.BASE_MISSING: _(
        "The directory does not have the place where the panel searches, or hides it. Look at PANEL_LDAP_PEOPLE, "
        "PANEL_LDAP_GROUPS and what the panel may read."
    ),
    Problem.REFUSED: _("The directory refused what the panel asked. Its own words are below."),
    Problem.NEEDS_PASSWORD: _(
        "People log in to this directory themselves, so nothing can be seen without the password."
    ),
    Problem.NOT_FOUND: _("The directory has nobody of this name, or hides them. Look at PANEL_LDAP_PEOPLE_FILTER too."),
    Problem.AMBIGUOUS: _("The directory has several people of this name, so none of them can log in."),
    Problem.NO_KEY: _("This person has no key that stays the same. Look at PANEL_LDAP_KEY_ATTRIBUTE."),
    Problem.NAME_UNUSABLE: _("This name cannot be used: only letters, digits and @ . + - _ can, 150 at most."),
    Problem.WRONG_PASSWORD: _("The password is wrong, or the directory has locked or expired it."),
    Problem.NO_ROLE: _("This person is in none of the groups that give a role, so they may not log in."),
    Problem.LOCAL_ACCOUNT: _(
        "There is a local account of this name. It goes first: nobody from the directory gets it."
    ),
    Problem.BLOCKED: _("This account was blocked in the panel."),
}

DIRECTORY_DOES_NOT_ANSWER = _(
    "The directory of people cannot be asked at the moment. Local accounts can log in all the same."
)
