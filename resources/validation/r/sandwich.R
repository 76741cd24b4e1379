# Cluster-robust SEs of the fixed effects: clubSandwich CR1 on ML fits, M/(M - 1) times the plain sandwich.
source("common.R")
suppressMessages(library(clubSandwich))
one <- function(id, features, data, command, formula, names_, cluster, parts) {
  d <- data_of(data)
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(formula, d, FALSE)
  V <- vcovCR(fit, cluster = d[[cluster]], type = "CR1")
  list(id = id, features = I(features), data = data, command = command, cluster = cluster, n = nobs(fit),
       ll = as.numeric(logLik(fit)), random = lme4_random(fit, parts), fixed = fixed_part(names_, fixef(fit), V, last_constant(names_)))
}
slope <- function(group, x) list(term(group, group, c(x, "(Intercept)"), c(x, "_cons")))
cases <- list(
  one("sleepstudy-robust", c("nested", "robust"), "sleepstudy",
      "mixed reaction days || subject: days, cov(un) vce(robust)", reaction ~ days + (days | subject),
      c("_cons", "days"), "subject", slope("subject", "days")),
  one("orthodont-gaps-robust", c("nested", "robust"), "orthodont_gaps",
      "mixed distance i.female##c.age || subject: age, cov(un) vce(robust)",
      distance ~ female * age + (age | subject), c("_cons", "1.female", "age", "1.female#c.age"), "subject",
      slope("subject", "age")),
  one("pixel-robust", c("nested", "robust"), "pixel",
      "mixed pixel day c.day#c.day || dog: day, cov(un) || side:, vce(robust)",
      pixel ~ day + I(day^2) + (day | dog) + (1 | dog:side), c("_cons", "day", "c.day#c.day"), "dog",
      c(slope("dog", "day"), list(term("dog:side", "side")))),
  one("cake-cluster", c("nested", "cluster"), "cake",
      "mixed angle i.recipe temp || batch:, vce(cluster replicate)",
      angle ~ factor(recipe) + temp + (1 | batch), c("_cons", "2.recipe", "3.recipe", "temp"), "replicate",
      list(term("batch", "batch"))),
  one("hsb-robust", c("nested", "robust"), "hsb",
      "mixed mathach ses meanses i.sector || school: ses, cov(un) vce(robust)",
      mathach ~ ses + meanses + sector + (ses | school), c("_cons", "ses", "meanses", "1.sector"), "school",
      slope("school", "ses")))
save_cases(cases, "sandwich.json")
