"""What the tests of several exercises share."""
