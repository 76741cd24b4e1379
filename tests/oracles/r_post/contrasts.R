# Contrasts, comparisons and tests of terms from emmeans on unbalanced data; type II by generalised least squares
# with the estimated V: the gain in X'V^-1 y from a term, containing terms left out.
source("common.R")
suppressMessages(library(emmeans))
emm_options(lmer.df = "asymptotic", lmerTest.limit = 1e5, pbkrtest.limit = 1e5)
d <- data_of("cake")
d <- d[seq_len(nrow(d)) %% 7 != 3 & !(d$recipe == 2 & d$replicate > 9), ]
d$r <- factor(d$recipe); d$t <- factor(d$temperature); d$x <- d$replicate %% 4 + 0.3 * d$temperature
d$w <- ifelse(d$replicate %% 2 == 0, 1, 0)
assign("d", d, envir = .GlobalEnv)
fit <- tight(angle ~ r * t + x * r + (1 | replicate), d, TRUE)
table_of <- function(e, ...) {
  s <- as.data.frame(summary(e, infer = TRUE, ...))
  lapply(seq_len(nrow(s)), function(i) list(label = as.character(s[i, 1]), estimate = s[i, "estimate"],
    se = s[i, "SE"], stat = s[i, "z.ratio"], p = s[i, "p.value"], lower = s[i, "asymp.LCL"], upper = s[i, "asymp.UCL"]))
}
# contrasts of the program leave continuous variables at zero
e <- emmeans(fit, "t", at = list(x = 0))
er <- emmeans(fit, "r", at = list(x = 0))
both <- emmeans(fit, c("r", "t"), at = list(x = 0))
k <- 6
helmert <- lapply(1:(k - 1), function(i) c(rep(0, i - 1), 1, rep(-1 / (k - i), k - i)))
reverse <- lapply(2:k, function(i) c(rep(-1 / (i - 1), i - 1), 1, rep(0, k - i)))
polys <- lapply(1:3, function(i) contr.poly(k)[, i])
out <- list(
  "r.temperature" = table_of(contrast(e, "trt.vs.ctrl1", adjust = "none")),
  "a.temperature" = table_of(contrast(e, "consec", reverse = TRUE, adjust = "none")),
  "ar.temperature" = table_of(contrast(e, "consec", adjust = "none")),
  "g.temperature" = table_of(contrast(e, "eff", adjust = "none")),
  "h.temperature" = table_of(contrast(e, helmert, adjust = "none")),
  "j.temperature" = table_of(contrast(e, reverse, adjust = "none")),
  "q(1/3).temperature" = table_of(contrast(e, polys, adjust = "none")),
  "r.temperature, bonferroni" = table_of(contrast(e, "trt.vs.ctrl1"), adjust = "bonferroni"),
  "r.temperature, sidak" = table_of(contrast(e, "trt.vs.ctrl1"), adjust = "sidak"),
  "r.temperature, scheffe" = table_of(contrast(e, "trt.vs.ctrl1"), adjust = "scheffe"),
  "r.temperature@recipe" = table_of(contrast(emmeans(fit, "t", by = "r", at = list(x = 0)), "trt.vs.ctrl1",
                                             by = "r", adjust = "none")),
  "ar.recipe#r.temperature" = table_of(contrast(both, interaction = c("consec", "trt.vs.ctrl1"))),
  "r.recipe#c.x" = table_of(contrast(emtrends(fit, "r", var = "x"), "trt.vs.ctrl1", adjust = "none")))
cells <- as.data.frame(summary(emmeans(fit, c("r", "t"), at = list(x = 1.5)), infer = TRUE))
out$cells <- lapply(seq_len(nrow(cells)), function(i) list(r = as.character(cells$r[i]), t = as.character(cells$t[i]),
  estimate = cells$emmean[i], se = cells$SE[i]))
trends <- as.data.frame(emtrends(fit, "r", var = "x"))
out$trends <- lapply(seq_len(nrow(trends)), function(i) list(label = as.character(trends$r[i]),
  estimate = trends$x.trend[i], se = trends$SE[i]))
tukey <- as.data.frame(summary(pairs(e, reverse = TRUE), adjust = "tukey", infer = TRUE))
out$tukey <- lapply(seq_len(nrow(tukey)), function(i) list(label = as.character(tukey[i, 1]), p = tukey$p.value[i],
  lower = tukey$asymp.LCL[i], upper = tukey$asymp.UCL[i]))

# joint tests: Wald with contrasts of the cell means
wald <- function(con) {
  L <- con@linfct; b <- L %*% fixef(fit); v <- L %*% as.matrix(vcov(fit)) %*% t(L)
  ev <- eigen(v); keep <- ev$values > 1e-9 * max(ev$values)
  z <- t(ev$vectors[, keep, drop = FALSE]) %*% b
  list(chi2 = sum(z^2 / ev$values[keep]), df = sum(keep))
}
out$joint <- list(
  recipe = wald(contrast(er, "consec")), temperature = wald(contrast(e, "consec")),
  "recipe#temperature" = wald(contrast(both, interaction = c("consec", "consec"))),
  "recipe#c.x" = wald(contrast(emtrends(fit, "r", var = "x"), "consec")),
  x = { m <- emtrends(fit, "1", var = "x"); wald(contrast(m, "identity")) })

X <- getME(fit, "X"); y <- d$angle
V <- as.matrix(getME(fit, "Z") %*% getME(fit, "Lambda") %*% getME(fit, "Lambdat") %*% getME(fit, "Zt")) +
  diag(nrow(d))
W <- solve(V * sigma(fit)^2)
rss <- function(formula) {
  x <- model.matrix(formula, d); b <- solve(t(x) %*% W %*% x, t(x) %*% W %*% y); r <- y - x %*% b
  as.numeric(t(r) %*% W %*% r)
}
gain <- function(small, large) list(chi2 = rss(small) - rss(large),
                                    df = ncol(model.matrix(large, d)) - ncol(model.matrix(small, d)))
out$typeII <- list(
  recipe = gain(~ t + x, ~ r + t + x), temperature = gain(~ r * x, ~ r * x + t),
  "recipe#temperature" = gain(~ r * x + t, ~ r * x + r * t), x = gain(~ r * t, ~ r * t + x),
  "c.x#recipe" = gain(~ r * t + x, ~ r * t + r * x))
save_results(out, "contrasts.json")
