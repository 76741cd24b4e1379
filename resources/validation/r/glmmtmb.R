# glmmTMB: standard errors of variance and residual parameters from its Laplace-exact Hessian, in which the
# fixed effects are profiled (ML) or integrated (REML), with derivatives by automatic differentiation.
source("common.R")
suppressWarnings(suppressMessages(library(glmmTMB)))

us <- function(theta, q) {   # log SDs, then the lower triangle of a unit factor that is scaled to correlations
  L <- diag(q); L[lower.tri(L)] <- 0
  k <- q
  for (i in seq_len(q)[-1]) for (j in seq_len(i - 1)) { k <- k + 1; L[i, j] <- theta[k] }
  C <- cov2cor(L %*% t(L))
  D <- diag(exp(theta[seq_len(q)]), q)
  D %*% C %*% D
}

cases <- list()
# `change` takes (theta, betad) to the natural parameters in the order of the program's table.
add <- function(id, features, data, command, formula, names_, level, name, change, dispersion = ~ 1) {
  d <- data_of(data)
  d$slot <- if (!is.null(d$time)) factor(d$time) else NULL
  if (!is.null(d$time)) d$place <- numFactor(d$time)
  # Without dispersion glmmTMB leaves a nugget that spoils its REML Hessian and its covariance of the fixed
  # effects; the ML Hessian of the variance parameters keeps three digits.
  nugget <- deparse(dispersion) == "~0"
  for (reml in if (nugget) FALSE else c(FALSE, TRUE)) {
    fit <- glmmTMB(formula, d, REML = reml, dispformula = dispersion,
                   control = glmmTMBControl(optCtrl = list(iter.max = 1e4, eval.max = 1e4, rel.tol = 1e-15,
                                                           x.tol = 1e-12)))
    # Newton steps on the outer parameters, as for lme4
    obj <- fit$obj
    par <- fit$fit$par
    for (i in 1:5) {
      H <- optimHess(par, obj$fn, obj$gr, control = list(ndeps = rep(1e-4, length(par))))
      step <- solve(H, as.vector(obj$gr(par)))
      par <- par - step
      if (max(abs(step)) < 1e-9) break
    }
    H <- jacobian(function(x) as.vector(obj$gr(x)), par)
    H <- (H + t(H)) / 2
    outer <- names(par) %in% c("theta", "betad")
    V <- solve(H)[outer, outer]
    J <- jacobian(change, par[outer])
    fixed <- summary(fit)$coefficients$cond
    vc <- as.matrix(vcov(fit)$cond)
    joint <- if (grepl(",", sub(".*\\|\\|", "", command))) " reml" else ", reml"
    cases[[length(cases) + 1]] <<- list(
      id = paste0(id, if (reml) "-reml" else "-ml"), features = I(features), data = data,
      command = if (reml) paste0(command, joint) else command, reml = reml,
      call = paste("glmmTMB:", paste(deparse(formula, 500), collapse = "")), n = nrow(d),
      ll = -as.numeric(obj$fn(par)),
      fixed = if (nugget) fixed_part(names_, fixed[, 1], vc, last_constant(names_))[c("terms", "coef")]
              else fixed_part(names_, fixed[, 1], vc, last_constant(names_)),
      tolerance = if (nugget) list(estimate = 2e-4, se = 2e-3) else list(estimate = 1e-5, se = 1e-5),
      random = list(level = I(level), name = I(name), estimate = I(change(unname(par[outer]))),
                    se = I(sqrt(diag(J %*% V %*% t(J))))))
  }
}
add("tmb-sleepstudy-slope", "nested", "sleepstudy", "mixed reaction days || subject: days, cov(un)",
    reaction ~ days + us(1 + days | subject), c("_cons", "days"),
    c(rep("subject", 3), "Residual"), c("var(days)", "var(_cons)", "cov(days,_cons)", "var(Residual)"),
    function(p) { G <- us(p[2:4], 2); c(G[2, 2], G[1, 1], G[1, 2], exp(p[1])) })
add("tmb-penicillin-crossed", "crossed", "penicillin", "mixed diameter || _all: R.sample || plate:",
    diameter ~ 1 + (1 | sample) + (1 | plate), "_cons", c("_all", "plate", "Residual"),
    c("var(R.sample)", "var(_cons)", "var(Residual)"), function(p) c(exp(2 * p[2]), exp(2 * p[3]), exp(p[1])))
add("tmb-ovary-ar1", c("nested", "ar"), "ovary",
    "mixed follicles sin1 cos1 || mare:, residuals(ar 1, t(time))",
    follicles ~ sin1 + cos1 + (1 | mare) + ar1(0 + slot | mare), c("_cons", "sin1", "cos1"),
    c("mare", "Residual", "Residual"), c("var(_cons)", "rho", "var(e)"),
    function(p) c(exp(2 * p[1]), p[3] / sqrt(1 + p[3]^2), exp(2 * p[2])), dispersion = ~ 0)
add("tmb-orthodont-unstructured", "unstructured", "orthodont_gaps",
    "mixed distance i.female##c.age || subject:, noconstant residuals(unstructured, t(time))",
    distance ~ female * age + us(0 + slot | subject), c("_cons", "1.female", "age", "1.female#c.age"),
    rep("Residual", 10), c(paste0("var(e", 1:4, ")"), "cov(e1,e2)", "cov(e1,e3)", "cov(e1,e4)", "cov(e2,e3)",
                           "cov(e2,e4)", "cov(e3,e4)"),
    function(p) { G <- us(p, 4); c(diag(G), G[lower.tri(G)]) }, dispersion = ~ 0)
add("tmb-orthodont-exponential", "exponential", "orthodont_gaps",
    "mixed distance i.female##c.age || subject:, noconstant residuals(exponential, t(time))",
    distance ~ female * age + ou(0 + place | subject), c("_cons", "1.female", "age", "1.female#c.age"),
    rep("Residual", 2), c("rho", "var(e)"), function(p) c(exp(-exp(p[2])), exp(2 * p[1])), dispersion = ~ 0)
save_cases(cases, "glmmtmb.json")
