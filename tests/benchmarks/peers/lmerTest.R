source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))
suppressMessages(library(lmerTest))

serve(list(
  "hsb-satterthwaite" = function(d) {
    m <- lmer(mathach ~ ses * meanses + (ses | id), d)
    list(model = m, df = coef(summary(m, ddf = "Satterthwaite"))[, "df"])
  }
), "lmerTest", function(d) summary(lmer(y ~ x + (1 | g), d)))
