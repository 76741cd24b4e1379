source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))
suppressMessages({library(lme4); library(pbkrtest)})

# The adjusted covariance once, then the degrees of freedom of every coefficient from it.
kenward_roger <- function(m) {
  p <- length(fixef(m))
  adjusted <- vcovAdj(m)
  list(model = m, df = vapply(seq_len(p), function(i) as.numeric(Lb_ddf(diag(p)[i, ], vcov(m), adjusted)), 0))
}

serve(list(
  "hsb-kr" = function(d) kenward_roger(lmer(mathach ~ ses * meanses + (ses | id), d)),
  "productivity-kr" = function(d)
    kenward_roger(lmer(gsp ~ private + emp + hwy + water + other + unemp + (1 | region) + (1 | state), d)),
  "veneer-kr" = function(d)
    kenward_roger(lmer(gcf ~ followup + base_gcf + cda + age + (followup | patient) + (1 | patient:tooth), d))
), c("pbkrtest", "lme4"))
