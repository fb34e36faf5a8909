"""The buckets of the object store, made where they are missing. Only we read them, but for pictures that say otherwise."""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from models.settings import Settings, s3_credentials

THERE = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


def create(settings: Settings) -> None:
    """Make each bucket that is not there. Raises ``botocore.exceptions.ClientError`` if one is somebody else's."""
    client = boto3.client(
        "s3",
        region_name=settings.aws_region,
        endpoint_url=settings.s3_url or None,
        **s3_credentials(settings, settings.s3_url),
        config=Config(s3={"addressing_style": "path" if settings.s3_url else "auto"}),
    )
    for name in (settings.s3_uploads, settings.s3_images, settings.s3_documents):
        try:
            # The real S3 wants to be told the region that it is asked in; one on a folder knows of none.
            where = {} if settings.s3_url else {"CreateBucketConfiguration": {"LocationConstraint": settings.aws_region}}
            client.create_bucket(Bucket=name, **where)
        except ClientError as error:
            if error.response["Error"]["Code"] not in THERE:
                raise
            client.head_bucket(Bucket=name)
        print(f"bucket {name}")
