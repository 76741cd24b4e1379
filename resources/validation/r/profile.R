# Profile-likelihood intervals of standard deviations and fixed effects (lme4, on the ML deviance).
source("common.R")
one <- function(id, data, command, formula, terms, rows, features = "nested") {
  d <- data_of(data)
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(formula, d, FALSE)
  pr <- profile(fit, signames = FALSE, devtol = 1e-6, delta.cutoff = 1 / 16)
  ci <- confint(pr, level = 0.95)
  list(id = id, features = I(c(features, "profile")), data = data, command = command,
       ll = as.numeric(logLik(fit)),
       parameters = lapply(seq_along(rows), function(i) list(
         metric = if (grepl("cor", names(rows)[i])) "cor" else if (grepl("sd|sigma", names(rows)[i])) "sd" else "coef",
         level = rows[[i]][1], name = rows[[i]][2],
         lower = ci[names(rows)[i], 1], upper = ci[names(rows)[i], 2])))
}
cases <- list(
  one("sleepstudy-intercept", "sleepstudy", "mixed reaction days || subject:", reaction ~ days + (1 | subject),
      NULL, list("sd_(Intercept)|subject" = c("subject", "sd(_cons)"), sigma = c("Residual", "sd(Residual)"),
                 days = c("", "days"), "(Intercept)" = c("", "_cons"))),
  one("sleepstudy-slope", "sleepstudy", "mixed reaction days || subject: days, cov(un)",
      reaction ~ days + (days | subject), NULL,
      list("sd_(Intercept)|subject" = c("subject", "sd(_cons)"), "sd_days|subject" = c("subject", "sd(days)"),
           "cor_days.(Intercept)|subject" = c("subject", "corr(days,_cons)"),
           sigma = c("Residual", "sd(Residual)"), days = c("", "days"), "(Intercept)" = c("", "_cons"))),
  one("pastes", "pastes", "mixed strength || batch: || cask:", strength ~ 1 + (1 | batch) + (1 | batch:cask),
      NULL, list("sd_(Intercept)|batch" = c("batch", "sd(_cons)"),
                 "sd_(Intercept)|batch:cask" = c("cask", "sd(_cons)"), sigma = c("Residual", "sd(Residual)"),
                 "(Intercept)" = c("", "_cons"))),
  one("penicillin", "penicillin", "mixed diameter || _all: R.sample || plate:",
      diameter ~ 1 + (1 | plate) + (1 | sample), NULL,
      list("sd_(Intercept)|sample" = c("_all", "sd(R.sample)"), "sd_(Intercept)|plate" = c("plate", "sd(_cons)"),
           sigma = c("Residual", "sd(Residual)"), "(Intercept)" = c("", "_cons")), "crossed"))
save_cases(cases, "profile.json")
