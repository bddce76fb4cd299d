"""One module for each measurement or family of measurements: ``measure(stage, …)``."""
