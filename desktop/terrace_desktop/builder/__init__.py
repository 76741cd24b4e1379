"""The model builder: a form that edits one frozen `ModelSpec`, shows it live, and asks for its fit."""
