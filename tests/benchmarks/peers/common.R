# One long-lived process a peer: "run <case> <dataset>" in, one line out with the seconds of the fit alone.
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

# A fit is a function of the data, or of what `prepare` made of them for this case, which is not timed; what it returns
# is a model, or list(model =, df =) with degrees of freedom.
run_one <- function(fits, case, name, prepare) {
  if (is.null(loaded[[name]])) loaded[[name]] <<- read_columns(name)
  if (!is.null(prepare[[case]]) && is.null(prepared[[case]])) prepared[[case]] <<- prepare[[case]](loaded[[name]])
  given <- if (is.null(prepared[[case]])) loaded[[name]] else prepared[[case]]
  gc(FALSE)
  used <- proc.time()
  start <- Sys.time()
  got <- fits[[case]](given)
  seconds <- as.numeric(Sys.time() - start, units = "secs")
  cpu <- sum((proc.time() - used)[1:2])
  df <- if (is.list(got) && !is.null(got[["df"]])) got$df else numeric(0)
  model <- if (length(df)) got$model else got
  list(seconds = seconds, cpu = cpu, ll = as.numeric(logLik(model)), df = df)
}

say <- function(...) { cat("@ ", ..., "\n", sep = ""); flush(stdout()) }

serve <- function(fits, packages, prepare = list()) {
  blas <- basename(extSoftVersion()[["BLAS"]])
  versions <- paste(packages, vapply(packages, function(p) as.character(packageVersion(p)), ""))
  say("hello ", paste(c(R.version.string, paste("BLAS", blas), versions), collapse = "; "))
  input <- file("stdin", "r")
  while (length(line <- readLines(input, 1)) && line != "quit") {
    words <- strsplit(line, " ")[[1]]
    tryCatch({
      r <- run_one(fits, words[2], words[3], prepare)
      say("ok ", sprintf("%.9f %.3f %.12g ", r$seconds, r$cpu, r$ll), paste(sprintf("%.9g", r$df), collapse = ","))
    }, error = function(e) say("failed ", gsub("\\s+", " ", conditionMessage(e))))
  }
}
