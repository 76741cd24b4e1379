# The highest likelihoods that lme4 finds, the best of three optimisers: for data that end at singular matrices of three
# and four random effects, drawn here and kept with the results; and for a quadratic of days in the sleep study, also from
# other origins of the covariate. Run from this folder: Rscript maxima.R
source("common.R")

best <- function(formula, d, reml) {
  found <- sapply(c("bobyqa", "nloptwrap", "Nelder_Mead"), function(opt) tryCatch(
    suppressWarnings(suppressMessages(as.numeric(logLik(lmer(
      formula, d, REML = reml, control = lmerControl(optimizer = opt, check.conv.singular = "ignore")
    ))))), error = function(e) -Inf))
  max(found)
}

effects <- function(groups, q, rank) {
  L <- matrix(rnorm(q * rank), q) * sample(c(0.3, 1), q, replace = TRUE)
  matrix(rnorm(groups * rank), groups) %*% t(L)
}

drawn <- function(seed) {
  set.seed(seed)
  groups <- sample(8:14, 1); size <- sample(5:7, 1); n <- groups * size
  g <- rep(seq_len(groups), each = size)
  if (seed %% 2) {
    t <- round(rnorm(n), 2); t2 <- t^2
    u <- effects(groups, 3, sample(1:2, 1))
    y <- round(1 + u[g, 1] + u[g, 2] * t + 0.3 * u[g, 3] * t2 + rnorm(n), 3)
    d <- data.frame(g, t, t2, y)
    list(data = d, formula = y ~ t + t2 + (t + t2 | g), frame = d, kind = "quadratic")
  } else {
    c <- sample(1:4, n, replace = TRUE)
    u <- effects(groups, 4, sample(1:3, 1))
    y <- round(1 + u[cbind(g, c)] + rnorm(n), 3)
    list(data = data.frame(g, c, y), formula = y ~ f + (f | g), frame = data.frame(g, f = factor(c), y), kind = "factor")
  }
}

cases <- lapply(1:24, function(seed) {
  one <- drawn(seed)
  list(id = paste0("drawn-", seed), features = "nested", kind = one$kind, data = as.list(one$data),
       ml = best(one$formula, one$frame, FALSE), reml = best(one$formula, one$frame, TRUE))
})
sleep <- function(reml) max(sapply(c(0, 100, 1000), function(shift)
  best(Reaction ~ x + I(x^2) + (x + I(x^2) | Subject), transform(sleepstudy, x = Days + shift), reml)))
cases[[25]] <- list(id = "sleepstudy", features = "nested", kind = "sleepstudy", ml = sleep(FALSE), reml = sleep(TRUE))
save_cases(cases, "maxima.json")
