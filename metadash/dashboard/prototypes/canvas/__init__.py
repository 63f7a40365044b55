"""The prototype map as it lies in the browser: a canvas (components v2, nothing built, nothing fetched), and what goes to it and comes back."""
