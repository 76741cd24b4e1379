"""The document that is open: saving it, keeping it as it grows, bringing it back."""
