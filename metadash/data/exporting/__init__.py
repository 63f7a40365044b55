"""A data set as files that other tools read: Parquet tables, inputs, Croissant metadata; and whole again from them."""
