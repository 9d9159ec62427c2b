"""AWS's own managed policies, as published: the ones that functions, gateways and their developers are given.

Each row is a policy's present default version. What is not here answers NoSuchEntity, rather than granting something
that only resembles it. Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
Policy ids that AWS's pages do not show are derived from the name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sekisho.services.iam.aws_managed_neighbours import NEIGHBOURS
from sekisho.services.iam.aws_managed_statements import (
    API_GATEWAY_ADMINISTRATOR,
    API_GATEWAY_INVOKE,
    API_GATEWAY_LOGS,
    BASIC_EXECUTION,
    DYNAMODB_EXECUTION,
    EVERYTHING,
    EXECUTE,
    IAM_FULL,
    IAM_READ,
    INSIGHTS_EXECUTION,
    KINESIS_EXECUTION,
    LAMBDA_FULL,
    LAMBDA_INVOKE,
    LAMBDA_READ,
    LOGS_FULL,
    LOGS_READ,
    POWER_USER,
    SQS_EXECUTION,
    VPC_EXECUTION,
    XRAY_DAEMON,
    XRAY_WRITE,
)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text + "+00:00").timestamp()


def _record(
    where: str,
    id_: str,
    created: str,
    version: str,
    updated: str,
    description: str,
    statements: Sequence[Mapping[str, Any]],
) -> Mapping[str, Any]:
    path, name = where.rsplit("/", 1)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    return {
        "PolicyName": name,
        "PolicyId": id_ or "ANPA" + hashlib.sha256(name.encode()).hexdigest().upper()[:17],
        "Path": f"{path}/",
        "Arn": f"arn:aws:iam::aws:policy{where}",
        "Description": description,
        "CreateDate": _epoch(created),
        "UpdateDate": _epoch(updated),
        "Tags": [],
        "Versions": {version: {"Document": document, "CreateDate": _epoch(updated)}},
        "Default": version,
        "Created": int(version[1:]),
    }


_RECORDS = (
    _record(
        "/AdministratorAccess",
        "ANPAIWMBCKSKIEE64ZLYK",
        "2015-02-06T18:39:46",
        "v1",
        "2015-02-06T18:39:46",
        "Provides full access to AWS services and resources.",
        EVERYTHING,
    ),
    _record(
        "/PowerUserAccess",
        "ANPAJYRXTHIB4FOVS3ZXS",
        "2015-02-06T18:39:47",
        "v12",
        "2026-02-12T17:59:14",
        "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
        POWER_USER,
    ),
    _record(
        "/IAMFullAccess",
        "ANPAI7XKCFMBPM3QQRRVQ",
        "2015-02-06T18:40:38",
        "v2",
        "2019-06-21T19:40:00",
        "Provides full access to IAM via the AWS Management Console.",
        IAM_FULL,
    ),
    _record(
        "/IAMReadOnlyAccess",
        "ANPAJKSO7NDY4T57MWDSQ",
        "2015-02-06T18:40:39",
        "v4",
        "2018-01-25T19:11:27",
        "Provides read only access to IAM via the AWS Management Console.",
        IAM_READ,
    ),
    _record(
        "/AmazonAPIGatewayAdministrator",
        "ANPAJ4PT6VY5NLKTNUYSI",
        "2015-07-09T17:34:45",
        "v1",
        "2015-07-09T17:34:45",
        "Provides full access to create/edit/delete APIs in Amazon API Gateway via the AWS Management Console.",
        API_GATEWAY_ADMINISTRATOR,
    ),
    _record(
        "/AmazonAPIGatewayInvokeFullAccess",
        "ANPAIIWAX2NOOQJ4AIEQ6",
        "2015-07-09T17:36:12",
        "v2",
        "2018-12-18T18:25:10",
        "Provides full access to invoke APIs in Amazon API Gateway.",
        API_GATEWAY_INVOKE,
    ),
    _record(
        "/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        "ANPAIK4GFO7HLKYN64ASK",
        "2015-11-11T23:41:46",
        "v1",
        "2015-11-11T23:41:46",
        "Allows API Gateway to push logs to user's account.",
        API_GATEWAY_LOGS,
    ),
    _record(
        "/AWSLambda_FullAccess",
        "",
        "2020-11-17T21:14:08",
        "v5",
        "2026-02-11T22:18:56",
        "Grants full access to AWS Lambda service, AWS Lambda console features, and other related AWS services.",
        LAMBDA_FULL,
    ),
    _record(
        "/AWSLambda_ReadOnlyAccess",
        "",
        "2020-11-17T21:10:31",
        "v2",
        "2023-07-27T17:32:05",
        "Grants read-only access to AWS Lambda service, AWS Lambda console features, and other related AWS services.",
        LAMBDA_READ,
    ),
    _record(
        "/AWSLambdaExecute",
        "ANPAJE5FX7FQZSU5XAKGO",
        "2015-02-06T18:40:46",
        "v1",
        "2015-02-06T18:40:46",
        "Provides Put, Get access to S3 and full access to CloudWatch Logs.",
        EXECUTE,
    ),
    _record(
        "/service-role/AWSLambdaRole",
        "ANPAJX4DPCRGTC4NFDUXI",
        "2015-02-06T18:41:28",
        "v1",
        "2015-02-06T18:41:28",
        "Default policy for AWS Lambda service role.",
        LAMBDA_INVOKE,
    ),
    _record(
        "/service-role/AWSLambdaBasicExecutionRole",
        "ANPAJNCQGXC42545SKXIK",
        "2015-04-09T15:03:43",
        "v1",
        "2015-04-09T15:03:43",
        "Provides write permissions to CloudWatch Logs.",
        BASIC_EXECUTION,
    ),
    _record(
        "/service-role/AWSLambdaDynamoDBExecutionRole",
        "ANPAIP7WNAGMIPYNW4WQG",
        "2015-04-09T15:09:29",
        "v1",
        "2015-04-09T15:09:29",
        "Provides list and read access to DynamoDB streams and write permissions to CloudWatch Logs.",
        DYNAMODB_EXECUTION,
    ),
    _record(
        "/service-role/AWSLambdaKinesisExecutionRole",
        "ANPAJHOLKJPXV4GBRMJUQ",
        "2015-04-09T15:14:16",
        "v2",
        "2018-11-19T20:09:24",
        "Provides list and read access to Kinesis streams and write permissions to CloudWatch Logs.",
        KINESIS_EXECUTION,
    ),
    _record(
        "/service-role/AWSLambdaSQSQueueExecutionRole",
        "ANPAJFWJZI6JNND4TSELK",
        "2018-06-14T21:50:45",
        "v1",
        "2018-06-14T21:50:45",
        "Provides receive message, delete message, and read attribute access to SQS queues, and "
        "write permissions to CloudWatch logs.",
        SQS_EXECUTION,
    ),
    _record(
        "/service-role/AWSLambdaVPCAccessExecutionRole",
        "ANPAJVTME3YLVNL72YR2K",
        "2016-02-11T23:15:26",
        "v3",
        "2024-01-05T22:38:26",
        "Provides minimum permissions for a Lambda function to execute while accessing a resource "
        "within a VPC - create, describe, delete network interfaces and write permissions to CloudWatch Logs. ",
        VPC_EXECUTION,
    ),
    _record(
        "/AWSXRayDaemonWriteAccess",
        "",
        "2018-08-28T23:00:33",
        "v2",
        "2024-02-13T21:58:30",
        "Allow the AWS X-Ray Daemon to relay raw trace segments data to the service's API and "
        "retrieve sampling data (rules, targets, etc.) to be used by the X-Ray SDK.",
        XRAY_DAEMON,
    ),
    _record(
        "/AWSXrayWriteOnlyAccess",
        "ANPAIAACM4LMYSRGBCTM6",
        "2016-12-01T18:19:53",
        "v2",
        "2018-08-28T23:03:04",
        "AWS X-Ray write only managed policy",
        XRAY_WRITE,
    ),
    _record(
        "/CloudWatchLogsFullAccess",
        "ANPAJ3ZGNWK2R5HW5BQFO",
        "2015-02-06T18:40:02",
        "v3",
        "2025-05-20T17:07:06",
        "Provides full access to CloudWatch Logs",
        LOGS_FULL,
    ),
    _record(
        "/CloudWatchLogsReadOnlyAccess",
        "ANPAJ2YIYDYSNNEHK3VKW",
        "2015-02-06T18:40:03",
        "v6",
        "2023-11-26T18:11:33",
        "Provides read only access to CloudWatch Logs",
        LOGS_READ,
    ),
    _record(
        "/CloudWatchLambdaInsightsExecutionRolePolicy",
        "",
        "2020-10-07T19:27:06",
        "v1",
        "2020-10-07T19:27:06",
        "Policy required for the Lambda Insights Extension",
        INSIGHTS_EXECUTION,
    ),
)

_NEIGHBOURS = tuple(
    _record(row.where, "", row.created, row.version, row.updated, row.description, row.statements) for row in NEIGHBOURS
)

AWS_MANAGED: Mapping[str, Mapping[str, Any]] = {record["Arn"]: record for record in (*_RECORDS, *_NEIGHBOURS)}
"""ARN → a record as ``PolicyRecord``."""
