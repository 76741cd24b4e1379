"""Start values, EM, and the trust-region Newton search with its log."""
