# Degrees of freedom. lmerTest takes the covariance of the variance parameters from the observed information
# (agrees with dfmethod(satterthwaite, oim)), pbkrtest from the expected one (agrees with dfmethod(kroger)).
source("common.R")
suppressMessages({library(lmerTest); library(pbkrtest)})

one <- function(id, data, command, formula, names_, parts, features = "nested") {
  d <- data_of(data)
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(formula, d, TRUE)
  p <- length(fixef(fit))
  order <- last_constant(names_)
  st <- as_lmerModLmerTest(fit)
  unit <- diag(p)[order, , drop = FALSE]
  model <- diag(p)[names_ != "_cons", , drop = FALSE]   # every coefficient but the constant
  if (!nrow(model)) model <- unit
  sat <- lapply(seq_len(p), function(i) contest1D(st, unit[i, ]))
  satF <- contestMD(st, model)
  adjusted <- vcovAdj(fit)
  V0 <- vcov(fit)
  kr_df <- sapply(seq_len(p), function(i) Lb_ddf(unit[i, ], V0, adjusted))
  kr <- KRmodcomp(fit, model)
  stats <- kr$stats
  list(id = id, features = I(features), data = data, command = command, n = nobs(fit), ll = as.numeric(logLik(fit)),
       terms = I(names_[order]), random = lme4_random(fit, parts)[c("level", "name", "value")],
       satterthwaite = list(df = I(sapply(sat, function(x) x[["df"]])), p = I(sapply(sat, function(x) x[["Pr(>|t|)"]])),
                            F = satF[["F value"]], ndf = satF[["NumDF"]], ddf = satF[["DenDF"]]),
       kroger = list(vcov = unname(as.matrix(adjusted))[order, order, drop = FALSE],
                     se = I(unname(sqrt(diag(as.matrix(adjusted))))[order]), df = I(kr_df),
                     F = stats$Fstat, ndf = stats$ndf, ddf = stats$ddf, scaling = stats$F.scaling))
}
slope <- function(group, x) list(term(group, group, c(x, "(Intercept)"), c(x, "_cons")))
nested <- function(a, b) list(term(a, a), term(paste0(a, ":", b), b))
cases <- list(
  one("sleepstudy-slope", "sleepstudy", "mixed reaction days || subject: days, cov(un) reml",
      reaction ~ days + (days | subject), c("_cons", "days"), slope("subject", "days")),
  one("orthodont-slope", "orthodont", "mixed distance i.female##c.age || subject: age, cov(un) reml",
      distance ~ female * age + (age | subject), c("_cons", "1.female", "age", "1.female#c.age"), slope("subject", "age")),
  one("orthodont-gaps", "orthodont_gaps", "mixed distance i.female##c.age || subject: age, cov(un) reml",
      distance ~ female * age + (age | subject), c("_cons", "1.female", "age", "1.female#c.age"), slope("subject", "age")),
  one("machines-nested", "machines", "mixed score i.machine || worker: || machine:, reml",
      score ~ factor(machine) + (1 | worker) + (1 | worker:machine), c("_cons", "2.machine", "3.machine"), nested("worker", "machine")),
  one("oats-split-plot", "oats", "mixed yield nitro i.variety || block: || variety:, reml",
      yield ~ nitro + factor(variety) + (1 | block) + (1 | block:variety),
      c("_cons", "nitro", "2.variety", "3.variety"), nested("block", "variety")),
  one("cake-recipe", "cake", "mixed angle i.recipe temp || replicate: || recipe:, reml",
      angle ~ factor(recipe) + temp + (1 | replicate) + (1 | replicate:recipe),
      c("_cons", "2.recipe", "3.recipe", "temp"), nested("replicate", "recipe")),
  one("bodyweight-slope", "bodyweight", "mixed weight i.diet##c.time || rat: time, cov(un) reml",
      weight ~ factor(diet) * time + (time | rat),
      c("_cons", "2.diet", "3.diet", "time", "2.diet#c.time", "3.diet#c.time"), slope("rat", "time")),
  one("pixel-three-level", "pixel", "mixed pixel day c.day#c.day || dog: day, cov(un) || side:, reml",
      pixel ~ day + I(day^2) + (day | dog) + (1 | dog:side), c("_cons", "day", "c.day#c.day"),
      c(slope("dog", "day"), list(term("dog:side", "side")))),
  one("penicillin-crossed", "penicillin", "mixed diameter || _all: R.sample || plate:, reml",
      diameter ~ 1 + (1 | sample) + (1 | plate), "_cons",
      list(term("sample", "_all", labels = "R.sample"), term("plate", "plate")), "crossed")
)
save_cases(cases, "smallsample.json")
