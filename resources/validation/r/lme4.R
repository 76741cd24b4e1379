# lmer fits, ML and REML, with SEs of the variances by the delta method and conditional SDs of the effects.
source("common.R")
twice <- function(id, features, data, command, ...) {
  joint <- if (grepl(",[^()]*$", sub(".*\\|\\|", "", gsub("\\([^()]*\\)", "", command)))) " reml" else ", reml"
  list(lme4_case(paste0(id, "-ml"), features, data, command, ..., reml = FALSE),
       lme4_case(paste0(id, "-reml"), features, data, paste0(command, joint), ..., reml = TRUE))
}
slope <- function(group, x, label = x) term(group, group, c(x, "(Intercept)"), c(label, "_cons"))

cases <- c(
  twice("sleepstudy-intercept", "nested", "sleepstudy", "mixed reaction days || subject:",
        reaction ~ days + (1 | subject), c("_cons", "days"), list(term("subject", "subject"))),
  twice("sleepstudy-slope", "nested", "sleepstudy", "mixed reaction days || subject: days, cov(un)",
        reaction ~ days + (days | subject), c("_cons", "days"), list(slope("subject", "days"))),
  twice("sleepstudy-independent", "nested", "sleepstudy", "mixed reaction days || subject: days",
        reaction ~ days + (0 + days | subject) + (1 | subject), c("_cons", "days"),
        list(term("subject", "subject", "days", "days"), term("subject.1", "subject")), effects = FALSE),
  twice("orthodont-slope", "nested", "orthodont",
        "mixed distance i.female##c.age || subject: age, cov(un)",
        distance ~ female * age + (age | subject), c("_cons", "1.female", "age", "1.female#c.age"),
        list(slope("subject", "age"))),
  twice("hsb-null", "nested", "hsb", "mixed mathach || school:",
        mathach ~ 1 + (1 | school), "_cons", list(term("school", "school")), effects = FALSE),
  twice("hsb-slope", "nested", "hsb", "mixed mathach ses || school: ses, cov(un)",
        mathach ~ ses + (ses | school), c("_cons", "ses"), list(slope("school", "ses")), effects = FALSE),
  twice("hsb-context", "nested", "hsb", "mixed mathach ses meanses i.sector i.female || school: female, cov(un)",
        mathach ~ ses + meanses + sector + female + (female | school),
        c("_cons", "ses", "meanses", "1.sector", "1.female"), list(slope("school", "female")),
        effects = FALSE),
  twice("machines-nested", "nested", "machines", "mixed score i.machine || worker: || machine:",
        score ~ factor(machine) + (1 | worker) + (1 | worker:machine), c("_cons", "2.machine", "3.machine"),
        list(term("worker", "worker"), term("worker:machine", "machine"))),
  twice("oats-split-plot", "nested", "oats", "mixed yield nitro i.variety || block: || variety:",
        yield ~ nitro + factor(variety) + (1 | block) + (1 | block:variety),
        c("_cons", "nitro", "2.variety", "3.variety"),
        list(term("block", "block"), term("block:variety", "variety"))),
  twice("pastes-nested", "nested", "pastes", "mixed strength || batch: || cask:",
        strength ~ 1 + (1 | batch) + (1 | batch:cask), "_cons",
        list(term("batch", "batch"), term("batch:cask", "cask"))),
  twice("cake-factorial", "nested", "cake",
        "mixed angle i.recipe##i.temperature || replicate: || recipe:",
        angle ~ factor(recipe) * factor(temperature) + (1 | replicate) + (1 | replicate:recipe),
        c("_cons", "2.recipe", "3.recipe", paste0(2:6, ".temperature"),
          c(rbind(paste0("2.recipe#", 2:6, ".temperature"), paste0("3.recipe#", 2:6, ".temperature")))),
        list(term("replicate", "replicate"), term("replicate:recipe", "recipe"))),
  twice("pixel-three-level", "nested", "pixel",
        "mixed pixel day c.day#c.day || dog: day, cov(un) || side:",
        pixel ~ day + I(day^2) + (day | dog) + (1 | dog:side), c("_cons", "day", "c.day#c.day"),
        list(slope("dog", "day"), term("dog:side", "side"))),
  twice("bodyweight-slope", "nested", "bodyweight", "mixed weight i.diet##c.time || rat: time, cov(un)",
        weight ~ factor(diet) * time + (time | rat),
        c("_cons", "2.diet", "3.diet", "time", "2.diet#c.time", "3.diet#c.time"), list(slope("rat", "time"))),
  twice("ovary-slope", "nested", "ovary", "mixed follicles sin1 cos1 || mare: sin1",
        follicles ~ sin1 + cos1 + (0 + sin1 | mare) + (1 | mare), c("_cons", "sin1", "cos1"),
        list(term("mare", "mare", "sin1", "sin1"), term("mare.1", "mare")), effects = FALSE),
  twice("penicillin-crossed", "crossed", "penicillin", "mixed diameter || _all: R.sample || plate:",
        diameter ~ 1 + (1 | sample) + (1 | plate), "_cons",
        list(term("sample", "_all", labels = "R.sample"), term("plate", "plate"))),
  twice("penicillin-both-crossed", "crossed", "penicillin",
        "mixed diameter || _all: R.sample || _all: R.plate",
        diameter ~ 1 + (1 | sample) + (1 | plate), "_cons",
        list(term("sample", "_all", labels = "R.sample"), term("plate", "_all", labels = "R.plate"))),
  twice("insteval-crossed", "crossed", "insteval",
        "mixed y i.service || _all: R.d || _all: R.dept || s:",
        y ~ service + (1 | d) + (1 | dept) + (1 | s), c("_cons", "1.service"),
        list(term("d", "_all", labels = "R.d"), term("dept", "_all", labels = "R.dept"), term("s", "s")),
        effects = FALSE)
)
# lme4 warns of a singular fit here: the likelihood is what can be compared.
cases <- c(cases, list(
  lme4_case("hsb-boundary", "boundary", "hsb", "mixed mathach c.ses##i.sector || school: ses, cov(un)",
            mathach ~ ses * sector + (ses | school), c("_cons", "ses", "1.sector", "1.sector#c.ses"),
            list(slope("school", "ses")), se = FALSE, effects = FALSE)))
save_cases(cases, "lme4.json")
