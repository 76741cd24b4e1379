source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))
library(nlme)

serve(list(
  hsb = function(d) lme(mathach ~ ses * meanses, d, ~ ses | id),
  "hsb-boundary" = function(d) lme(mathach ~ ses * sector, d, ~ ses | id),
  pig = function(d) lme(weight ~ week, d, ~ 1 | id, method = "ML"),
  productivity = function(d)
    lme(gsp ~ private + emp + hwy + water + other + unemp, d, ~ 1 | region / state, method = "ML"),
  veneer = function(d) lme(gcf ~ followup + base_gcf + cda + age, d, list(patient = ~ followup, tooth = ~ 1)),
  sleepstudy = function(d) lme(reaction ~ days, d, ~ days | subj),
  bcva = function(d)
    gls(bcva_chg ~ bcva_bl + race + trt * visit, d, corSymm(form = ~ at | usubjid), varIdent(form = ~ 1 | visit)),
  ovary = function(d) lme(follicles ~ sin1 + cos1, d, ~ 1 | mare, corARMA(form = ~ time | mare, p = 2)),
  bodyweight = function(d) lme(weight ~ diet * time, d, ~ time | rat, corCAR1(form = ~ time | rat)),
  "ar-gaps" = function(d) lme(y ~ x, d, ~ 1 | g, corAR1(form = ~ t | g)),
  "ar-gaps-large" = function(d) lme(y ~ x, d, ~ 1 | g, corAR1(form = ~ t | g)),
  exponential = function(d) gls(y ~ x, d, corCAR1(form = ~ t | g)),
  "exponential-large" = function(d) gls(y ~ x, d, corCAR1(form = ~ t | g)),
  "unstructured-gaps" = function(d) gls(y ~ x, d, corSymm(form = ~ at | g), varIdent(form = ~ 1 | t))
), "nlme", prepare = list(
  bcva = function(d) transform(d, at = as.integer(visit)),
  "unstructured-gaps" = function(d) transform(d, at = as.integer(t) + 1L, t = factor(t))
))
