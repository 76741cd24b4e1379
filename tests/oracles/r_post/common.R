# Shared by the scripts of this folder: the fits of ../r_data/common.R, and results as one JSON a script.
suppressMessages({library(jsonlite); library(numDeriv); library(nlme); library(lme4)})
folder <- getwd()
setwd("../r_data")
source("common.R")
setwd(folder)
data_of <- function(name) read.csv(file.path("..", "r_data", "data", paste0(name, ".csv")))
save_results <- function(x, file) {
  packages <- c("lme4", "lmerTest", "pbkrtest", "emmeans")
  versions <- lapply(setNames(nm = packages), function(p) as.character(packageVersion(p)))
  write(toJSON(list(R = R.version.string, packages = versions, results = x), auto_unbox = TRUE, digits = NA,
               null = "null", na = "null", pretty = 1), file)
}
