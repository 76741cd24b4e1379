# Robust SEs with few clusters: clubSandwich CR0, CR1 and CR2 with Satterthwaite degrees of freedom of each coefficient
# and the approximate Hotelling test (HTZ) of all but the constant, on ML and REML fits.
source("common.R")
suppressMessages(library(clubSandwich))
one <- function(id, features, data, command, formula, names_, cluster, reml) {
  d <- data_of(data)
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(formula, d, reml)
  order <- last_constant(names_)
  p <- length(names_)
  all_but <- diag(p)[-1, , drop = FALSE]
  types <- lapply(setNames(nm = c("CR0", "CR1", "CR2")), function(type) {
    V <- vcovCR(fit, cluster = d[[cluster]], type = type)
    tests <- coef_test(fit, vcov = V, test = "Satterthwaite")
    out <- list(se = I(sqrt(diag(as.matrix(V)))[order]), df = I(tests$df_Satt[order]), p = I(tests$p_Satt[order]))
    if (type == "CR2" && p > 2) {
      w <- Wald_test(fit, constraints = all_but, vcov = V, test = "HTZ")
      out <- c(out, list(F = w$Fstat, ddf = w$df_denom))
    }
    out
  })
  list(id = id, features = I(features), data = data, command = command, cluster = cluster, reml = reml, n = nobs(fit),
       ll = as.numeric(logLik(fit)), terms = I(names_[order]), types = types)
}
both <- function(id, features, data, command, formula, names_, cluster)
  lapply(c(FALSE, TRUE), function(reml)
    one(paste0(id, if (reml) "-reml" else "-ml"), features, data, paste0(command, if (reml) " reml" else ""), formula,
        names_, cluster, reml))
growth <- c("_cons", "1.female", "age", "1.female#c.age")
cases <- c(
  both("sleepstudy", c("nested", "robust"), "sleepstudy", "mixed reaction days || subject: days, cov(un)",
       reaction ~ days + (days | subject), c("_cons", "days"), "subject"),
  both("orthodont-gaps", c("nested", "robust"), "orthodont_gaps",
       "mixed distance i.female##c.age || subject: age, cov(un)", distance ~ female * age + (age | subject), growth,
       "subject"),
  both("pixel", c("nested", "robust"), "pixel", "mixed pixel day c.day#c.day || dog: day, cov(un) || side:,",
       pixel ~ day + I(day^2) + (day | dog) + (1 | dog:side), c("_cons", "day", "c.day#c.day"), "dog"),
  both("cake", c("nested", "cluster"), "cake", "mixed angle i.recipe temp || batch:,",
       angle ~ factor(recipe) + temp + (1 | batch), c("_cons", "2.recipe", "3.recipe", "temp"), "replicate"),
  both("oats", c("nested", "robust"), "oats", "mixed yield nitro i.variety || block: || variety:,",
       yield ~ nitro + factor(variety) + (1 | block) + (1 | block:variety),
       c("_cons", "nitro", "2.variety", "3.variety"), "block"))
save_cases(cases, "fewclusters.json")
