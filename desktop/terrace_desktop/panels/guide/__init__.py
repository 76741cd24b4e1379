"""A model built by questions in the work panel: what each step asks is the engine's `terrace.spec.guide`."""
