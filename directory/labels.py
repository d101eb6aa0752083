"""Every word about people and their directory, for translators."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from directory.checking import CheckStep
from directory.ldap.problems import Problem
from directory.locking import Lock
from directory.models.person import Standing
from directory.policy import Refusal
from directory.roles import Role

ROLE: Mapping[Role, Promise] = {
    Role.ADMINISTRATOR: pgettext_lazy("role", "Administrator"),
    Role.OPERATOR: pgettext_lazy("role", "Operator"),
    Role.AUDITOR: pgettext_lazy("role", "Auditor"),
    Role.USER: pgettext_lazy("role", "User"),
}

ROLE_SAYS: Mapping[Role, Promise] = {
    Role.ADMINISTRATOR: _("May do everything, also with people and nodes."),
    Role.OPERATOR: _(
        "Sees every virtual machine and node, starts and stops machines, and makes new ones from templates."
    ),
    Role.AUDITOR: _("Sees every virtual machine and node and the audit trail, and changes nothing."),
    Role.USER: _("Sees only the virtual machines to which an administrator has given a right."),
}

STANDING: Mapping[Standing, Promise] = {
    Standing.MAY_LOG_IN: pgettext_lazy("state of an account", "May log in"),
    Standing.BLOCKED: pgettext_lazy("state of an account", "Blocked"),
    Standing.GONE: pgettext_lazy("state of an account", "Gone from the directory"),
}
LOCKED_NOW = pgettext_lazy("state of an account", "Locked: too many attempts")
STANDING_SAYS: Mapping[Standing, Promise] = {
    Standing.BLOCKED: _("An administrator has blocked this account. That holds whatever the directory says."),
    Standing.GONE: _(
        "The directory does not know this person any more, or has no role for them. What was given to them here is "
        "kept in case they come back."
    ),
}

LOCAL = pgettext_lazy("where an account comes from", "Local")
FROM_DIRECTORY = pgettext_lazy("where an account comes from", "LDAP directory")

REFUSAL: Mapping[Refusal, Promise] = {
    Refusal.FROM_DIRECTORY: _("This account comes from the LDAP directory. Name, role and password are changed there."),
    Refusal.YOURSELF: _("This is your own account: somebody else has to do this."),
    Refusal.LAST_ADMINISTRATOR: _(
        "This is the last local administrator who can log in. Without one, nobody gets in when the directory does not "
        "answer."
    ),
    Refusal.BLOCKED_ALREADY: _("This account is blocked already."),
    Refusal.NOT_BLOCKED: _("This account is not blocked."),
}

LOCK: Mapping[Lock, Promise] = {
    Lock.NAME_FROM_ADDRESS: pgettext_lazy("what is locked", "This name from this address"),
    Lock.ADDRESS: pgettext_lazy("what is locked", "This address, for every name"),
    Lock.NAME: pgettext_lazy("what is locked", "This name, from addresses where it has not logged in before"),
}

# Translators: a browser and the operating system it runs on, such as "Firefox on Windows".
BROWSER_ON_SYSTEM = pgettext_lazy("a session", "%(browser)s on %(system)s")
UNKNOWN_BROWSER = pgettext_lazy("a session", "Unknown browser")

DELETE_PERSON = pgettext_lazy("question", "Delete the account %(name)s?")
DELETE_PERSON_SAYS = _(
    "%(name)s is logged out at once and cannot log in any more. The rights of this account and its membership in "
    "groups go with it. Machines, operations and the audit trail stay and keep the name."
)
DELETE_GROUP = pgettext_lazy("question", "Delete the group %(name)s?")
DELETE_GROUP_SAYS = _("The rights of this group go with it. Its members stay, with what they have of their own.")
DELETE = pgettext_lazy("button", "Delete")

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

CANNOT_SEARCH = _("The directory cannot be asked at the moment. Only those whom the panel knows already are listed.")
MAY_NOT_SEARCH = _(
    "People log in to this directory themselves, so the panel cannot search it. "
    "Only those whom the panel knows already are listed."
)
NO_SUCH_PERSON = _("This person is not there any more, or may not log in to the panel.")
NO_SUCH_GROUP = _("This group is not there any more.")
CANNOT_SAY_WHO = _("The directory cannot be asked at the moment, so the panel cannot say who that is.")

DIRECTORY_DOES_NOT_ANSWER = _(
    "The directory of people cannot be asked at the moment. Local accounts can log in all the same."
)


def too_many_tries(wait: datetime.timedelta) -> str:
    minutes = round(wait.total_seconds() / 60)
    return ngettext(
        "Too many attempts. Try again in %(count)s minute, or ask an administrator to unlock you.",
        "Too many attempts. Try again in %(count)s minutes, or ask an administrator to unlock you.",
        minutes,
    ) % {"count": minutes}


def logged_out_of(count: int) -> str:
    return ngettext("%(count)s session was ended.", "%(count)s sessions were ended.", count) % {"count": count}


def addresses(count: int) -> str:
    return ngettext("%(count)s address", "%(count)s addresses", count) % {"count": count}


def names(count: int) -> str:
    return ngettext("%(count)s name", "%(count)s names", count) % {"count": count}
