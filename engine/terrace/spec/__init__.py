"""The model as a value: frozen dataclasses, their command text, and what makes them valid."""
