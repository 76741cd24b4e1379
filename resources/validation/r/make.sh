#!/bin/sh
# Makes every CSV under data/ and every JSON beside it again. Needs Debian's r-cran-nlme, r-cran-lme4,
# r-cran-lmertest, r-cran-pbkrtest, r-cran-emmeans, r-cran-glmmtmb, r-cran-clubsandwich, r-cran-jsonlite.
set -eu
cd "$(dirname "$0")"
mkdir -p data
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
Rscript data.R
for script in lme4 nlme glmmtmb smallsample sandwich fewclusters emmeans profile examples textbooks; do
    echo "$script"
    Rscript "$script.R"
done
