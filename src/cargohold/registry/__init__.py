"""The registry room: repositories, images, tags, blobs and uploads, by ECR's rules. Plain values in and out.

A plural (`images`, `uploads`, …) is what the doors call, its singular the nouns that go in and out; what stands beside
them (`image_push`, `upload_claim`, …) is one subject of theirs each. `store/` holds the statements, `tasks` the work
behind the doors.
"""
