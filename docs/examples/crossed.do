* Crossed effects: students rate lecturers
sample insteval
mixed y i.service || _all: R.dept || _all: R.d || s:, reml nolog
estimates store full
estat icc
estat sd
quietly mixed y i.service || _all: R.d || s:, reml
estimates store nodept
lrtest nodept full
estimates restore full
predict r_dept r_d r_s, reffects reses(se_dept se_d se_s)
collapse (mean) r_d se_d (count) n=y, by(d)
gsort -r_d
list d r_d se_d n in 1/5
