# Tests of linear hypotheses by lmerTest::contest (Satterthwaite with the observed information; Kenward-Roger
# through pbkrtest), and delta-method standard errors with numerical gradients. Unbalanced, with a random slope.
source("common.R")
suppressMessages(library(lmerTest))
d <- data_of("orthodont_gaps")
d$s <- factor(d$female)
assign("d", d, envir = .GlobalEnv)
fit <- as(tight(distance ~ time * s + (time | subject), d, TRUE), "lmerModLmerTest")
fit <- lmerTest::lmer(distance ~ time * s + (time | subject), d, REML = TRUE, start = getME(fit, "theta"),
                      control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-4, rhoend = 1e-11)))
names_of <- names(fixef(fit))
pick <- function(...) {
  w <- c(...)
  row <- setNames(numeric(length(names_of)), names_of)
  row[names(w)] <- w
  row
}
L <- list(
  both = rbind(pick(s1 = 1), pick("time:s1" = 1)),
  slopes = rbind(pick(time = 1), pick(time = 1, "time:s1" = 1)),
  single = rbind(pick(time = 1, "time:s1" = 1)))
out <- lapply(L, function(m) {
  s <- contest(fit, m, ddf = "Satterthwaite"); k <- contest(fit, m, ddf = "Kenward-Roger")
  b <- m %*% fixef(fit); v <- as.matrix(vcov(fit))
  chi2 <- as.numeric(t(b) %*% solve(m %*% v %*% t(m)) %*% b)
  list(chi2 = chi2, p = pchisq(chi2, nrow(m), lower.tail = FALSE), df = nrow(m),
       satterthwaite = list(F = s[["F value"]], ddf = s[["DenDF"]], p = s[["Pr(>F)"]]),
       kroger = list(F = k[["F value"]], ddf = k[["DenDF"]], p = k[["Pr(>F)"]]))
})
one <- contest1D(fit, L$single[1, ], ddf = "Kenward-Roger", confint = TRUE)
out$lincom <- list(estimate = one[["Estimate"]], se = one[["Std. Error"]], stat = one[["t value"]], df = one[["df"]],
                   p = one[["Pr(>|t|)"]], lower = one[["lower"]], upper = one[["upper"]])
f <- function(b) exp(b[["s1"]] / 10) / b[["(Intercept)"]]^2
g <- grad(function(x) f(setNames(x, names_of)), fixef(fit))
out$nlcom <- list(estimate = f(fixef(fit)), se = sqrt(as.numeric(g %*% as.matrix(vcov(fit)) %*% g)))
save_results(out, "hypotheses.json")
