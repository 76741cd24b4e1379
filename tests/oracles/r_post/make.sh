#!/bin/sh
# Makes every JSON of this folder again. Needs the packages of ../r/make.sh.
set -eu
cd "$(dirname "$0")"
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
for script in "${@:-hypotheses}"; do
    echo "$script"
    Rscript "$script.R"
done
