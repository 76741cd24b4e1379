# Refits without each subject: lme4::influence.
source("common.R")
d <- data_of("sleepstudy")
assign("d", d, envir = .GlobalEnv)
fit <- lmer(reaction ~ days + (days | subject), d, REML = TRUE)
i <- influence(fit, groups = "subject")
b <- i[["fixed.effects[-subject]"]]
save_results(list(sleepstudy = list(groups = rownames(b), changes = sweep(b, 2, fixef(fit)))), "influence.json")
