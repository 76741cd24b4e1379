"""The filter in the window: its conditions as chips, and the popup in which one is made."""
