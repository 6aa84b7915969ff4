"""A real PostgreSQL and a real Valkey from wheels, for when no URL is given: the demonstration, the tests, a first try."""
