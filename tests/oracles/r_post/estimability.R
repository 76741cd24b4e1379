# What data with cells without rows determine: emmeans of cells, all their pairs, contrasts of one factor and within
# another, joint tests of what can be estimated; and lmerTest's type III. Data are simulated here, and committed.
source("common.R")
suppressMessages({library(emmeans); library(lmerTest)})
emm_options(lmer.df = "asymptotic", lmerTest.limit = 1e5, pbkrtest.limit = 1e5)
set.seed(20240611)
full <- expand.grid(k = 1:2, a = 1:3, b = 0:1, c = 1:3, s = 1:12)
full$g <- 1 + (full$s > 6)                       # groups of subjects
full$t <- 2 * (full$g - 1) + 1 + (full$b == 1)   # treatments 1, 2 in group 1 and 3, 4 in group 2
full <- full[runif(nrow(full)) < 0.6, ]
full$x <- round(rnorm(nrow(full)), 3)
full$xa <- ifelse(full$a == 2, 1.5, full$x)      # the same everywhere where a is 2
full$w <- 2 * full$x + 3
u <- rnorm(12)
full$y <- round(with(full, 0.5 * a - 0.4 * b + 0.3 * c * (b == 1) + 0.2 * a * x + u[s] + rnorm(nrow(full), sd = 0.7)), 4)
write.csv(full[c("s", "a", "b", "c", "g", "t", "x", "xa", "w", "y")], "estimability.csv", row.names = FALSE)
for (v in c("s", "a", "b", "c", "g", "t")) full[[paste0("f", v)]] <- factor(full[[v]])

# name, rows, R's formula, the program's fixed part, factors of the cells, factors to contrast, what covariate slopes are of
designs <- list(
  list("one empty cell", "!(a == 1 & b == 1)", y ~ fa * fb, "i.a##i.b", c("a", "b")),
  list("an empty cell beside the base", "!(a == 3 & b == 0)", y ~ fa * fb, "i.a##i.b", c("a", "b")),
  list("two empty cells", "!(a == 1 & b == 1) & !(a == 3 & b == 0)", y ~ fa * fb, "i.a##i.b", c("a", "b")),
  list("two factors of three levels", "a != c", y ~ fa * fc, "i.a##i.c", c("a", "c")),
  list("main effects over empty cells", "a != c", y ~ fa + fc, "i.a i.c", c("a", "c")),
  list("parts that do not meet", "(a <= 2 & c <= 2) | (a == 3 & c == 3)", y ~ fa + fc, "i.a i.c", c("a", "c")),
  list("three factors", "!(a == 1 & b == 1 & c == 1) & !(a == 2 & b == 0 & c == 3) & !(a == 3 & b == 1 & c == 2)",
       y ~ fa * fb * fc, "i.a##i.b##i.c", c("a", "b", "c")),
  list("three factors, an empty margin", "!(a == 1 & b == 1)", y ~ fa * fb * fc, "i.a##i.b##i.c", c("a", "b", "c")),
  list("three factors without their last interaction", "!(a == 1 & b == 1) & !(b == 0 & c == 2)",
       y ~ (fa + fb + fc)^2, "i.a##i.b i.a##i.c i.b##i.c", c("a", "b", "c")),
  list("treatments in groups", "a > 0", y ~ fg * ft, "i.g##i.t", c("g", "t")),
  list("treatments in groups, by the interaction alone", "a > 0", y ~ fg + fg:ft, "i.g i.g#i.t", c("g", "t")),
  list("treatments in groups, crossed with another factor", "!(t == 1 & a == 2)", y ~ fg * ft + ft * fa,
       "i.g##i.t i.t##i.a", c("t", "a")),
  list("a covariate that is the same in one cell", "a > 0", y ~ fa * xa, "i.a##c.xa", "a", slope = "xa"),
  list("slopes over empty cells", "!(a == 1 & b == 1)", y ~ fa * fb * x, "i.a##i.b##c.x", c("a", "b"), slope = "x"),
  list("covariates that repeat one another", "a > 0", y ~ fa * x + w, "i.a##c.x c.w", "a", slope = "x"),
  list("a factor and its own values", "a > 0", y ~ a + fa + fb, "c.a i.a i.b", c("a", "b"))
)

# emmeans' own joint test, test(con, joint = TRUE), gives F to three decimals, and none where one contrast of several
# that cannot be estimated is left: the same from its estimable subspace
joint <- function(con) {
  L <- estimability::estble.subspace(con@linfct, con@nbasis)
  if (nrow(L) == 0) return(NULL)
  kept <- !is.na(con@bhat)
  L <- L[, kept, drop = FALSE]; b <- L %*% con@bhat[kept]; v <- eigen(L %*% con@V %*% t(L))
  keep <- v$values > 1e-9 * max(v$values)
  if (!any(keep) || max(v$values) < 1e-12) return(list(df = 0))
  r <- list(chi2 = sum((t(v$vectors[, keep, drop = FALSE]) %*% b)^2 / v$values[keep]), df = sum(keep))
  own <- as.data.frame(test(con, joint = TRUE))
  stopifnot(is.na(own$F.ratio) || (r$df == own$df1 && abs(r$chi2 / r$df - own$F.ratio) < 2e-3))
  r
}
estimates <- function(con) {
  s <- as.data.frame(summary(con, adjust = "none"))
  setNames(lapply(seq_len(nrow(s)), function(i)
    if (is.na(s$SE[i])) NULL else list(estimate = as.numeric(s$estimate[i]), se = s$SE[i])), as.character(s$contrast))
}
# e holds the cells of the factors, the first fastest; names with the last fastest, as the program writes them
analyse <- function(e, factors) {
  grid <- as.data.frame(e@grid)[paste0("f", factors)]
  names <- do.call(paste, c(lapply(grid, as.character), sep = "#"))
  order <- do.call(order, unname(lapply(grid, function(v) as.numeric(as.character(v)))))
  k <- nrow(grid)
  unit <- function(i) as.numeric(seq_len(k) == i)
  cells <- setNames(lapply(seq_len(k), unit), names)
  pairs <- list()
  for (i in seq_len(k)) for (j in seq_len(k)) if (i < j)
    pairs[[paste(names[order[j]], "vs", names[order[i]])]] <- unit(order[j]) - unit(order[i])
  out <- list(cells = estimates(contrast(e, cells)), pairs = estimates(contrast(e, pairs)))
  levels <- lapply(grid, function(v) as.character(sort(unique(as.numeric(as.character(v))))))
  # differences from the first level, averaged over the other factors, and within each cell of them
  for (f in seq_along(factors)) {
    main <- list(); within <- list()
    others <- setdiff(seq_along(factors), f)
    place <- if (length(others)) do.call(paste, c(lapply(grid[others], as.character), sep = "#")) else rep("", k)
    for (v in levels[[f]][-1]) {
      d <- (grid[[f]] == v) - (grid[[f]] == levels[[f]][1])
      main[[sprintf("(%s vs %s)", v, levels[[f]][1])]] <- d / length(unique(place))
      for (p in unique(place)) within[[trimws(sprintf("(%s vs %s) %s", v, levels[[f]][1], p))]] <- d * (place == p)
    }
    out$main[[factors[f]]] <- list(rows = estimates(contrast(e, main)), joint = joint(contrast(e, main)))
    out$within[[factors[f]]] <- list(by = factors[others], rows = estimates(contrast(e, within)),
                                     joint = joint(contrast(e, within)))
  }
  if (length(factors) > 1) {
    spans <- lapply(seq_along(factors), function(f) { m <- outer(levels[[f]][-1], grid[[f]], "==") * 1
                                                      sweep(m, 2, (grid[[f]] == levels[[f]][1]) * 1) })
    combos <- Reduce(function(a, b) do.call(rbind, lapply(seq_len(nrow(a)), function(i) sweep(b, 2, a[i, ], "*"))), spans)
    out$interaction <- list(joint = joint(contrast(e, lapply(seq_len(nrow(combos)), function(i) combos[i, ]))))
  }
  out
}

out <- list()
for (design in designs) {
  d <- droplevels(subset(full, eval(parse(text = design[[2]]))))
  assign("d", d, envir = .GlobalEnv)
  fit <- tight(update(design[[3]], . ~ . + (1 | fs)), d, TRUE)
  factors <- design[[5]]
  at <- list(x = 0, xa = 0, w = 0)
  if (any(design[[4]] == "c.a i.a i.b")) at$a <- 0
  e <- emmeans(fit, paste0("f", factors), at = at, nesting = NULL)
  found <- list(rows = design[[2]], fixed = design[[4]], factors = I(factors), ll = as.numeric(logLik(fit)))
  found <- c(found, analyse(e, factors))
  if (!is.null(design$slope))
    found$slopes <- c(of = design$slope, analyse(emtrends(fit, paste0("f", factors), var = design$slope, at = at,
                                                          nesting = NULL), factors)[c("cells", "pairs")])
  III <- as.data.frame(suppressMessages(anova(as_lmerModLmerTest(fit), type = 3)))
  found$typeIII <- lapply(setNames(seq_len(nrow(III)), gsub("\\bf(?=[abcgt]\\b)", "", rownames(III), perl = TRUE)),
                          function(i) list(chi2 = III[i, "F value"] * III[i, "NumDF"], df = III[i, "NumDF"]))
  # the mean of a group over its own treatments
  if (design[[4]] == "i.g i.g#i.t") found$nested <- list(g = joint(pairs(emmeans(fit, "fg", nesting = "ft %in% fg"))))
  out[[design[[1]]]] <- found
}
save_results(out, "estimability.json")
