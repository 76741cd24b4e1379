# Shared by the oracle scripts: tight fits, and results in the shape that the tests read.
suppressMessages({library(jsonlite); library(numDeriv); library(nlme); library(lme4)})

data_of <- function(name) read.csv(file.path("data", paste0(name, ".csv")))

save_cases <- function(cases, file) {
  # residual structures share names with those of random effects
  shapes <- c("ar", "ma", "exchangeable", "unstructured", "banded", "toeplitz", "exponential", "by", "independent-by")
  cases <- lapply(cases, function(x) {
    f <- as.character(x$features)
    x$features <- I(ifelse(f %in% shapes, paste0("residuals-", f), f))
    x
  })
  packages <- c("nlme", "lme4", "glmmTMB", "lmerTest", "pbkrtest", "emmeans", "clubSandwich")
  versions <- lapply(setNames(nm = packages), function(p) as.character(packageVersion(p)))
  # One case a line, so that a change of one shows as one line.
  json <- function(x) toJSON(x, auto_unbox = TRUE, digits = NA, null = "null", na = "null")
  write(c(sprintf('{"R": %s, "packages": %s, "cases": [', json(R.version.string), json(versions)),
          paste(vapply(cases, json, ""), collapse = ",\n"), "]}"), file)
}

# --- lme4 -----------------------------------------------------------------------------------------------
# lme4 stops when the deviance stops falling, which leaves some six digits of theta. Newton steps on its own
# deviance function with Richardson derivatives carry an interior optimum to full precision.
tight <- function(formula, data, reml) {
  form <- lFormula(formula, data, REML = reml,
                   control = lmerControl(check.conv.singular = "ignore"))
  dev <- do.call(mkLmerDevfun, form)
  opt <- optimizeLmer(dev, optimizer = "bobyqa", control = list(rhoend = 1e-10, maxfun = 1e5))
  theta <- opt$par
  for (i in 1:6) {
    step <- solve(hessian(dev, theta), grad(dev, theta))
    if (max(abs(step)) > 1e-2) break
    theta <- theta - step
    if (max(abs(step)) < 1e-11) break
  }
  opt$par <- theta
  opt$fval <- dev(theta)
  fit <- mkMerMod(environment(dev), opt, form$reTrms, fr = form$fr)
  fit@call <- call("lmer", formula = formula, data = as.name("d"), REML = reml)
  fit
}

# A term of the random part as the program prints it: which level, which columns of lme4's covariance matrix
# in which order, under which labels, and whether covariances are printed.
term <- function(group, level, columns = "(Intercept)", labels = "_cons", cov = length(columns) > 1)
  list(group = group, level = level, columns = columns, labels = labels, cov = cov)

natural <- function(G, t) {
  G <- as.matrix(G)[t$columns, t$columns, drop = FALSE]
  out <- diag(G)
  names(out) <- paste0("var(", t$labels, ")")
  q <- length(t$columns)
  if (t$cov && q > 1) for (i in 1:(q - 1)) for (j in (i + 1):q)
    out[paste0("cov(", t$labels[i], ",", t$labels[j], ")")] <- G[i, j]
  out
}

lme4_random <- function(fit, terms) {
  vc <- VarCorr(fit)
  value <- unlist(lapply(terms, function(t) natural(vc[[t$group]], t)))
  level <- unlist(lapply(terms, function(t) rep(t$level, length(natural(vc[[t$group]], t)))))
  name <- unlist(lapply(terms, function(t) names(natural(vc[[t$group]], t))))
  list(level = c(level, "Residual"), name = c(name, "var(Residual)"), value = unname(c(value, sigma(fit)^2)))
}

# Standard errors of the variances: the Hessian of the deviance with only the fixed effects profiled out,
# in (theta, sigma), as lmerTest has it; then the delta method.
lme4_random_se <- function(fit, terms) {
  full <- lmerTest::as_lmerModLmerTest(fit)
  V <- full@vcov_varpar
  # Columns of theta make the relative covariance factors, in the order of getME(fit, "cnms").
  cnms <- getME(fit, "cnms")
  names(cnms) <- make.unique(names(cnms))
  change <- function(par) {
    sigma <- par[length(par)]
    at <- 0
    vc <- lapply(cnms, function(n) {
      q <- length(n); L <- matrix(0, q, q)
      L[lower.tri(L, diag = TRUE)] <- par[at + seq_len(q * (q + 1) / 2)]
      at <<- at + q * (q + 1) / 2
      G <- sigma^2 * L %*% t(L); dimnames(G) <- list(n, n); G
    })
    c(unlist(lapply(terms, function(t) natural(vc[[t$group]], t))), sigma^2)
  }
  par <- unname(c(getME(fit, "theta"), sigma(fit)))
  stopifnot(max(abs(change(par) / lme4_random(fit, terms)$value - 1)) < 1e-8)
  J <- jacobian(change, par)
  sqrt(diag(J %*% V %*% t(J)))
}

fixed_part <- function(names_, coef, vcov, order) {
  coef <- unname(coef)[order]
  V <- unname(as.matrix(vcov))[order, order, drop = FALSE]
  list(terms = I(names_[order]), coef = I(coef), se = I(sqrt(diag(V))), vcov = V)
}

# `names_` are the coefficient names of the program in R's order. R puts the constant first, the program last; in
# an interaction of factors the first factor runs fastest in R and slowest in the program.
last_constant <- function(names_) {
  at <- which(names_ != "_cons")
  crossed <- grep("^[0-9]+\\.\\w+#[0-9]+\\.\\w+$", names_[at])
  at[crossed] <- at[crossed][order(names_[at[crossed]])]
  c(at, which(names_ == "_cons"))
}

lme4_effects <- function(fit, terms) {
  re <- ranef(fit, condVar = TRUE)
  lapply(terms, function(t) {
    r <- re[[t$group]]
    pv <- attr(r, "postVar")
    if (is.list(pv)) pv <- NULL
    at <- match(t$columns, names(r))
    se <- if (!is.null(pv)) t(apply(pv, 3, function(m) sqrt(diag(as.matrix(m)))[at])) else NULL
    if (!is.null(se) && length(at) == 1) se <- matrix(se, ncol = 1)
    list(level = t$level, labels = I(t$labels), group = I(rownames(r)),
         value = unname(as.matrix(r[, at, drop = FALSE])), cond_se = unname(se))
  })
}

lme4_case <- function(id, features, data, command, formula, names_, terms, reml = FALSE, se = TRUE,
                      effects = TRUE) {
  d <- data_of(data)
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(formula, d, reml)
  random <- lme4_random(fit, terms)
  list(id = id, features = I(features), data = data, command = command, reml = reml,
       call = paste("lme4::lmer:", paste(deparse(formula, 500), collapse = "")),
       n = nobs(fit), ll = as.numeric(logLik(fit)), df = attr(logLik(fit), "df"),
       fixed = fixed_part(names_, fixef(fit), vcov(fit), last_constant(names_)),
       random = list(level = I(random$level), name = I(random$name), estimate = I(random$value),
                     se = if (se) I(lme4_random_se(fit, terms)) else NULL),
       effects = if (effects) lme4_effects(fit, terms) else NULL)
}

# --- nlme -----------------------------------------------------------------------------------------------
lme_tight <- lmeControl(maxIter = 500, msMaxIter = 2000, msMaxEval = 5000, niterEM = 100, tolerance = 1e-12,
                        msTol = 1e-14, opt = "nlminb", sing.tol = 1e-18)
gls_tight <- glsControl(maxIter = 500, msMaxIter = 2000, tolerance = 1e-12, msTol = 1e-14, opt = "nlminb")

# gls scales its covariance by n/(n - p) under ML; the definition (X'V^-1X)^-1 does not.
gls_vcov <- function(fit) {
  n <- fit$dims$N; p <- fit$dims$p
  fit$varBeta * if (fit$method == "ML") (n - p) / n else 1
}

nlme_case <- function(id, features, data, command, fit, call, names_, random) {
  reml <- fit$method == "REML"
  coef <- if (inherits(fit, "lme")) fixef(fit) else coef(fit)
  list(id = id, features = I(features), data = data, command = command, reml = reml, call = call,
       n = fit$dims$N,
       ll = as.numeric(logLik(fit)), df = attr(logLik(fit), "df"), tolerance = list(estimate = 2e-4, se = 2e-3),
       fixed = fixed_part(names_, coef, if (inherits(fit, "lme")) fit$varFix else gls_vcov(fit),
                          last_constant(names_)),
       random = list(level = I(vapply(random, `[[`, "", 1)), name = I(vapply(random, `[[`, "", 2)),
                     estimate = I(vapply(random, function(r) as.numeric(r[[3]]), 0))))
}
