# Writes pig.csv and veneer.csv again: Rscript make.R FOLDER, with the packages SemiPar and WWGbook installed.
# Names are those of the published commands; nothing else is changed.
folder <- commandArgs(trailingOnly = TRUE)[1]
write <- function(frame, name) {
  write.csv(frame, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

data(pig.weights, package = "SemiPar")
write(setNames(pig.weights, c("id", "week", "weight")), "pig")

data(veneer, package = "WWGbook")
names(veneer)[names(veneer) == "base.gcf"] <- "base_gcf"
names(veneer)[names(veneer) == "time"] <- "followup"
write(veneer, "veneer")
