"""The form kit: fields, controls, forms and the list of them."""
