"""What the clock has done that is not about machines."""

from celery import shared_task

from directory import refreshing


@shared_task
def refresh_people() -> None:
    refreshing.refresh_people()
