"""The likelihood of large crossed designs, by solves of the mixed-model equations that never form a large matrix."""
