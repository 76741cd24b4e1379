source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))
suppressMessages(library(lme4))

serve(list(
  million = function(d) lmer(y ~ x + (x | g), d),
  insteval = function(d) lmer(y ~ service + (1 | s) + (1 | d) + (1 | dept), d, REML = FALSE),
  "ratings-5" = function(d) lmer(y ~ x + (1 | user) + (1 | item), d, REML = FALSE),
  hsb = function(d) lmer(mathach ~ ses * meanses + (ses | id), d),
  "hsb-boundary" = function(d) lmer(mathach ~ ses * sector + (ses | id), d),
  pig = function(d) lmer(weight ~ week + (1 | id), d, REML = FALSE),
  productivity = function(d)
    lmer(gsp ~ private + emp + hwy + water + other + unemp + (1 | region) + (1 | state), d, REML = FALSE),
  veneer = function(d) lmer(gcf ~ followup + base_gcf + cda + age + (followup | patient) + (1 | patient:tooth), d),
  sleepstudy = function(d) lmer(reaction ~ days + (days | subj), d),
  bootstrap = function(m) {
    bootMer(m, function(m) c(fixef(m), getME(m, "theta"), sigma(m)), nsim = 1000, seed = 1)
    m
  }
), "lme4", function(d) lmer(y ~ x + (1 | g), d), prepare = list(bootstrap = function(d) lmer(mathach ~ ses + (1 | id), d)))
