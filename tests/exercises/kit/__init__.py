"""What the tests of several exercises stand on."""
