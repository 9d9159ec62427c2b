"""ARNs of API Gateway's own control-plane resources, as IAM policies name them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html#apigateway-arn-format-reference
"""

from __future__ import annotations

RESTAPIS = "arn:aws:apigateway:{region}::/restapis"
RESTAPI = RESTAPIS + "/{restApiId}"
RESOURCES = RESTAPI + "/resources"
RESOURCE = RESOURCES + "/{resourceId}"
METHOD = RESOURCE + "/methods/{httpMethod}"
METHOD_RESPONSE = METHOD + "/responses/{statusCode}"
INTEGRATION = METHOD + "/integration"
INTEGRATION_RESPONSE = INTEGRATION + "/responses/{statusCode}"
DEPLOYMENTS = RESTAPI + "/deployments"
DEPLOYMENT = DEPLOYMENTS + "/{deploymentId}"
STAGES = RESTAPI + "/stages"
STAGE = STAGES + "/{stageName}"
AUTHORIZERS = RESTAPI + "/authorizers"
AUTHORIZER = AUTHORIZERS + "/{authorizerId}"
VALIDATORS = RESTAPI + "/requestvalidators"
VALIDATOR = VALIDATORS + "/{requestValidatorId}"
MODELS = RESTAPI + "/models"
MODEL = MODELS + "/{modelName}"
GATEWAY_RESPONSES = RESTAPI + "/gatewayresponses"
GATEWAY_RESPONSE = GATEWAY_RESPONSES + "/{responseType}"
ACCOUNT = "arn:aws:apigateway:{region}::/account"
TAGS = "arn:aws:apigateway:{region}::/tags/{resourceArn}"
