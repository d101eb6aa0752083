from tests.faults.conftest import _everything_is_well_before_and_after, anna, desk, stack

__all__ = ["_everything_is_well_before_and_after", "anna", "desk", "stack"]
