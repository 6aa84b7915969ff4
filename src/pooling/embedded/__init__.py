"""A real PostgreSQL and a real Valkey from wheels, for when no URL is given: demonstration, tests, a first try."""
