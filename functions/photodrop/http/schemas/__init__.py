"""The schemas of requests and answers, by resource. They validate, and describe the API."""
