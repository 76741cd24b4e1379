"""Commands that follow a fit: predictions, tests, margins, papers."""
