"""Values with a rule for their own form, and the error tree. Nothing here does I/O."""
