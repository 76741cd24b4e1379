#!/bin/sh
# Makes data.csv, imputed.csv and results.json again. Needs R with jsonlite, sandwich and dplyr.
set -eu
cd "$(dirname "$0")"
Rscript make.R
