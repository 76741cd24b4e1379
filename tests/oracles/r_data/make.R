# What R's own functions make of one small dataset, for the tests of data commands and of regress.
# Rscript make.R, in this folder; needs jsonlite, sandwich, dplyr.
suppressMessages({library(jsonlite); library(sandwich); library(dplyr)})

set.seed(5)
n <- 150
d <- data.frame(
  g = sample(c(1, 2, 3, 5, 8, 13), n, replace = TRUE),
  a = sample(0:2, n, replace = TRUE),
  x = round(rnorm(n), 3),
  w = sample(1:4, n, replace = TRUE),
  p = round(runif(n, .2, 3), 2)
)
d$y <- round(2 + .7 * d$x - .5 * (d$a == 1) + .3 * d$x * (d$a == 2) + rnorm(n) + d$g / 10, 3)
d$x[c(3, 40, 77)] <- NA
d$y[c(10, 77)] <- NA
write.csv(d, "data.csv", row.names = FALSE, na = "")

coefficients_of <- function(m, V, df) {
  b <- coef(m); se <- sqrt(diag(V)); t <- b / se
  list(b = unname(b), se = unname(se), p = unname(2 * pt(-abs(t), df)),
       lb = unname(b - qt(.975, df) * se), ub = unname(b + qt(.975, df) * se))
}
regression <- function(m, V = vcov(m), df = m$df.residual) {
  s <- summary(m)
  k <- length(coef(m)) - 1
  at <- which(names(coef(m)) != "(Intercept)")
  W <- drop(t(coef(m)[at]) %*% solve(V[at, at]) %*% coef(m)[at]) / k
  c(coefficients_of(m, V, df),
    list(terms = names(coef(m)), rss = deviance(m), r2 = s$r.squared, r2_a = s$adj.r.squared, rmse = s$sigma,
         F = W, df_m = k, df_r = df, p_model = pf(W, k, df, lower.tail = FALSE), ll = as.numeric(logLik(m))))
}

d$fa <- factor(d$a)
m1 <- lm(y ~ x + fa, d)
m2 <- lm(y ~ x * fa, d)
keep <- complete.cases(d[c("y", "x")])
used <- d[keep, ]
m3 <- lm(y ~ x, used)
expanded <- used[rep(seq_len(nrow(used)), used$w), ]
m4 <- lm(y ~ x, expanded)
m5 <- lm(y ~ x, used, weights = p)

type2 <- function(v, q) unname(quantile(v, q, type = 2, na.rm = TRUE))
moment <- function(v, k) mean((v - mean(v))^k)
skew <- function(v) moment(v, 3) / moment(v, 2)^1.5
kurt <- function(v) moment(v, 4) / moment(v, 2)^2
yy <- na.omit(d$y)
by_g <- d %>% group_by(g) %>% summarise(
  mean = mean(y, na.rm = TRUE), sd = sd(y, na.rm = TRUE), median = type2(y, .5), p25 = type2(y, .25), p90 = type2(y, .9),
  n = sum(!is.na(y)), sum = sum(y, na.rm = TRUE), min = min(y, na.rm = TRUE), max = max(y, na.rm = TRUE),
  first = first(y), last = last(y), wmean = weighted.mean(y[!is.na(y)], p[!is.na(y)]), .groups = "drop")
chi <- suppressWarnings(chisq.test(table(d$a, d$g), correct = FALSE))
xy <- cor.test(d$x, d$y)

# Rubin's rules by hand, on five imputations made here
imputed <- lapply(1:5, function(m) { e <- used; i <- seq(m, nrow(e), by = 7); e$x[i] <- round(e$x[i] + rnorm(length(i), 0, .8), 3); e })
fits <- lapply(imputed, function(e) lm(y ~ x, e))
B <- sapply(fits, coef); U <- lapply(fits, vcov); M <- 5
Ubar <- Reduce(`+`, U) / M; between <- cov(t(B)); T <- Ubar + (1 + 1 / M) * between
lambda <- (1 + 1 / M) * diag(between) / diag(T)
old <- (M - 1) / lambda^2
nu <- fits[[1]]$df.residual
obs <- (nu + 1) / (nu + 3) * nu * (1 - lambda)
write.csv(do.call(rbind, c(list(data.frame(m = 0, row = seq_len(nrow(used)), x = used$x, y = used$y)),
  lapply(1:5, function(m) data.frame(m = m, row = seq_len(nrow(used)), x = imputed[[m]]$x, y = used$y)))),
  "imputed.csv", row.names = FALSE)

out <- list(
  R = R.version.string,
  regress = list(
    factors = regression(m1), interaction = regression(m2), simple = regression(m3),
    robust = regression(m3, vcovHC(m3, "HC1")),
    cluster = regression(m3, vcovCL(m3, cluster = used$g), length(unique(used$g)) - 1),
    frequency = regression(m4), sampling = regression(m5, vcovHC(m5, "HC1"))),
  summary = list(mean = mean(yy), sd = sd(yy), skewness = skew(yy), kurtosis = kurt(yy),
                 p = lapply(setNames(nm = c(1, 5, 10, 25, 50, 75, 90, 95, 99)), function(q) type2(d$y, q / 100))),
  by_g = by_g,
  chi2 = list(stat = unname(chi$statistic), df = unname(chi$parameter), p = chi$p.value),
  correlation = list(r = unname(xy$estimate), p = xy$p.value, n = unname(xy$parameter) + 2),
  rubin = list(b = rowMeans(B), se = sqrt(diag(T)), df_large = old, df = old * obs / (old + obs))
)
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null"), "results.json")
