# Exports the datasets of Debian's R packages (nlme, lme4) as CSV, factors as integer codes.
# Run by make.sh. Codes are documented in data/README.md.
suppressMessages({library(nlme); library(lme4)})

put <- function(frame, name) {
  for (v in names(frame)) frame[[v]] <- signif(as.numeric(frame[[v]]), 15)
  write.csv(frame, file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}
label <- function(f) as.numeric(as.character(f))   # for factors whose labels are numbers

d <- as.data.frame(Orthodont)
put(data.frame(distance = d$distance, age = d$age, time = (d$age - 6) / 2,
               subject = as.integer(factor(as.character(d$Subject))), female = as.integer(d$Sex == "Female")), "orthodont")

d <- as.data.frame(Ovary)
put(data.frame(follicles = d$follicles, mare = label(d$Mare), stime = d$Time,
               time = ave(d$Time, d$Mare, FUN = seq_along),
               sin1 = sin(2 * pi * d$Time), cos1 = cos(2 * pi * d$Time)), "ovary")

d <- merge(as.data.frame(MathAchieve), as.data.frame(MathAchSchool)[, c("School", "Sector")],
           by = "School", sort = FALSE)
d$School <- label(d$School)
d <- d[order(d$School, seq_len(nrow(d))), ]
put(data.frame(mathach = d$MathAch, ses = d$SES, meanses = d$MEANSES, school = d$School,
               sector = as.integer(d$Sector == "Catholic"), female = as.integer(d$Sex == "Female")), "hsb")

d <- as.data.frame(BodyWeight)
put(data.frame(weight = d$weight, time = d$Time, rat = label(d$Rat), diet = label(d$Diet)), "bodyweight")

d <- as.data.frame(Pixel)
put(data.frame(pixel = d$pixel, day = d$day, dog = label(d$Dog), side = as.integer(d$Side)), "pixel")

d <- as.data.frame(Oats)
put(data.frame(yield = d$yield, nitro = d$nitro, nitro10 = round(10 * d$nitro),
               block = as.integer(factor(as.character(d$Block))), variety = as.integer(d$Variety)), "oats")

d <- as.data.frame(Machines)
put(data.frame(score = d$score, worker = label(d$Worker), machine = as.integer(d$Machine),
               m1 = as.integer(d$Machine == "A"), m2 = as.integer(d$Machine == "B"),
               m3 = as.integer(d$Machine == "C")), "machines")

d <- sleepstudy
put(data.frame(reaction = d$Reaction, days = d$Days, subject = label(d$Subject)), "sleepstudy")

d <- Penicillin
put(data.frame(diameter = d$diameter, plate = as.integer(d$plate), sample = as.integer(d$sample)), "penicillin")

d <- Pastes
put(data.frame(strength = d$strength, batch = as.integer(d$batch), cask = as.integer(d$cask),
               sample = as.integer(d$sample)), "pastes")

d <- cake
put(data.frame(angle = d$angle, temp = d$temp, recipe = as.integer(d$recipe),
               temperature = as.integer(d$temperature), replicate = as.integer(d$replicate),
               batch = 3 * (as.integer(d$replicate) - 1) + as.integer(d$recipe)), "cake")

# The ratings by every twelfth student: students, lecturers and departments crossed.
d <- InstEval
d <- d[label(d$s) %% 12 == 0, ]
put(data.frame(y = d$y, s = label(d$s), d = label(d$d), dept = label(d$dept), service = label(d$service)),
    "insteval")

# Orthodont with every seventh row left out: gaps in time and subjects of unequal size.
d <- read.csv("data/orthodont.csv")
put(d[seq_len(nrow(d)) %% 7 != 0, ], "orthodont_gaps")
