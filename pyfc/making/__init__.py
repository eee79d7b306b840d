"""Makes components from less than a class: a formula, two functions, or the addresses of compiled functions."""
