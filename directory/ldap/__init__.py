"""Asking an LDAP directory: who somebody is, whether the password fits, in which groups. Knows no database."""
