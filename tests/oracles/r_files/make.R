# Files of R itself: one data frame of every kind of column, and several objects of which two are data frames.
# Rscript make.R
tagged <- readBin(as.raw(c(0xa2, 0x07, 0x00, 0x00, 0x61, 0x00, 0xf0, 0x7f)), "double", endian = "little") # NA(a) of haven
frame <- data.frame(
  id = c(1L, NA, 3L),
  x = c(1.5, NA, NaN),
  f = factor(c("mid", "low", NA), levels = c("low", "mid", "high")),
  o = factor(c("b", "a", "b"), levels = c("b", "a"), ordered = TRUE),
  n = factor(c("10", "30", "20")),
  s = c("\u00e5", "b", NA),
  l = c(TRUE, NA, FALSE),
  day = as.Date(c("2020-01-01", NA, "1960-01-01")),
  stringsAsFactors = FALSE
)
attr(frame$x, "label") <- "An x"
frame$oslo <- as.POSIXct(c("2020-07-01 10:00:00", "2020-01-01 10:00:00.25", NA), tz = "Europe/Oslo")
frame$parts <- as.POSIXlt(c("2020-07-01 10:00:00", NA, "2020-01-01 00:00:00"), tz = "UTC")
frame$took <- as.difftime(c(1, 2, NA), units = "mins")
frame$lab <- structure(c(1, tagged, -9), labels = c(low = 1, high = 2), na_values = -9, label = "A label",
                       class = c("haven_labelled_spss", "haven_labelled", "vctrs_vctr", "double"))
frame$long <- structure(readBin(as.raw(c(1, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 5, rep(0, 7))), "double",
                                n = 3, endian = "little"), class = "integer64") # 2^53 + 1, NA, 5
frame$m <- cbind(u = c(1, 2, 3), v = c(4, 5, 6))
frame$li <- I(list(1, "a", 1:2))
saveRDS(frame, "frame.rds", compress = FALSE) # not as text, which has one NA only
a <- 1:3
first <- data.frame(x = c(1, 2), row.names = c("one", "two"))
second <- data.frame(y = c("p", "q"))
save(a, first, second, file = "several.RData", ascii = TRUE, compress = FALSE)
saveRDS(lm(y ~ x, data.frame(x = c(1, 2, 3), y = c(1, 2, 4)))$coefficients, "vector.rds", ascii = TRUE, compress = FALSE)
