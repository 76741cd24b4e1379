* Schools: achievement and status
sample hsb
generate cses = ses - meanses
mixed mathach || id:, reml nolog
estimates store empty
estat icc
estat reliability
quietly mixed mathach cses || id:, reml
estimates store common
mixed mathach cses || id: cses, covariance(unstructured) reml nolog
estimates store slopes
lrtest common slopes
mixed mathach c.cses##c.meanses c.cses##i.sector || id: cses, covariance(unstructured) reml dfmethod(satterthwaite, oim) nolog
estimates store full
test c.cses#c.meanses 1.sector#c.cses, small
estat r2, null(empty)
margins sector, dydx(cses) at(meanses=(-0.5 0 0.5))
margins r.sector, at(cses=(-1 1) meanses=0)
simpleslopes cses meanses, at(-0.5 0 0.5) noplot
estat influence, top(3) noplot
predict u_slope u_school, reffects
summarize u_slope u_school
etable, estimates(empty slopes full) column(estimates)
