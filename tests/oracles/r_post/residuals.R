# Autocorrelation of residuals by nlme::ACF, on pearson residuals of models with independent residuals.
source("common.R")
d <- data_of("ovary"); d <- d[order(d$mare, d$time), ]
fit <- lme(follicles ~ sin1 + cos1, d, random = ~ 1 | mare, method = "REML",
           control = lmeControl(msTol = 1e-11, tolerance = 1e-10))
o <- data_of("orthodont"); o <- o[order(o$subject, o$time), ]
fit2 <- lme(distance ~ time * female, o, random = ~ time | subject, method = "ML",
            control = lmeControl(msTol = 1e-11, tolerance = 1e-10))
save_results(list(ovary = ACF(fit)$ACF, orthodont = ACF(fit2)$ACF), "residuals.json")
