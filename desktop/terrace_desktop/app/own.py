"""What the window itself gives to a project and takes from one: the draft of a model, and how the window is set up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terrace_desktop.app.data_pane import DataPane
    from terrace_desktop.app.model_flow import ModelFlow
    from terrace_desktop.app.zones import Zones


class Own:
    """Reads it from the panes, and brings it back to them."""

    def __init__(self, models: ModelFlow, data: DataPane, zones: Zones) -> None:
        self._models, self._data, self._zones = models, data, zones

    def draft(self) -> dict[str, Any]:
        """The model that is being built; empty where there is none."""
        return self._models.kept_draft()

    def draft_title(self) -> str:
        """What it is called."""
        builder = self._models.builder
        return builder.title if builder is not None and builder.is_draft() else ""

    def layout_now(self) -> dict[str, Any]:
        """How the window is set up, as JSON: widths, the tab, labels or codes."""
        return {
            "zones": self._zones.layout_now(), "tab": self._data.tab(), "labels": self._data.labels.value(),
            "frozen": self._data.grid.frozen.count,
        }  # fmt: skip

    def bring_back(self, drafts: Mapping[str, Any], layout: Mapping[str, Any]) -> None:
        """Set the window up like that."""
        zones, tab, labels = (layout.get(name) for name in ("zones", "tab", "labels"))
        if isinstance(zones, Mapping):
            self._zones.bring_back(zones)
        if tab in (0, 1, 2):
            self._data.show_tab(int(tab))
        if labels in ("labels", "codes"):
            self._data.labels.choose(str(labels))
        frozen = layout.get("frozen")
        if isinstance(frozen, int) and not isinstance(frozen, bool) and frozen > 0:
            self._data.grid.frozen.set_count(frozen)
        self._models.bring_draft(drafts)
