# Writes the columns of the sample datasets, as R's packages have them, to one CSV each.
# Usage: Rscript make.R FOLDER        (needs nlme, lme4 and plm; then run make.py FOLDER)

folder <- commandArgs(trailingOnly = TRUE)[1]
save_csv <- function(data, name) {
  # 17 digits: every double survives the trip through text.
  for (column in names(data))
    if (is.double(data[[column]])) data[[column]] <- format(data[[column]], digits = 17, trim = TRUE)
  write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = TRUE)
}
number <- function(f) as.integer(as.character(f))

library(nlme)
pupils <- as.data.frame(MathAchieve)
schools <- as.data.frame(MathAchSchool)
at <- match(number(pupils$School), number(schools$School))
save_csv(data.frame(
  id = number(pupils$School),
  minority = as.integer(pupils$Minority == "Yes"),
  female = as.integer(pupils$Sex == "Female"),
  ses = pupils$SES,
  mathach = pupils$MathAch,
  size = as.integer(schools$Size[at]),
  sector = as.integer(schools$Sector[at] == "Catholic"),
  pracad = schools$PRACAD[at],
  disclim = schools$DISCLIM[at],
  himinty = number(schools$HIMINTY)[at],
  meanses = schools$MEANSES[at]
), "hsb")

ovary <- as.data.frame(Ovary)
save_csv(data.frame(
  mare = number(ovary$Mare),
  time = as.integer(ave(ovary$Time, ovary$Mare, FUN = function(t) rank(t))),
  stime = ovary$Time,
  follicles = as.integer(ovary$follicles),
  sin1 = sin(2 * pi * ovary$Time),
  cos1 = cos(2 * pi * ovary$Time)
), "ovary")

children <- as.data.frame(Orthodont)
save_csv(data.frame(
  subject = as.character(children$Subject),
  age = as.integer(children$age),
  distance = children$distance,
  female = as.integer(children$Sex == "Female")
), "orthodont")

library(lme4)
save_csv(data.frame(
  subject = number(sleepstudy$Subject),
  days = as.integer(sleepstudy$Days),
  reaction = sleepstudy$Reaction
), "sleepstudy")

save_csv(data.frame(
  s = number(InstEval$s),
  d = number(InstEval$d),
  y = InstEval$y,
  studage = number(InstEval$studage),
  lectage = number(InstEval$lectage),
  service = number(InstEval$service),
  dept = number(InstEval$dept)
), "insteval")

library(plm)
data(Produc)
save_csv(data.frame(
  state = as.character(Produc$state),
  region = number(Produc$region),
  year = Produc$year,
  public = Produc$pcap,
  hwy = log(Produc$hwy),
  water = log(Produc$water),
  other = log(Produc$util),
  private = log(Produc$pc),
  gsp = log(Produc$gsp),
  emp = log(Produc$emp),
  unemp = Produc$unemp
), "produc")
