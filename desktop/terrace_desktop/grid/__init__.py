"""The data as a grid: virtual, so that a million rows cost no more than the thirty on screen."""
