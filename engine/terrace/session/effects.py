"""What commands do besides printing: declared with each command, and told with each outcome."""

from __future__ import annotations

from enum import Flag, auto


class Effect(Flag):
    """What a command can do. Registering a command says which of these hold of it.

    OPENS
        Opens data: they are as they are in a file or a sample.
    DATA
        Changes the data that are open, or what is known of them; also closes them.
    SAVES
        Writes the data to a file as they are.
    FILES
        Makes, writes or removes any other file.
    FITS
        Fits a mixed model, which becomes the active one.
    ABOUT_FIT
        Speaks of the active model: what it shows belongs under that.
    RETURNS
        Leaves results in r(), and none of an earlier command there.
    OUTLINE
        Changes the results document: its order, titles, notes, headings or looks, or the plan of its report.
    BRIEF
        Does something else than to show: what it prints is a line that may be told in passing.
    ANALYSES
        Analyses rows, although it can also change the data: a filter that is in use restricts it.
    WHOLE
        Takes the data as a whole, although it changes none of them: a filter has no part in that.

    A filter that is in use restricts what opens, changes and saves nothing and is not about a model, which has rows of
    its own (`terrace.session.filtering`).
    """

    NONE = 0
    OPENS = auto()
    DATA = auto()
    SAVES = auto()
    FILES = auto()
    FITS = auto()
    ABOUT_FIT = auto()
    RETURNS = auto()
    BRIEF = auto()
    OUTLINE = auto()
    ANALYSES = auto()
    WHOLE = auto()
