"""What goes into a paper: a paragraph, models side by side."""
