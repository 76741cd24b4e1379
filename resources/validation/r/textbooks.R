# Models of textbooks and vignettes, fitted by lme and lmer to the data that R ships. `source` says where a model is
# from; all numbers are R's own.
source("common.R")

cases <- list()
add <- function(id, source, case) {
  case$source <- source
  cases[[length(cases) + 1]] <<- case
}
# orthodont_11 and hsb_cses are orthodont and hsb with a column more, as in ../rcases.py
data_of <- local({ plain <- data_of; function(name) switch(name,
  orthodont_11 = transform(plain("orthodont"), age11 = age - 11),
  hsb_cses = transform(plain("hsb"), cses = ses - ave(ses, school)),
  plain(name)) })
covs <- function(fit) lapply(fit$modelStruct$reStruct, function(p) as.matrix(p) * fit$sigma^2)
slope <- function(group, x, level = group) term(group, level, c(x, "(Intercept)"), c(x, "_cons"))
PB <- "Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS"
BATES <- "Bates, Mächler, Bolker & Walker (2015), Journal of Statistical Software 67(1)"
LME4 <- "Bates (2010), lme4: Mixed-effects modeling with R"
RB <- "Raudenbush & Bryk (2002), Hierarchical Linear Models, chapter 4"
SINGER <- "Singer (1998), Journal of Educational and Behavioral Statistics 23(4)"

by_lmer <- function(id, source, data, command, formula, names_, terms, feature = "nested")
  add(id, source, lme4_case(id, feature, data, command, formula, names_, terms, reml = TRUE, effects = FALSE))
by_lme <- function(id, source, feature, data, command, formula, names_, parts, random, correlation = NULL,
                   weights = NULL) {
  assign("d", data_of(data), envir = .GlobalEnv)
  args <- list(formula, data = d, random = random, method = "REML", control = lme_tight)
  args$correlation <- correlation
  args$weights <- weights
  fit <- do.call(lme, args)
  text <- paste("nlme::lme:", paste(deparse(formula, 500), collapse = ""))
  add(id, source, nlme_case(id, c("nested", feature), data, command, fit, text, names_, parts(fit)))
}
e <- function(name, value) list("Residual", name, value)

# --- Pinheiro and Bates ---------------------------------------------------------------------------------
by_lmer("orthodont-age", PB, "orthodont", "mixed distance age || subject: age, cov(unstructured) reml",
        distance ~ age + (age | subject), c("_cons", "age"), list(slope("subject", "age")))
by_lmer("orthodont-sex", PB, "orthodont", "mixed distance age i.female || subject:, reml",
        distance ~ age + female + (1 | subject), c("_cons", "age", "1.female"), list(term("subject", "subject")))
by_lme("orthodont-heteroscedastic", PB, "independent-by", "orthodont_11",
       paste("mixed distance i.female##c.age11 || subject: age11, cov(unstructured) reml",
             "residuals(independent, by(female))"),
       distance ~ female * age11, c("_cons", "1.female", "age11", "1.female#c.age11"),
       function(fit) {
         G <- covs(fit)$subject
         w <- coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE) * fit$sigma
         list(list("subject", "var(age11)", G[2, 2]), list("subject", "var(_cons)", G[1, 1]),
              list("subject", "cov(age11,_cons)", G[1, 2]), e("0:var(e)", w["0"]^2), e("1:var(e)", w["1"]^2))
       }, list(subject = ~ age11), weights = varIdent(form = ~ 1 | female))
machine <- c("_cons", "2.machine", "3.machine")
by_lmer("machines-worker", PB, "machines", "mixed score i.machine || worker:, reml",
        score ~ factor(machine) + (1 | worker), machine, list(term("worker", "worker")))
by_lmer("machines-nested", PB, "machines", "mixed score i.machine || worker: || machine:, reml",
        score ~ factor(machine) + (1 | worker) + (1 | worker:machine), machine,
        list(term("worker", "worker"), term("worker:machine", "machine")))
by_lmer("machines-unstructured", PB, "machines",
        "mixed score i.machine || worker: m1 m2 m3, noconstant cov(unstructured) reml",
        score ~ factor(machine) + (0 + m1 + m2 + m3 | worker), machine,
        list(term("worker", "worker", c("m1", "m2", "m3"), c("m1", "m2", "m3"))))
by_lmer("oats", PB, "oats", "mixed yield nitro || block: || variety:, reml",
        yield ~ nitro + (1 | block) + (1 | block:variety), c("_cons", "nitro"),
        list(term("block", "block"), term("block:variety", "variety")))
by_lmer("pixel", PB, "pixel", "mixed pixel day c.day#c.day || dog: day, cov(unstructured) || side:, reml",
        pixel ~ day + I(day^2) + (day | dog) + (1 | dog:side), c("_cons", "day", "c.day#c.day"),
        list(slope("dog", "day"), term("dog:side", "side")))
by_lmer("bodyweight", PB, "bodyweight", "mixed weight i.diet##c.time || rat: time, cov(unstructured) reml",
        weight ~ factor(diet) * time + (time | rat),
        c("_cons", "2.diet", "3.diet", "time", "2.diet#c.time", "3.diet#c.time"), list(slope("rat", "time")))
by_lmer("ovary", PB, "ovary", "mixed follicles sin1 cos1 || mare: sin1, reml",
        follicles ~ sin1 + cos1 + (0 + sin1 | mare) + (1 | mare), c("_cons", "sin1", "cos1"),
        list(term("mare", "mare", "sin1", "sin1"), term("mare.1", "mare")))
by_lme("ovary-ar1", PB, "ar", "ovary", "mixed follicles sin1 cos1 || mare: sin1, reml residuals(ar 1, t(time))",
       follicles ~ sin1 + cos1, c("_cons", "sin1", "cos1"),
       function(fit) {
         G <- covs(fit)$mare
         list(list("mare", "var(sin1)", G[2, 2]), list("mare", "var(_cons)", G[1, 1]),
              e("rho", coef(fit$modelStruct$corStruct, unconstrained = FALSE)), e("var(e)", fit$sigma^2))
       }, list(mare = pdDiag(~ sin1)), correlation = corAR1(0.3, form = ~ time | mare))

# --- lme4 -----------------------------------------------------------------------------------------------
by_lmer("sleepstudy", BATES, "sleepstudy", "mixed reaction days || subject: days, cov(unstructured) reml",
        reaction ~ days + (days | subject), c("_cons", "days"), list(slope("subject", "days")))
by_lmer("sleepstudy-independent", BATES, "sleepstudy", "mixed reaction days || subject: days, reml",
        reaction ~ days + (0 + days | subject) + (1 | subject), c("_cons", "days"),
        list(term("subject", "subject", "days", "days"), term("subject.1", "subject")))
by_lmer("penicillin", LME4, "penicillin", "mixed diameter || _all: R.plate || _all: R.sample, reml",
        diameter ~ 1 + (1 | plate) + (1 | sample), "_cons",
        list(term("plate", "_all", labels = "R.plate"), term("sample", "_all", labels = "R.sample")), "crossed")
by_lmer("pastes", LME4, "pastes", "mixed strength || batch: || sample:, reml",
        strength ~ 1 + (1 | batch) + (1 | batch:sample), "_cons",
        list(term("batch", "batch"), term("batch:sample", "sample")))

# --- High School and Beyond: ses about the mean of a school, as cses ------------------------------------
hsb <- function(id, source, command, formula, names_, terms)
  by_lmer(id, source, "hsb_cses", command, formula, names_, terms)
school <- list(term("school", "school"))
slopes <- list(slope("school", "cses"))
hsb("hsb-unconditional", RB, "mixed mathach || school:, reml", mathach ~ 1 + (1 | school), "_cons", school)
hsb("hsb-means-as-outcomes", RB, "mixed mathach meanses || school:, reml", mathach ~ meanses + (1 | school),
    c("_cons", "meanses"), school)
hsb("hsb-random-coefficients", RB, "mixed mathach cses || school: cses, cov(unstructured) reml",
    mathach ~ cses + (cses | school), c("_cons", "cses"), slopes)
hsb("hsb-slopes-as-outcomes", RB,
    "mixed mathach meanses i.sector cses c.meanses#c.cses i.sector#c.cses || school: cses, cov(unstructured) reml",
    mathach ~ meanses + sector + cses + meanses:cses + sector:cses + (cses | school),
    c("_cons", "meanses", "1.sector", "cses", "c.meanses#c.cses", "1.sector#c.cses"), slopes)
hsb("hsb-slopes-not-random", SINGER,
    "mixed mathach meanses i.sector cses c.meanses#c.cses i.sector#c.cses || school:, reml",
    mathach ~ meanses + sector + cses + meanses:cses + sector:cses + (1 | school),
    c("_cons", "meanses", "1.sector", "cses", "c.meanses#c.cses", "1.sector#c.cses"), school)
save_cases(cases, "textbooks.json")
