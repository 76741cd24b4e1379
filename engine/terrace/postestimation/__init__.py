"""All that follows a fit: predictions, ICC, margins, contrasts, comparisons, diagnostics."""
