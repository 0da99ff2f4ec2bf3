"""What a layer holds: a reader for each kind of evidence; `layer` runs them over a tar, `merge` makes whole images."""
