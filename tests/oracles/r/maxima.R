# The highest likelihoods that lme4 finds for a quadratic of days in the sleep study, from three optimisers and three
# origins of the covariate: Rscript maxima.R prints them. They stand in tests/engine/test_one_maximum.py.
suppressMessages(library(lme4))
for (reml in c(FALSE, TRUE)) {
  best <- -Inf
  for (shift in c(0, 100, 1000)) for (opt in c("bobyqa", "nloptwrap", "Nelder_Mead")) {
    d <- transform(sleepstudy, x = Days + shift)
    m <- tryCatch(
      suppressWarnings(suppressMessages(
        lmer(Reaction ~ x + I(x^2) + (x + I(x^2) | Subject), d, REML = reml, control = lmerControl(optimizer = opt))
      )),
      error = function(e) NULL
    )
    if (!is.null(m)) best <- max(best, as.numeric(logLik(m)))
  }
  cat(if (reml) "reml" else "ml", sprintf("%.5f", best), "\n")
}
