source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))
suppressMessages({library(lme4); library(pbkrtest)})

hsb <- function(d) lmer(mathach ~ ses * meanses + (ses | id), d)
productivity <- function(d)
  lmer(gsp ~ private + emp + hwy + water + other + unemp + (1 | region) + (1 | state), d)
veneer <- function(d)
  lmer(gcf ~ followup + base_gcf + cda + age + (followup | patient) + (1 | patient:tooth), d)

# As it is used, and as lmerTest uses it: each coefficient is asked for alone.
each <- function(m) {
  p <- length(fixef(m))
  list(model = m, df = vapply(seq_len(p), function(i) as.numeric(get_Lb_ddf(m, diag(p)[i, ])), 0))
}

# As little work as its functions allow: the adjusted covariance is computed once for all coefficients.
once <- function(m) {
  p <- length(fixef(m))
  adjusted <- vcovAdj(m)
  list(model = m, df = vapply(seq_len(p), function(i) as.numeric(Lb_ddf(diag(p)[i, ], vcov(m), adjusted)), 0))
}

serve(list(
  "hsb-kr" = function(d) each(hsb(d)),
  "productivity-kr" = function(d) each(productivity(d)),
  "veneer-kr" = function(d) each(veneer(d)),
  "hsb-kr-once" = function(d) once(hsb(d)),
  "productivity-kr-once" = function(d) once(productivity(d)),
  "veneer-kr-once" = function(d) once(veneer(d))
), c("pbkrtest", "lme4"), function(d) each(lmer(y ~ x + (1 | g), d)))
