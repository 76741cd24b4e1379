"""Commands that fit models and keep fits."""
