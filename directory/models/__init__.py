from directory.models.group import DirectoryGroup
from directory.models.person import Person
from directory.models.visit import Visit

__all__ = ["DirectoryGroup", "Person", "Visit"]
