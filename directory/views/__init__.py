"""Pages: the login, people and groups for administrators, and everybody's own account."""
