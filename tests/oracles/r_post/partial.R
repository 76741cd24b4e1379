# Partial residuals beneath predictions of lme4, by their definition (Fox & Weisberg 2018) and in the way of
# ggeffects::residualize_over_grid: each row at the value of the grid that is nearest to its own, with the prediction
# there plus its conditional residual. ggeffects itself is not needed.
folder <- getwd()
setwd(file.path("..", "..", "..", "resources", "validation", "r"))
source("common.R")
near <- function(x, grid) sapply(x, function(v) grid[which.min(abs(v - grid))])

o <- data_of("orthodont")
o$f <- factor(o$female)
m <- tight(distance ~ age * f + I(age^2) + (1 | subject), o, TRUE)
grid <- c(8, 11, 14)
at_grid <- predict(m, transform(o, age = near(age, grid)), re.form = NA) + residuals(m)
own <- predict(m, o, re.form = NA) + residuals(m)

h <- data_of("hsb")
h <- h[h$school %in% unique(h$school)[1:25], ]
h$f <- factor(h$female)
n <- tight(mathach ~ ses * meanses + f + (1 | school), h, TRUE)
held <- c(-0.5, 0, 0.5)
reference <- transform(h, meanses = near(meanses, held), f = factor(0, levels = c(0, 1)))
mean_reference <- predict(n, reference, re.form = NA) + residuals(n)
observed <- sapply(seq_len(nrow(h)), function(i)
  mean(predict(n, transform(h, ses = h$ses[i], meanses = near(h$meanses[i], held)), re.form = NA))) + residuals(n)

# regions of significance: the slope of x is b1 + b3 m, by vcov(lmer), with the normal distribution
b <- fixef(n); V <- as.matrix(vcov(n)); x <- "ses"; i <- "ses:meanses"
bounds <- function(crit) {
  p <- c(b[x]^2 - crit^2 * V[x, x], 2 * (b[x] * b[i] - crit^2 * V[x, i]), b[i]^2 - crit^2 * V[i, i])
  r <- polyroot(p)
  sort(Re(r[abs(Im(r)) < 1e-8]))
}
r <- range(h$meanses)
v <- seq(r[1], r[2], length.out = 1001)
p <- 2 * pnorm(-abs((b[x] + b[i] * v) / sqrt(V[x, x] + 2 * v * V[x, i] + v^2 * V[i, i])))
k <- max(c(0, which(sort(p) <= 0.05 * seq_along(p) / length(p))))
fdr <- qnorm(1 - 0.05 * max(k, 1) / length(p) / 2)
setwd(folder)
write(toJSON(list(R = R.version.string, packages = list(lme4 = as.character(packageVersion("lme4"))), results = list(
  orthodont = list(grid = unname(at_grid), own = unname(own)),
  hsb = list(schools = unique(h$school), mean_reference = unname(mean_reference), observed = unname(observed),
             bounds = bounds(qnorm(0.975)), critical = fdr, fdr_bounds = bounds(fdr))
)), auto_unbox = TRUE, digits = NA, pretty = FALSE), "partial.json")
