"""What can be asked of a fitted model, each as a small form over its command."""
