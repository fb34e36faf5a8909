"""The bodies that the web takes, by the domain that they are about."""
