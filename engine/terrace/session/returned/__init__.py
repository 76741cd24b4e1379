"""What commands leave in r() and by which names."""
