"""The model builder: a form that edits one frozen `ModelSpec`, shows it live, and asks for its fit."""

from terrace_desktop.builder.form import BuilderForm

__all__ = ["BuilderForm"]
