"""The registry room: repositories, images, tags, blobs and uploads, by ECR's rules. Plain values in and out."""
