"""Everything on one machine: an embedded Redis, child processes, a shop's traffic. For the demo and the tests."""
