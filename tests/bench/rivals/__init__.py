"""What a user would otherwise write: the same job as plain tasks, each library set up as its documentation advises."""
