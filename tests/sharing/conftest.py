from hypothesis import Phase, settings

# For `make mutants`: the same few examples each time, no clock, and no search for the smallest one that fails.
settings.register_profile(
    "mutants",
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
