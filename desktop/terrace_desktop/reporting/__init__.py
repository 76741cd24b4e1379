"""The report, built: its plan in the work panel, and its pages in the place of the results."""
