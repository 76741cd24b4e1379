* Growth: distances in the jaws of children
sample orthodont
generate time = age - 8
mixed distance c.time##i.female || id: time, covariance(unstructured) reml dfmethod(kroger) nolog
estimates store lines
quietly mixed distance c.time##i.female || id:, reml dfmethod(kroger)
estimates store parallel
lrtest parallel lines
mixed distance c.time##i.female || id:, reml dfmethod(kroger) residuals(independent, by(female)) nolog
estimates store bysex
lrtest parallel bysex
estat df, method(kroger satterthwaite)
estat terms, small
margins female, at(time=(0 2 4 6)) small
margins female, dydx(time) small
margins r.female, at(time=(0 6)) small
estat icc
estat r2, nolevels
apa
