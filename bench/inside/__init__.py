"""What runs inside the processes that are measured."""
