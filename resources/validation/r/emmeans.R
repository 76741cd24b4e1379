# Margins, pairwise comparisons and contrasts from emmeans. The designs are balanced and covariates stand at
# their mean, so that averaging over the sample (margins) and over a grid (emmeans) are the same.
source("common.R")
suppressMessages(library(emmeans))
emm_options(lmer.df = "asymptotic", lmerTest.limit = 1e5, pbkrtest.limit = 1e5)

# emmeans refits for Kenward-Roger through the call, which `tight` leaves in place.
rows_of <- function(s, stat) lapply(seq_len(nrow(s)), function(i) list(
  label = as.character(s[i, 1]), estimate = s[i, "estimate"], se = s[i, "SE"], stat = s[i, stat],
  p = s[i, "p.value"]))
means <- function(e) {
  s <- as.data.frame(summary(e, infer = TRUE, null = 0))
  names(s)[names(s) == "emmean"] <- "estimate"
  rows_of(s, intersect(c("z.ratio", "t.ratio"), names(s)))
}
pairwise <- function(e, adjust) {
  s <- as.data.frame(summary(pairs(e, reverse = TRUE), adjust = adjust, infer = TRUE))
  # the program lists all comparisons with the first level, then with the second, ...
  level <- function(k) as.numeric(sub("\\D+", "", sapply(strsplit(as.character(s[, 1]), " - "), `[`, k)))
  s <- s[order(level(2), level(1)), ]
  rows_of(s, intersect(c("z.ratio", "t.ratio"), names(s)))
}
versus <- function(e, method) {
  s <- as.data.frame(summary(contrast(e, method, adjust = "none"), infer = TRUE))
  rows_of(s, intersect(c("z.ratio", "t.ratio"), names(s)))
}
then <- function(command, type, rows) list(command = command, type = type, rows = rows)

one <- function(id, data, command, formula, factor_name, small) {
  d <- data_of(data)
  d[[paste0("f_", factor_name)]] <- factor(d[[factor_name]])
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(formula, d, TRUE)
  e <- emmeans(fit, paste0("f_", factor_name), lmer.df = "asymptotic")
  steps <- list(then(paste("margins", factor_name), "margins", means(e)))
  for (a in c("none", "bonferroni", "sidak", "scheffe", "tukey", "holm"))
    steps <- c(steps, list(then(paste0("pwcompare ", factor_name, ", mcompare(", a, ")"), "pwcompare",
                                pairwise(e, a))))
  steps <- c(steps, list(then(paste0("contrast r.", factor_name), "contrast", versus(e, "trt.vs.ctrl1")),
                         then(paste0("contrast g.", factor_name), "contrast", versus(e, "eff")),
                         then(paste0("contrast ar.", factor_name), "contrast", versus(e, "consec"))))
  cases <- list(list(id = id, features = I("nested"), data = data, command = command,
                     ll = as.numeric(logLik(fit)), then = steps))
  k <- emmeans(fit, paste0("f_", factor_name), lmer.df = "kenward-roger")
  cases <- c(cases, list(list(
    id = paste0(id, "-kroger"), features = I(c("nested", "kroger")), data = data,
    command = paste0(command, " dfmethod(kroger)"), ll = as.numeric(logLik(fit)),
    then = list(then(paste0("pwcompare ", factor_name, ", small"), "pwcompare", pairwise(k, "none")),
                then(paste0("contrast r.", factor_name, ", small"), "contrast", versus(k, "trt.vs.ctrl1"))))))
  cases
}
cases <- c(
  one("oats-variety", "oats", "mixed yield nitro i.variety || block: || variety:, reml",
      yield ~ nitro + f_variety + (1 | block) + (1 | block:variety), "variety"),
  one("cake-temperature", "cake", "mixed angle i.recipe i.temperature || replicate: || recipe:, reml",
      angle ~ factor(recipe) + f_temperature + (1 | replicate) + (1 | replicate:recipe), "temperature"),
  one("machines-machine", "machines", "mixed score i.machine || worker: || machine:, reml",
      score ~ f_machine + (1 | worker) + (1 | worker:machine), "machine"))
save_cases(cases, "emmeans.json")
