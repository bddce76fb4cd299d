"""What the sandbox remembers, in SQLite."""
