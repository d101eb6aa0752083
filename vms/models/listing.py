"""How a person likes a list: saved views and chosen columns."""

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """A list's address that a person gave a name. query: what stands behind the "?"."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=32)
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["person", "page", "name"], name="one_view_per_name")]

    def __str__(self) -> str:
        return self.name


class ChosenColumns(models.Model):
    """The columns of a list that a person wants to see; those that are not listed here are hidden."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chosen_columns")
    page = models.CharField(max_length=32)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "page"], name="one_choice_of_columns_per_page")]

    def __str__(self) -> str:
        return self.page
