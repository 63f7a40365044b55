"""Every kind of task beside classification, measured: ours beside what issue 15 expects, beside the baselines, with intervals."""
