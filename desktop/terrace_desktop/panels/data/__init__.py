"""The data panel: what can be done to the data and shown of them, each as a small form over its command."""
