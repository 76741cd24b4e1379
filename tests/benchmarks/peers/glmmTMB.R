source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))
suppressMessages(library(glmmTMB))

serve(list(
  hsb = function(d) glmmTMB(mathach ~ ses * meanses + (ses | id), d, REML = TRUE),
  "hsb-boundary" = function(d) glmmTMB(mathach ~ ses * sector + (ses | id), d, REML = TRUE),
  pig = function(d) glmmTMB(weight ~ week + (1 | id), d),
  productivity = function(d)
    glmmTMB(gsp ~ private + emp + hwy + water + other + unemp + (1 | region) + (1 | state), d),
  veneer = function(d)
    glmmTMB(gcf ~ followup + base_gcf + cda + age + (followup | patient) + (1 | patient:tooth), d, REML = TRUE),
  sleepstudy = function(d) glmmTMB(reaction ~ days + (days | subj), d, REML = TRUE)
), "glmmTMB", function(d) glmmTMB(y ~ x + (1 | g), d, REML = TRUE))
