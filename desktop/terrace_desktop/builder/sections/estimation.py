"""Estimation: ML or REML, degrees of freedom, standard errors, confidence level, the metric of the table."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from terrace.covariance.registry import RESIDUALS
from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.model import DfMethod, ModelSpec, Vce
from terrace_desktop.builder.explaining import DF, METHOD, Explained, df_sentence
from terrace_desktop.builder.fields import Choice, FieldButton, Typed
from terrace_desktop.builder.notes import closed_notes, problem_notes
from terrace_desktop.builder.parts import labelled
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.words import tr


def percent(text: str) -> float:
    """A confidence level; ValueError where it is not from 10 to 99.99."""
    value = float(text.rstrip("% ").replace(",", "."))
    if not 10 <= value <= 99.99:
        raise ValueError(text)
    return value


def summary(spec: ModelSpec) -> str:
    """What is behind `Change`, in a few words: method, degrees of freedom, and what is not as usual."""
    words = {
        "satterthwaite": tr("Satterthwaite df"), "kroger": tr("Kenward–Roger df"), "residual": tr("residual df"),
        "repeated": tr("repeated-measures df"), "anova": tr("ANOVA df"),
    }  # fmt: skip
    parts = [tr("REML") if spec.method == "reml" else tr("ML")]
    if spec.df_method is not None:
        parts.append(words[spec.df_method])
    if spec.vce in ("robust", "cluster"):
        parts.append(tr("robust SE"))
    if spec.residuals.structure != "independent" or spec.residuals.by:
        parts.append(tr("{0} residuals").format(RESIDUALS[spec.residuals.structure].adjective.lower()))
    if spec.weight is not None:
        parts.append(tr("weights"))
    if spec.condition or spec.range_:
        parts.append(tr("some rows"))
    if spec.constraints:
        parts.append(tr("constraints"))
    return ", ".join(parts)


class EstimationSection(Section):
    """How the model is fitted, and how its uncertainty is measured and shown."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(state, "estimation", tr("Estimation"))
        self.method = Choice(
            "estimation_method", self.tr("Method"), [("ml", self.tr("ML")), ("reml", self.tr("REML"))], alone=True
        )
        self.method.setToolTip(self.tr("Maximum likelihood, or restricted maximum likelihood"))
        self.method.chosen.connect(lambda v: state.apply(edit.set_method(self.spec, v)))
        self.df: Choice[DfMethod | None] = Choice("estimation_df", self.tr("Degrees of freedom"))
        self.df.chosen.connect(lambda v: state.apply(edit.set_df(self.spec, v)))
        self.information = Choice(
            "estimation_information",
            self.tr("Information matrix for the degrees of freedom"),
            [("eim", self.tr("Expected")), ("oim", self.tr("Observed"))],
        )
        self.information.chosen.connect(lambda v: state.apply(edit.set_df(self.spec, self.spec.df_method, v)))
        self.vce: Choice[Vce | None] = Choice("estimation_vce", self.tr("Standard errors"))
        self.vce.chosen.connect(self._set_vce)
        self.correction = Choice(
            "estimation_correction",
            self.tr("Correction of robust standard errors for few clusters"),
            [("cr1", "CR1"), ("cr2", self.tr("CR2, for few clusters")), ("cr0", self.tr("None"))],
        )
        self.correction.chosen.connect(lambda v: state.apply(replace(self.spec, vce_correction=v)))
        self.cluster = FieldButton("estimation_cluster", self.tr("Cluster variable"))
        self.cluster.clicked.connect(self._pick_cluster)
        self.level = Typed(
            "estimation_level", self.tr("Confidence level in percent"), percent, show=lambda v: f"{v:g}",
            placeholder="95", width=56, takes=self.tr("The confidence level must be between 10 and 99.99."),
        )  # fmt: skip
        self.level.committed.connect(lambda v: state.apply(edit.set_display(self.spec, level=95.0 if v is None else v)))
        self.shown_as = Choice(
            "estimation_metric",
            self.tr("Random effects shown as"),
            [
                ("variance", self.tr("Variances")),
                ("sd", self.tr("SDs and correlations")),
                ("estmetric", self.tr("As stored")),
            ],
        )
        self.shown_as.chosen.connect(lambda v: state.apply(edit.set_display(self.spec, metric=v)))
        self.table = Choice(
            "estimation_dftable",
            self.tr("Table of fixed effects with degrees of freedom"),
            [
                ("default", self.tr("Tests and intervals")),
                ("ci", self.tr("DF and intervals")),
                ("pvalue", self.tr("DF and tests")),
            ],
        )
        self.table.chosen.connect(lambda v: state.apply(edit.set_display(self.spec, dftable=v)))
        first, second = QWidget(), QWidget()
        line = Flow(first, across=10, down=4)
        self._df = labelled(self.tr("DF"), self.df)
        self._information = labelled(self.tr("DF information"), self.information)
        self._table = labelled(self.tr("DF table"), self.table)
        self._vce = labelled(self.tr("SE"), self.vce)
        self._correction = labelled(self.tr("Correction"), self.correction)
        for w in (self.method, self._df, self._vce, self.cluster):
            line.addWidget(w)
        line = Flow(second, across=10, down=4)
        for w in (
            labelled(self.tr("Confidence %"), self.level),
            labelled(self.tr("Show"), self.shown_as),
            self._information,
            self._table,
            self._correction,
        ):
            line.addWidget(w)
        self.why_method = Explained("method", "", self.tr("ML or REML?"), METHOD)
        self.why_df = Explained("df", "", self.tr("Which degrees of freedom?"), DF)
        self.body.addWidget(first)
        for why in (self.why_method, self.why_df):
            self.body.addWidget(why)
        self.body.addWidget(self.notes)
        self.body.addWidget(second)
        self.body.addWidget(self.level.wrong)

    def show_spec(self) -> None:
        spec = self.spec
        self.method.set_value(spec.method)
        self.df.set_options(
            [
                (None, self.tr("Large sample (z)")),
                ("residual", self.tr("Residual")),
                ("repeated", self.tr("Repeated measures")),
                ("anova", self.tr("ANOVA")),
                ("satterthwaite", self.tr("Satterthwaite")),
                ("kroger", self.tr("Kenward–Roger")),
            ],
            {k: c.reason for k, c in closed("df", spec).items()},
        )
        self.df.set_value(spec.df_method)
        if spec.method == "reml":
            self.why_method.say(self.tr("REML does not make variances too small."))
        else:
            self.why_method.say(self.tr("ML makes variances too small with few groups."))
        self.why_df.say(df_sentence(spec.df_method))
        robust = spec.vce in ("robust", "cluster")
        self._information.setVisible(spec.df_method in ("satterthwaite", "kroger") and not robust)
        self._correction.setVisible(robust)
        self.correction.set_value(spec.vce_correction)
        self.information.set_value(spec.df_information)
        self._table.setVisible(spec.df_method is not None or spec.display.dftable != "default")
        self.table.set_value(spec.display.dftable)
        self.vce.set_options(
            [
                (None, self.tr("Robust (weights)") if edit.has_pweights(spec) else self.tr("Model-based")),
                ("robust", self.tr("Robust")),
                ("cluster", self.tr("Robust, clustered by")),
            ],
            {k: c.reason for k, c in closed("vce", spec).items()},
        )
        self.vce.set_value(None if spec.vce == "oim" else spec.vce)
        self.cluster.setVisible(spec.vce == "cluster")
        self.cluster.show_value(spec.cluster or self.tr("Choose a variable"), hole=not spec.cluster)
        self.level.set_value(spec.display.level)
        self.shown_as.set_value(spec.display.metric)
        self.show_problems()

    def show_problems(self) -> None:
        spec = self.spec
        found = [p for field in ("method", "df", "vce", "cluster", "confidence") for p in self.state.problems(field)]
        said = {(p.fix, p.fix_label) for p in found}
        quiet = [
            n
            for n in closed_notes({**closed("vce", spec), **closed("df", spec)})
            if (n.fix, n.fix_label) not in said or n.fix is None
        ]
        self.notes.show_notes([*problem_notes(found), *quiet])

    def _set_vce(self, value: Vce | None) -> None:
        path = edit.level_path(self.spec)
        cluster = self.spec.cluster or (path[0] if path else None)
        self.state.apply(edit.set_vce(self.spec, value, cluster))

    def _pick_cluster(self) -> None:
        def take(name: str) -> None:
            self.state.apply(edit.set_vce(self.spec, "cluster", name))

        refuse = self.state.refuse("cluster")
        pick(self.cluster, self.tr("Clusters of robust SEs"), self.state.dataset.variables, refuse, take)
