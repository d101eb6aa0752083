from directory.models.person import Person

__all__ = ["Person"]
