# The numbers of docs/examples: growth, schools, crossed. Data come from the packages nlme and lme4.
source("common.R")
suppressMessages({library(lmerTest); library(pbkrtest); library(emmeans)})
out <- list()
keep <- function(example, ...) out[[example]] <<- c(out[[example]], list(...))
coefs <- function(fit, ddf) {
  s <- summary(as_lmerModLmerTest(fit), ddf = ddf)$coefficients
  lapply(setNames(seq_len(nrow(s)), rownames(s)), function(i) unname(s[i, c("Estimate", "Std. Error", "df")]))
}
lr <- function(small, large) as.numeric(2 * (logLik(large) - logLik(small)))

# --- growth ---------------------------------------------------------------------------------------------
d <- as.data.frame(nlme::Orthodont)
d$time <- d$age - 8
d$female <- factor(d$Sex, levels = c("Male", "Female"))
d$Subject <- factor(as.character(d$Subject))
lines <- tight(distance ~ time * female + (time | Subject), d, TRUE)
parallel <- tight(distance ~ time * female + (1 | Subject), d, TRUE)
bysex <- lme(distance ~ time * female, random = ~ 1 | Subject, weights = varIdent(form = ~ 1 | female), data = d,
             control = lme_tight)
w <- coef(bysex$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
grid <- as.data.frame(emmeans(bysex, ~ female | time, at = list(time = c(0, 2, 4, 6))))
slopes <- as.data.frame(emtrends(bysex, ~ female, var = "time"))
residual <- bysex$sigma^2 * w[c("Male", "Female")]^2
keep("growth", lines = coefs(lines, "Kenward-Roger"), lr_slopes = lr(parallel, lines),
     ll_bysex = as.numeric(logLik(bysex)), lr_bysex = as.numeric(2 * (logLik(bysex) - logLik(parallel))),
     coef_bysex = as.list(fixef(bysex)), se_bysex = as.list(sqrt(diag(vcov(bysex)))),
     variances = unname(c(as.numeric(VarCorr(bysex)[1, 1]), residual)),
     margins = grid$emmean, margins_se = grid$SE, slopes = slopes$time.trend, slopes_se = slopes$SE,
     icc = unname(as.numeric(VarCorr(bysex)[1, 1]) / (as.numeric(VarCorr(bysex)[1, 1]) + residual)))

# --- schools --------------------------------------------------------------------------------------------
d <- data_of("hsb")
d$id <- d$school
d$cses <- d$ses - d$meanses
d$sector <- factor(d$sector, labels = c("Public", "Catholic"))
empty <- tight(mathach ~ 1 + (1 | id), d, TRUE)
common <- tight(mathach ~ cses + (1 | id), d, TRUE)
slopes <- tight(mathach ~ cses + (cses | id), d, TRUE)
full <- tight(mathach ~ cses * meanses + cses * sector + (cses | id), d, TRUE)
tau <- VarCorr(empty)$id[1, 1]; s2 <- sigma(empty)^2; n <- table(d$id)
joint <- contestMD(as_lmerModLmerTest(full), rbind(c(0, 0, 0, 0, 1, 0), c(0, 0, 0, 0, 0, 1)), ddf = "Satterthwaite")
G <- as.matrix(VarCorr(full)$id); Z <- cbind(1, d$cses)
random <- mean(rowSums((Z %*% G) * Z)); fixed <- var(as.vector(getME(full, "X") %*% fixef(full)))
b <- fixef(full); V <- as.matrix(vcov(full))
along <- function(meanses, catholic) { x <- c(0, 1, 0, 0, meanses, catholic); c(sum(x * b), sqrt(drop(x %*% V %*% x))) }
u <- ranef(full, condVar = FALSE)$id
at_means <- drop(colMeans(Z) %*% G %*% colMeans(Z)) # the variance between schools of average cses
keep("schools", icc = tau / (tau + s2), reliability = mean(tau / (tau + s2 / as.vector(n))),
     lr_slopes = lr(common, slopes), ll_full = as.numeric(logLik(full)), full = coefs(full, "Satterthwaite"),
     joint = unname(unlist(joint[c("F value", "NumDF", "DenDF")])),
     variances = unname(c(G[2, 2], G[1, 1], G[1, 2], sigma(full)^2)),
     r2 = c(fixed, fixed + random) / (fixed + random + sigma(full)^2),
     between = c(tau, at_means, 1 - at_means / tau),
     slopes = lapply(c(-0.5, 0, 0.5), function(m) list(along(m, 0), along(m, 1))),
     effects = list(id = as.integer(rownames(u)[1:5]), slope = u$cses[1:5], intercept = u[1:5, "(Intercept)"]))

# --- crossed --------------------------------------------------------------------------------------------
d <- lme4::InstEval
full <- tight(y ~ service + (1 | s) + (1 | d) + (1 | dept), d, TRUE)
nodept <- tight(y ~ service + (1 | s) + (1 | d), d, TRUE)
v <- as.data.frame(VarCorr(full)); variance <- setNames(v$vcov, v$grp)
r <- ranef(full, condVar = FALSE)$d
best <- order(-r[, 1])[1:5]
keep("crossed", ll = as.numeric(logLik(full)), coef = unname(fixef(full)), se = unname(sqrt(diag(as.matrix(vcov(full))))),
     variances = as.list(variance), icc = as.list(variance / sum(variance)), lr_dept = lr(nodept, full),
     best = as.integer(rownames(r)[best]), effects = r[best, 1], count = as.vector(table(d$d)[rownames(r)[best]]))

versions <- lapply(setNames(nm = c("nlme", "lme4", "lmerTest", "pbkrtest", "emmeans")),
                   function(p) as.character(packageVersion(p)))
json <- function(x) toJSON(x, auto_unbox = TRUE, digits = NA)
write(c(sprintf('{"R": %s, "packages": %s,', json(R.version.string), json(versions)),
        paste0('"', names(out), '": ', vapply(out, json, ""), collapse = ",\n"), "}"), "examples.json")
