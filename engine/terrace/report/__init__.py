"""Renderers: one table model to text, HTML, Word, Excel, LaTeX, Markdown, CSV; plots to paper."""
