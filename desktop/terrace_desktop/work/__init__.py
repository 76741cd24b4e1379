"""Work beside the window: the thread, the session on it, the queue of commands, the history."""
