# lme and gls fits: residual structures, and covariance structures of random effects that lme4 does not have.
source("common.R")

sd2 <- function(fit) fit$sigma^2
rho_of <- function(fit) coef(fit$modelStruct$corStruct, unconstrained = FALSE)
weights_of <- function(fit) coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
e <- function(name, value) list("Residual", name, value)
methods <- c("ML", "REML")
opt <- function(command, method, method_joint = ", ") if (method == "REML") paste0(command, method_joint, "reml") else command

cases <- list()
add <- function(case) cases[[length(cases) + 1]] <<- case
use <- function(name) assign("d", data_of(name), envir = .GlobalEnv)
growth <- c("_cons", "1.female", "age", "1.female#c.age")

# --- residual structures alone: gls ------------------------------------------------------------------
one_gls <- function(id, feature, data, command, formula, names_, random, correlation = NULL, weights = NULL) {
  use(data)
  for (m in methods) {
    args <- list(formula, data = d, method = m, control = gls_tight)
    if (!is.null(correlation)) args$correlation <- eval(correlation)
    if (!is.null(weights)) args$weights <- eval(weights)
    fit <- do.call(gls, args)
    text <- paste("nlme::gls:", paste(deparse(formula, 500), collapse = ""),
                  if (!is.null(correlation)) deparse(correlation, 500),
                  if (!is.null(weights)) deparse(weights, 500))
    add(nlme_case(paste0(id, "-", tolower(m)), feature, data, opt(command, m, " "), fit, text, names_,
                  random(fit)))
  }
}
phis <- function(fit) {
  r <- rho_of(fit); k <- length(r)
  c(lapply(seq_len(k), function(i) e(if (k == 1) "rho" else paste0("phi", i), r[i])), list(e("var(e)", sd2(fit))))
}
thetas <- function(fit) {
  r <- rho_of(fit)
  c(lapply(seq_along(r), function(i) e(paste0("theta", i), r[i])), list(e("var(e)", sd2(fit))))
}
expo <- function(fit) list(e("rho", rho_of(fit)[1]), e("var(e)", sd2(fit)))
compound <- function(fit) list(e("var(e)", sd2(fit)), e("cov(e)", sd2(fit) * rho_of(fit)[1]))
# An AR of order T - 1 is any Toeplitz matrix of T times.
toeplitz_of <- function(fit) {
  rho <- ARMAacf(ar = rho_of(fit), lag.max = 3)[-1]
  c(lapply(1:3, function(i) e(paste0("rho", i), rho[i])), list(e("var(e)", sd2(fit))))
}
# A Toeplitz band of order 1 whose correlation an MA(1) can reach.
toeplitz_1 <- function(fit) {
  th <- rho_of(fit)
  list(e("rho1", th / (1 + th^2)), e("var(e)", sd2(fit)))
}
free_matrix <- function(times) function(fit) {
  w <- weights_of(fit)[order(as.numeric(names(weights_of(fit))))] * fit$sigma
  q <- length(w)
  r <- diag(q); r[lower.tri(r)] <- rho_of(fit)
  S <- diag(w) %*% (r + t(r) - diag(q)) %*% diag(w)
  out <- lapply(seq_len(q), function(i) e(paste0("var(e", times[i], ")"), S[i, i]))
  for (i in 1:(q - 1)) for (j in (i + 1):q)
    out <- c(out, list(e(paste0("cov(e", times[i], ",e", times[j], ")"), S[j, i])))
  out
}
dental <- "mixed distance i.female##c.age || subject:, noconstant residuals(%s)"
for (data in c("orthodont", "orthodont_gaps")) {
  f <- distance ~ female * age
  g <- function(name, feature, text, ...) one_gls(paste0(data, "-", name), feature, data, sprintf(dental, text), f,
                                                  growth, ...)
  g("ar1", "ar", "ar 1, t(time)", phis, quote(corAR1(0.3, form = ~ time | subject)))
  g("ma1", "ma", "ma 1, t(time)", thetas, quote(corARMA(0.3, form = ~ time | subject, q = 1)))
  g("exponential", "exponential", "exponential, t(age)", expo, quote(corCAR1(0.5, form = ~ age | subject)))
  g("exchangeable", "exchangeable", "exchangeable", compound, quote(corCompSymm(0.3, form = ~ 1 | subject)))
  g("toeplitz", "toeplitz", "toeplitz, t(time)", toeplitz_of,
    quote(corARMA(c(0.1, 0.1, 0.1), form = ~ time | subject, p = 3)))
  g("unstructured", "unstructured", "unstructured, t(age)", free_matrix(c(8, 10, 12, 14)),
    quote(corSymm(form = ~ time | subject)), quote(varIdent(form = ~ 1 | age)))
  g("banded0", "banded", "banded 0, t(age)", function(fit) {
    w <- weights_of(fit) * fit$sigma
    lapply(c(8, 10, 12, 14), function(a) e(paste0("var(e", a, ")"), w[as.character(a)]^2))
  }, NULL, quote(varIdent(form = ~ 1 | age)))
}

# --- by(): with the fixed effects free in each group the likelihood is a sum of separate ones ----------
split_gls <- function(id, feature, data, command, by, levels, formula, names_, joint, random,
                      correlation = NULL, weights = NULL) {
  use(data)
  whole <- d
  for (m in methods) {
    fits <- lapply(levels, function(l) {
      assign("d", whole[whole[[by]] == l, ], envir = .GlobalEnv)
      args <- list(formula, data = d, method = m, control = gls_tight)
      args$correlation <- eval(correlation)
      args$weights <- eval(weights)
      do.call(gls, args)
    })
    V <- as.matrix(Matrix::bdiag(lapply(fits, gls_vcov)))
    b <- joint %*% unlist(lapply(fits, coef))
    rows <- do.call(c, lapply(seq_along(levels), function(i)
      lapply(random(fits[[i]]), function(r) list("Residual", paste0(levels[i], ":", r[[2]]), r[[3]]))))
    add(list(id = paste0(id, "-", tolower(m)), features = I(feature), data = data,
             command = opt(command, m, " "), reml = m == "REML",
             call = paste("nlme::gls in each group of", by, ":", paste(deparse(formula), collapse = "")),
             n = nrow(whole), ll = sum(sapply(fits, logLik)),
             tolerance = list(estimate = 2e-4, se = 2e-3),
             df = sum(sapply(fits, function(x) attr(logLik(x), "df"))),
             fixed = fixed_part(names_, as.vector(b), joint %*% V %*% t(joint), last_constant(names_)),
             random = list(level = I(sapply(rows, `[[`, 1)), name = I(sapply(rows, `[[`, 2)),
                           estimate = I(unname(sapply(rows, function(r) as.numeric(r[[3]])))))))
  }
}
# (a0, b0, a1, b1) to constant, group, slope, interaction
two <- rbind(c(1, 0, 0, 0), c(-1, 0, 1, 0), c(0, 1, 0, 0), c(0, -1, 0, 1))
by_sex <- function(name, feature, text, random, correlation, weights = NULL)
  split_gls(paste0("orthodont-by-", name), c(feature, "by"), "orthodont", sprintf(dental, text), "female", 0:1,
            distance ~ age, growth, two, random, correlation = correlation, weights = weights)
by_sex("ar1", "ar", "ar 1, t(time) by(female)", phis, quote(corAR1(0.3, form = ~ time | subject)))
by_sex("exponential", "exponential", "exponential, t(age) by(female)", expo,
       quote(corCAR1(0.5, form = ~ age | subject)))
by_sex("exchangeable", "exchangeable", "exchangeable, by(female)", compound,
       quote(corCompSymm(0.3, form = ~ 1 | subject)))
by_sex("unstructured", "unstructured", "unstructured, t(age) by(female)", free_matrix(c(8, 10, 12, 14)),
       quote(corSymm(form = ~ time | subject)), quote(varIdent(form = ~ 1 | age)))

# --- with random effects above: lme ------------------------------------------------------------------
one_lme <- function(id, feature, data, command, formula, names_, parts, random, joint = " ",
                    correlation = NULL, weights = NULL) {
  use(data)
  for (m in methods) {
    args <- list(formula, data = d, random = eval(random), method = m, control = lme_tight)
    args$correlation <- eval(correlation)
    args$weights <- eval(weights)
    fit <- do.call(lme, args)
    text <- paste("nlme::lme:", paste(deparse(formula, 500), collapse = ""), deparse(random, 500),
                  if (!is.null(correlation)) deparse(correlation, 500),
                  if (!is.null(weights)) deparse(weights, 500))
    add(nlme_case(paste0(id, "-", tolower(m)), feature, data, opt(command, m, joint), fit, text, names_,
                  parts(fit)))
  }
}
# Covariance matrices of the random effects, by level.
covs <- function(fit) lapply(fit$modelStruct$reStruct, function(p) as.matrix(p) * fit$sigma^2)
re <- function(level, name, value) list(level, name, value)
int_of <- function(fit, level) list(re(level, "var(_cons)", covs(fit)[[level]][1, 1]))
cycle <- "mixed follicles sin1 cos1 || mare:, residuals(%s)"
horse <- function(name, feature, text, residual, correlation)
  one_lme(paste0("ovary-", name), c("nested", feature), "ovary", sprintf(cycle, text), follicles ~ sin1 + cos1,
          c("_cons", "sin1", "cos1"), function(fit) c(int_of(fit, "mare"), residual(fit)), quote(~ 1 | mare),
          correlation = correlation)
horse("ar1", "ar", "ar 1, t(time)", phis, quote(corAR1(0.3, form = ~ time | mare)))
horse("ar2", "ar", "ar 2, t(time)", phis, quote(corARMA(c(0.3, 0.1), form = ~ time | mare, p = 2)))
horse("ma1", "ma", "ma 1, t(time)", thetas, quote(corARMA(0.3, form = ~ time | mare, q = 1)))
horse("ma2", "ma", "ma 2, t(time)", thetas, quote(corARMA(c(0.3, 0.1), form = ~ time | mare, q = 2)))
horse("exponential", "exponential", "exponential, t(stime)", expo, quote(corCAR1(0.01, form = ~ stime | mare)))

one_lme("orthodont-by-independent", c("nested", "independent-by"), "orthodont",
        "mixed distance i.female##c.age || subject:, residuals(independent, by(female))",
        distance ~ female * age, growth,
        function(fit) { w <- weights_of(fit) * fit$sigma
          c(int_of(fit, "subject"), list(e("0:var(e)", w["0"]^2), e("1:var(e)", w["1"]^2))) },
        quote(~ 1 | subject), weights = quote(varIdent(form = ~ 1 | female)))
# by() of independent residuals need not be constant within groups
one_lme("orthodont-by-age", c("nested", "independent-by"), "orthodont",
        "mixed distance i.female##c.age || subject:, residuals(independent, by(age))",
        distance ~ female * age, growth,
        function(fit) { w <- weights_of(fit) * fit$sigma
          c(int_of(fit, "subject"), lapply(c(8, 10, 12, 14), function(a)
            e(paste0(a, ":var(e)"), w[as.character(a)]^2))) },
        quote(~ 1 | subject), weights = quote(varIdent(form = ~ 1 | age)))
three <- c("_cons", "2.diet", "3.diet", "time", "2.diet#c.time", "3.diet#c.time")
one_lme("bodyweight-exponential", c("nested", "exponential"), "bodyweight",
        "mixed weight i.diet##c.time || rat: time, cov(un) residuals(exponential, t(time))",
        weight ~ factor(diet) * time, three,
        function(fit) { G <- covs(fit)$rat
          c(list(re("rat", "var(time)", G[2, 2]), re("rat", "var(_cons)", G[1, 1]),
                 re("rat", "cov(time,_cons)", G[1, 2])), expo(fit)) },
        quote(~ time | rat), correlation = quote(corCAR1(0.5, form = ~ time | rat)))
# nlme wants random effects at the level of the correlation. The variance at `side` goes to zero, so that the
# likelihood is that of no effects there.
one_lme("pixel-exponential", c("nested", "exponential"), "pixel",
        "mixed pixel day c.day#c.day || dog: || side:, noconstant residuals(exponential, t(day))",
        pixel ~ day + I(day^2), c("_cons", "day", "c.day#c.day"),
        function(fit) { stopifnot(covs(fit)$side[1, 1] < 1e-4); c(int_of(fit, "dog"), expo(fit)) },
        quote(list(dog = ~ 1, side = ~ 1)), correlation = quote(corCAR1(0.5, form = ~ day | dog / side)))

# --- covariance structures of random effects ----------------------------------------------------------
machine <- c("_cons", "2.machine", "3.machine")
one_lme("machines-exchangeable", c("nested"), "machines",
        "mixed score i.machine || worker: m1 m2 m3, cov(exchangeable) noconstant",
        score ~ factor(machine), machine,
        function(fit) { G <- covs(fit)$worker
          list(re("worker", "var(m1,m2,m3)", G[1, 1]), re("worker", "cov(m1,m2,m3)", G[1, 2]),
               e("var(Residual)", sd2(fit))) },
        quote(list(worker = pdCompSymm(~ m1 + m2 + m3 - 1))))
one_lme("machines-independent", c("nested"), "machines",
        "mixed score i.machine || worker: m1 m2 m3, noconstant",
        score ~ factor(machine), machine,
        function(fit) { G <- covs(fit)$worker
          list(re("worker", "var(m1)", G[1, 1]), re("worker", "var(m2)", G[2, 2]),
               re("worker", "var(m3)", G[3, 3]), e("var(Residual)", sd2(fit))) },
        quote(list(worker = pdDiag(~ m1 + m2 + m3 - 1))))
one_lme("machines-unstructured", c("nested"), "machines",
        "mixed score i.machine || worker: m1 m2 m3, cov(unstructured) noconstant",
        score ~ factor(machine), machine,
        function(fit) { G <- covs(fit)$worker
          list(re("worker", "var(m1)", G[1, 1]), re("worker", "var(m2)", G[2, 2]),
               re("worker", "var(m3)", G[3, 3]), re("worker", "cov(m1,m2)", G[1, 2]),
               re("worker", "cov(m1,m3)", G[1, 3]), re("worker", "cov(m2,m3)", G[2, 3]),
               e("var(Residual)", sd2(fit))) },
        quote(list(worker = pdSymm(~ m1 + m2 + m3 - 1))))
one_lme("machines-block-diagonal", c("nested"), "machines",
        "mixed score i.machine || worker: m1 m2 m3, cov(identity) || worker:",
        score ~ factor(machine), machine,
        function(fit) { G <- covs(fit)$worker
          list(re("worker", "var(m1,m2,m3)", G[1, 1]), re("worker", "var(_cons)", G[4, 4]),
               e("var(Residual)", sd2(fit))) },
        quote(list(worker = pdBlocked(list(pdIdent(~ m1 + m2 + m3 - 1), pdIdent(~ 1))))), joint = ", ")
one_lme("oats-identity-slope", c("nested"), "oats",
        "mixed yield nitro i.variety || block: nitro, cov(identity)",
        yield ~ nitro + factor(variety), c("_cons", "nitro", "2.variety", "3.variety"),
        function(fit) list(re("block", "var(nitro,_cons)", covs(fit)$block[1, 1]), e("var(Residual)", sd2(fit))),
        quote(list(block = pdIdent(~ nitro))))
save_cases(cases, "nlme.json")
