# A long-lived process of a peer in R. In: "load <case> <data>", "run <case> <data> <times>". Out, behind an @: "ok",
# "ok <seconds> <CPU seconds> <log-likelihood> [df,df,...]" of one of so many fits, or "failed <why>".
folder <- commandArgs(trailingOnly = TRUE)[1]
loaded <- list()
prepared <- list()

read_columns <- function(name) {
  about <- read.table(file.path(folder, paste0(name, ".names")), sep = "\t", stringsAsFactors = FALSE)
  path <- file.path(folder, paste0(name, ".doubles"))
  values <- readBin(path, "double", file.size(path) / 8)
  d <- as.data.frame(matrix(values, ncol = nrow(about)))
  names(d) <- about[[1]]
  for (g in about[[1]][about[[2]] == "factor"]) d[[g]] <- factor(d[[g]])
  d
}

# A fit is a function of the data, or of what `prepare` made of them for this case, which is not timed.
given_to <- function(case, name, prepare) {
  if (is.null(loaded[[name]])) loaded[[name]] <<- read_columns(name)
  if (!is.null(prepare[[case]]) && is.null(prepared[[case]])) prepared[[case]] <<- prepare[[case]](loaded[[name]])
  gc(FALSE)
  if (is.null(prepared[[case]])) loaded[[name]] else prepared[[case]]
}

# What a fit returns is a model, or list(model =, df =) with degrees of freedom. R counts CPU time in whole milliseconds,
# which is why short fits are run several times.
run_one <- function(fits, case, given, times) {
  used <- proc.time()
  start <- Sys.time()
  for (k in seq_len(times)) got <- fits[[case]](given)
  seconds <- as.numeric(Sys.time() - start, units = "secs")
  cpu <- sum((proc.time() - used)[1:2])
  df <- if (is.list(got) && !is.null(got[["df"]])) got$df else numeric(0)
  model <- if (length(df)) got$model else got
  list(seconds = seconds / times, cpu = cpu / times, ll = as.numeric(logLik(model)), df = df)
}

say <- function(...) { cat("@ ", ..., "\n", sep = ""); flush(stdout()) }

# Six groups of ten rows. `warm` fits them, which loads what the first fit of a process loads: no memory of a case.
small <- function() {
  set.seed(1)
  data.frame(y = rnorm(60), x = rnorm(60), g = factor(rep(1:6, 10)))
}

serve <- function(fits, packages, warm, prepare = list()) {
  blas <- basename(extSoftVersion()[["BLAS"]])
  versions <- paste(packages, vapply(packages, function(p) as.character(packageVersion(p)), ""))
  suppressMessages(suppressWarnings(warm(small())))
  say("hello ", paste(c(R.version.string, paste("BLAS", blas), versions), collapse = "; "))
  input <- file("stdin", "r")
  while (length(line <- readLines(input, 1)) && line != "quit") {
    words <- strsplit(line, " ")[[1]]
    tryCatch({
      given <- given_to(words[2], words[3], prepare)
      if (words[1] == "load") {
        say("ok")
      } else {
        r <- run_one(fits, words[2], given, as.integer(words[4]))
        say("ok ", sprintf("%.9f %.9f %.12g ", r$seconds, r$cpu, r$ll), paste(sprintf("%.9g", r$df), collapse = ","))
      }
    }, error = function(e) say("failed ", gsub("\\s+", " ", conditionMessage(e))))
  }
}
