"""What the tests of finger/ have beyond the harness of tests/protocol: users, plans, answers."""
