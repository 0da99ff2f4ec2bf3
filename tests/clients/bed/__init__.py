"""The test-bed: servers, an engine, clients and the images that they push; it knows no rule of ECR."""
