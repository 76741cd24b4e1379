"""Plots on screen: pyqtgraph draws the engine's description of a plot; paper is the engine's own business."""
