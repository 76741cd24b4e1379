"""What the program does for itself: checking an installation, telling of new versions, and reporting a crash."""
