"""AWS's managed policies for services that functions call, and for roles that AWS makes for itself.

Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Published(NamedTuple):
    """A policy as AWS publishes it. Times are UTC."""

    where: str
    """Path and name."""
    created: str
    version: str
    updated: str
    """When the default version was made."""
    description: str
    statements: Sequence[Mapping[str, Any]]


NEIGHBOURS = (
    Published(
        "/AmazonS3FullAccess",
        "2015-02-06T18:40:58",
        "v2",
        "2021-09-27T20:16:37",
        "Provides full access to all buckets via the AWS Management Console.",
        [{"Effect": "Allow", "Action": ["s3:*", "s3-object-lambda:*"], "Resource": "*"}],
    ),
    Published(
        "/AmazonS3ReadOnlyAccess",
        "2015-02-06T18:40:59",
        "v3",
        "2023-08-10T21:31:39",
        "Provides read only access to all buckets via the AWS Management Console.",
        [
            {
                "Effect": "Allow",
                "Action": ["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"],
                "Resource": "*",
            }
        ],
    ),
    Published(
        "/AmazonSQSFullAccess",
        "2015-02-06T18:41:07",
        "v1",
        "2015-02-06T18:41:07",
        "Provides full access to Amazon SQS via the AWS Management Console.",
        [{"Effect": "Allow", "Action": ["sqs:*"], "Resource": "*"}],
    ),
    Published(
        "/AmazonSQSReadOnlyAccess",
        "2015-02-06T18:41:08",
        "v3",
        "2023-06-15T15:37:35",
        "Provides read only access to Amazon SQS via the AWS Management Console.",
        [
            {
                "Effect": "Allow",
                "Action": [
                    "sqs:GetQueueAttributes",
                    "sqs:GetQueueUrl",
                    "sqs:ListDeadLetterSourceQueues",
                    "sqs:ListQueues",
                    "sqs:ListMessageMoveTasks",
                ],
                "Resource": "*",
            }
        ],
    ),
    Published(
        "/AmazonSNSFullAccess",
        "2015-02-06T18:41:05",
        "v1",
        "2015-02-06T18:41:05",
        "Provides full access to Amazon SNS via the AWS Management Console.",
        [{"Effect": "Allow", "Action": ["sns:*"], "Resource": "*"}],
    ),
    Published(
        "/AmazonSESFullAccess",
        "2015-02-06T18:41:02",
        "v1",
        "2015-02-06T18:41:02",
        "Provides full access to Amazon SES via the AWS Management Console.",
        [{"Effect": "Allow", "Action": ["ses:*"], "Resource": "*"}],
    ),
    Published(
        "/AmazonKinesisFullAccess",
        "2015-02-06T18:40:29",
        "v1",
        "2015-02-06T18:40:29",
        "Provides full access to all streams via the AWS Management Console.",
        [{"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}],
    ),
    Published(
        "/AmazonSSMReadOnlyAccess",
        "2015-05-29T17:44:19",
        "v1",
        "2015-05-29T17:44:19",
        "Provides read only access to Amazon SSM.",
        [{"Effect": "Allow", "Action": ["ssm:Describe*", "ssm:Get*", "ssm:List*"], "Resource": "*"}],
    ),
    Published(
        "/AWSStepFunctionsFullAccess",
        "2017-01-11T21:51:32",
        "v1",
        "2017-01-11T21:51:32",
        "An access policy for providing a user/role/etc access to the AWS StepFunctions API.",
        [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}],
    ),
    Published(
        "/AWSXrayFullAccess",
        "2016-12-01T18:30:55",
        "v2",
        "2024-04-11T17:07:36",
        "AWS X-Ray full access managed policy",
        [{"Sid": "AWSXrayFullAccess", "Effect": "Allow", "Action": ["xray:*"], "Resource": ["*"]}],
    ),
    Published(
        "/CloudWatchFullAccess",
        "2015-02-06T18:40:00",
        "v4",
        "2022-11-27T13:23:49",
        "Provides full access to CloudWatch.",
        [
            {
                "Effect": "Allow",
                "Action": [
                    "autoscaling:Describe*",
                    "cloudwatch:*",
                    "logs:*",
                    "sns:*",
                    "iam:GetPolicy",
                    "iam:GetPolicyVersion",
                    "iam:GetRole",
                    "oam:ListSinks",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": "iam:CreateServiceLinkedRole",
                "Resource": "arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/"
                "AWSServiceRoleForCloudWatchEvents*",
                "Condition": {"StringLike": {"iam:AWSServiceName": "events.amazonaws.com"}},
            },
            {"Effect": "Allow", "Action": ["oam:ListAttachedLinks"], "Resource": "arn:aws:oam:*:*:sink/*"},
        ],
    ),
    Published(
        "/AmazonDynamoDBFullAccess",
        "2015-02-06T18:40:11",
        "v15",
        "2021-01-29T17:38:30",
        "Provides full access to Amazon DynamoDB via the AWS Management Console.",
        [
            {
                "Effect": "Allow",
                "Action": [
                    "dynamodb:*",
                    "dax:*",
                    "application-autoscaling:DeleteScalingPolicy",
                    "application-autoscaling:DeregisterScalableTarget",
                    "application-autoscaling:DescribeScalableTargets",
                    "application-autoscaling:DescribeScalingActivities",
                    "application-autoscaling:DescribeScalingPolicies",
                    "application-autoscaling:PutScalingPolicy",
                    "application-autoscaling:RegisterScalableTarget",
                    "cloudwatch:DeleteAlarms",
                    "cloudwatch:DescribeAlarmHistory",
                    "cloudwatch:DescribeAlarms",
                    "cloudwatch:DescribeAlarmsForMetric",
                    "cloudwatch:GetMetricStatistics",
                    "cloudwatch:ListMetrics",
                    "cloudwatch:PutMetricAlarm",
                    "cloudwatch:GetMetricData",
                    "datapipeline:ActivatePipeline",
                    "datapipeline:CreatePipeline",
                    "datapipeline:DeletePipeline",
                    "datapipeline:DescribeObjects",
                    "datapipeline:DescribePipelines",
                    "datapipeline:GetPipelineDefinition",
                    "datapipeline:ListPipelines",
                    "datapipeline:PutPipelineDefinition",
                    "datapipeline:QueryObjects",
                    "ec2:DescribeVpcs",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeSecurityGroups",
                    "iam:GetRole",
                    "iam:ListRoles",
                    "kms:DescribeKey",
                    "kms:ListAliases",
                    "sns:CreateTopic",
                    "sns:DeleteTopic",
                    "sns:ListSubscriptions",
                    "sns:ListSubscriptionsByTopic",
                    "sns:ListTopics",
                    "sns:Subscribe",
                    "sns:Unsubscribe",
                    "sns:SetTopicAttributes",
                    "lambda:CreateFunction",
                    "lambda:ListFunctions",
                    "lambda:ListEventSourceMappings",
                    "lambda:CreateEventSourceMapping",
                    "lambda:DeleteEventSourceMapping",
                    "lambda:GetFunctionConfiguration",
                    "lambda:DeleteFunction",
                    "resource-groups:ListGroups",
                    "resource-groups:ListGroupResources",
                    "resource-groups:GetGroup",
                    "resource-groups:GetGroupQuery",
                    "resource-groups:DeleteGroup",
                    "resource-groups:CreateGroup",
                    "tag:GetResources",
                    "kinesis:ListStreams",
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": "cloudwatch:GetInsightRuleReport",
                "Resource": "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*",
            },
            {
                "Effect": "Allow",
                "Action": ["iam:PassRole"],
                "Resource": "*",
                "Condition": {
                    "StringLike": {
                        "iam:PassedToService": [
                            "application-autoscaling.amazonaws.com",
                            "application-autoscaling.amazonaws.com.cn",
                            "dax.amazonaws.com",
                        ]
                    }
                },
            },
            {
                "Effect": "Allow",
                "Action": ["iam:CreateServiceLinkedRole"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "iam:AWSServiceName": [
                            "replication.dynamodb.amazonaws.com",
                            "dax.amazonaws.com",
                            "dynamodb.application-autoscaling.amazonaws.com",
                            "contributorinsights.dynamodb.amazonaws.com",
                            "kinesisreplication.dynamodb.amazonaws.com",
                        ]
                    }
                },
            },
        ],
    ),
    Published(
        "/AmazonDynamoDBReadOnlyAccess",
        "2015-02-06T18:40:12",
        "v14",
        "2024-03-20T15:45:01",
        "Provides read only access to Amazon DynamoDB via the AWS Management Console.",
        [
            {
                "Sid": "GeneralReadOnlyAccess",
                "Effect": "Allow",
                "Action": [
                    "application-autoscaling:DescribeScalableTargets",
                    "application-autoscaling:DescribeScalingActivities",
                    "application-autoscaling:DescribeScalingPolicies",
                    "cloudwatch:DescribeAlarmHistory",
                    "cloudwatch:DescribeAlarms",
                    "cloudwatch:DescribeAlarmsForMetric",
                    "cloudwatch:GetMetricStatistics",
                    "cloudwatch:ListMetrics",
                    "cloudwatch:GetMetricData",
                    "datapipeline:DescribeObjects",
                    "datapipeline:DescribePipelines",
                    "datapipeline:GetPipelineDefinition",
                    "datapipeline:ListPipelines",
                    "datapipeline:QueryObjects",
                    "dynamodb:BatchGetItem",
                    "dynamodb:Describe*",
                    "dynamodb:List*",
                    "dynamodb:GetItem",
                    "dynamodb:GetResourcePolicy",
                    "dynamodb:Query",
                    "dynamodb:Scan",
                    "dynamodb:PartiQLSelect",
                    "dax:Describe*",
                    "dax:List*",
                    "dax:GetItem",
                    "dax:BatchGetItem",
                    "dax:Query",
                    "dax:Scan",
                    "ec2:DescribeVpcs",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeSecurityGroups",
                    "iam:GetRole",
                    "iam:ListRoles",
                    "kms:DescribeKey",
                    "kms:ListAliases",
                    "sns:ListSubscriptionsByTopic",
                    "sns:ListTopics",
                    "lambda:ListFunctions",
                    "lambda:ListEventSourceMappings",
                    "lambda:GetFunctionConfiguration",
                    "resource-groups:ListGroups",
                    "resource-groups:ListGroupResources",
                    "resource-groups:GetGroup",
                    "resource-groups:GetGroupQuery",
                    "tag:GetResources",
                    "kinesis:ListStreams",
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                ],
                "Resource": "*",
            },
            {
                "Sid": "CCIAccess",
                "Effect": "Allow",
                "Action": "cloudwatch:GetInsightRuleReport",
                "Resource": "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*",
            },
        ],
    ),
    Published(
        "/AWSLambdaInvocation-DynamoDB",
        "2015-02-06T18:40:47",
        "v1",
        "2015-02-06T18:40:47",
        "Provides read access to DynamoDB Streams.",
        [
            {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": [
                    "dynamodb:DescribeStream",
                    "dynamodb:GetRecords",
                    "dynamodb:GetShardIterator",
                    "dynamodb:ListStreams",
                ],
                "Resource": "*",
            },
        ],
    ),
    Published(
        "/service-role/AWSLambdaMSKExecutionRole",
        "2020-08-11T17:35:00",
        "v2",
        "2022-08-02T20:08:02",
        "Provides permissions required to access MSK Cluster within a VPC, manage ENIs (create, "
        "describe, delete) in the VPC and write permissions to CloudWatch Logs.",
        [
            {
                "Effect": "Allow",
                "Action": [
                    "kafka:DescribeCluster",
                    "kafka:DescribeClusterV2",
                    "kafka:GetBootstrapBrokers",
                    "ec2:CreateNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeVpcs",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeSecurityGroups",
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                ],
                "Resource": "*",
            }
        ],
    ),
    Published(
        "/service-role/AWSCodeDeployRoleForLambda",
        "2017-11-28T14:05:44",
        "v3",
        "2019-12-03T19:53:10",
        "Provides CodeDeploy service access to perform a Lambda deployment on your behalf.",
        [
            {
                "Effect": "Allow",
                "Action": [
                    "cloudwatch:DescribeAlarms",
                    "lambda:UpdateAlias",
                    "lambda:GetAlias",
                    "lambda:GetProvisionedConcurrencyConfig",
                    "sns:Publish",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": "arn:aws:s3:::*/CodeDeploy/*",
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": "*",
                "Condition": {"StringEquals": {"s3:ExistingObjectTag/UseWithCodeDeploy": "true"}},
            },
            {
                "Effect": "Allow",
                "Action": ["lambda:InvokeFunction"],
                "Resource": "arn:aws:lambda:*:*:function:CodeDeployHook_*",
            },
        ],
    ),
    Published(
        "/aws-service-role/APIGatewayServiceRolePolicy",
        "2017-10-20T17:23:10",
        "v9",
        "2021-07-12T22:24:40",
        "Allows API Gateway to manage associated AWS Resources on behalf of the customer.",
        [
            {
                "Effect": "Allow",
                "Action": [
                    "elasticloadbalancing:AddListenerCertificates",
                    "elasticloadbalancing:RemoveListenerCertificates",
                    "elasticloadbalancing:ModifyListener",
                    "elasticloadbalancing:DescribeListeners",
                    "elasticloadbalancing:DescribeLoadBalancers",
                    "xray:PutTraceSegments",
                    "xray:PutTelemetryRecords",
                    "xray:GetSamplingTargets",
                    "xray:GetSamplingRules",
                    "logs:CreateLogDelivery",
                    "logs:GetLogDelivery",
                    "logs:UpdateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:ListLogDeliveries",
                    "servicediscovery:DiscoverInstances",
                ],
                "Resource": ["*"],
            },
            {
                "Effect": "Allow",
                "Action": ["firehose:DescribeDeliveryStream", "firehose:PutRecord", "firehose:PutRecordBatch"],
                "Resource": "arn:aws:firehose:*:*:deliverystream/amazon-apigateway-*",
            },
            {
                "Effect": "Allow",
                "Action": ["acm:DescribeCertificate", "acm:GetCertificate"],
                "Resource": "arn:aws:acm:*:*:certificate/*",
            },
            {
                "Effect": "Allow",
                "Action": "ec2:CreateNetworkInterfacePermission",
                "Resource": "arn:aws:ec2:*:*:network-interface/*",
            },
            {
                "Effect": "Allow",
                "Action": "ec2:CreateTags",
                "Resource": "arn:aws:ec2:*:*:network-interface/*",
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Owner", "VpcLinkId"]}},
            },
            {
                "Effect": "Allow",
                "Action": [
                    "ec2:ModifyNetworkInterfaceAttribute",
                    "ec2:DeleteNetworkInterface",
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterfacePermission",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeAvailabilityZones",
                    "ec2:DescribeNetworkInterfaceAttribute",
                    "ec2:DescribeVpcs",
                    "ec2:DescribeNetworkInterfacePermissions",
                    "ec2:UnassignPrivateIpAddresses",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeRouteTables",
                    "ec2:DescribeSecurityGroups",
                ],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": "servicediscovery:GetNamespace",
                "Resource": "arn:aws:servicediscovery:*:*:namespace/*",
            },
            {
                "Effect": "Allow",
                "Action": "servicediscovery:GetService",
                "Resource": "arn:aws:servicediscovery:*:*:service/*",
            },
        ],
    ),
)
