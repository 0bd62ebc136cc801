"""Everything that speaks to AWS's services: S3, SQS, and DynamoDB's tables."""
