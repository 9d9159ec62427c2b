"""Sekisho: a self-hosted, AWS-compatible API Gateway with Lambda, IAM, STS and CloudWatch Logs."""
