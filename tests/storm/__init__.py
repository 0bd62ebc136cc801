"""Many uploads on a bad day, over real HTTP: `make storm`, and a small one among the tests."""
