"""The scenarios, one or a few alike to a file."""
