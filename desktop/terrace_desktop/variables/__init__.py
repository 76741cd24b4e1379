"""What variables are, edited in the work panel: one of them, or several at once."""
