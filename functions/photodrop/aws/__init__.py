"""Everything that calls AWS's services: S3, SQS and DynamoDB."""
