#!/bin/sh
# Makes every JSON of this folder again, or those named. Needs the packages of ../r/make.sh.
set -eu
cd "$(dirname "$0")"
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
[ $# -gt 0 ] || set -- hypotheses contrasts influence residuals partial estimability
for script in "$@"; do
    echo "$script"
    Rscript "$script.R"
done
