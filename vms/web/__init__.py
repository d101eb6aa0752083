"""The pages people see. A view says who, what and which page; presenters finish the answers for the templates."""
