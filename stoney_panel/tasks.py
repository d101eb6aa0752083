"""What the clock has done that is not about machines."""

from celery import shared_task

from directory import locking, refreshing, visits


@shared_task
def refresh_people() -> None:
    refreshing.refresh_people()


@shared_task
def forget_what_has_ended() -> None:
    visits.forget_ended()
    locking.forget_old_logins()
