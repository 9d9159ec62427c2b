"""Failures that people reported, set up again: a template becomes control-plane calls, the request is sent, and the
explanation is asked for.

A case has ``config.template`` (CloudFormation or SAM), ``config.context`` (who calls, what functions answer, what was
signed), ``request``, ``symptom``, ``root_cause`` and ``fix.patch`` (JSON Patch of the case).

scene = Scene(case)
answer = scene.send()
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.scenes.calls import ACCOUNT
from tests.scenes.functions import zipped
from tests.scenes.jwt import jwks, token
from tests.scenes.lab import Answer, Key, Lab, trust

from sekisho.functions.invocation import Failed, GaveUp, InvocationResult, InvokeFunction, Returned, Throttled
from sekisho.gateway.effects import Keys
from sekisho.gateway.entry import begin
from sekisho.gateway.ledger import Ledger
from sekisho.gateway.request import GatewayRequest
from sekisho.kit.headers import Headers

Document = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "vectors" / "corpus"
SUPPORTED = {
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Serverless::Api",
    "AWS::Serverless::Function",
}
IGNORED = {"AWS::S3::Bucket", "AWS::EC2::VPCEndpoint"}
_LATE = (
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
)
_HOST = re.compile(r"([a-z0-9]{10})\.execute-api\.")
_INTEGRATION = {
    "Type": "type",
    "IntegrationHttpMethod": "integrationHttpMethod",
    "Uri": "uri",
    "Credentials": "credentials",
    "RequestTemplates": "requestTemplates",
    "RequestParameters": "requestParameters",
    "PassthroughBehavior": "passthroughBehavior",
    "TimeoutInMillis": "timeoutInMillis",
    "ContentHandling": "contentHandling",
    "ConnectionType": "connectionType",
    "ConnectionId": "connectionId",
}


def cases() -> list[Document]:
    """Every case, by file name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def patched(case: Document) -> Document:
    """The case after its fix."""
    found = copy.deepcopy(case)
    for step in case["fix"]["patch"]:
        _patch(found, step)
    return found


def _patch(document: Any, step: Mapping[str, Any]) -> None:
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].lstrip("/").split("/")]
    at = document
    for part in way:
        if isinstance(at, list):
            at = at[int(part)]
        else:
            at = at.setdefault(part, {}) if step["op"] == "add" else at[part]
    value = copy.deepcopy(step.get("value"))
    if isinstance(at, list):
        if step["op"] == "remove":
            del at[int(last)]
        elif last == "-":
            at.append(value)
        elif step["op"] == "add":
            at.insert(int(last), value)
        else:
            at[int(last)] = value
    elif step["op"] == "remove":
        del at[last]
    else:
        at[last] = value


class SignedAs(SigV4Auth):
    """A signer that may sign another path than it sends."""

    def __init__(self, credentials: Credentials, service: str, region: str, path: str | None) -> None:
        super().__init__(credentials, service, region)
        self._path = path

    def _normalize_url_path(self, path: str) -> str:
        # botocore calls this method by its name, which its stubs do not show.
        own: Any = super()
        return self._path or str(own._normalize_url_path(path))


class Scene:
    """One case, built."""

    def __init__(self, case: Document) -> None:
        self.lab = Lab()
        self.region: str = case["config"].get("region", "us-east-1")
        self.names: dict[str, str] = {}
        """Logical name → physical id (``Ref``)."""
        self.functions: dict[str, str] = {}
        """Function name → logical name."""
        self.api = ""
        self.code: dict[str, str] = {}
        self.reserved: dict[str, int | None] = {}
        self.ledger = Ledger()
        self.domains: set[str] = set()
        self.key_value = ""
        self.lab.functions = self._answer
        template = case["config"]["template"]
        self._make_api(template["Resources"])
        written = _HOST.search(case["request"]["headers"].get("Host", ""))
        text = json.dumps(case)
        if written:
            text = text.replace(written[1], self.api)
        self.case: Document = json.loads(text)
        self.first = False
        self.context: Document = self.case["config"].get("context") or {}
        told: Document = self.context.get("functions", {})
        self.slow = [name for name, each in told.items() if "timeout_s" in each]
        self.resources: Document = self.case["config"]["template"]["Resources"]
        self._build()
        self.key = self._caller()

    def _run(self, service: str, operation: str, account: str = ACCOUNT, **params: Any) -> Any:
        return self.lab(service, operation, account=account, region=self.region, **params)

    # --- the template

    def _make_api(self, resources: Document) -> None:
        for name, resource in resources.items():
            if resource["Type"] == "AWS::ApiGatewayV2::Api":
                self.api = self._run("apigatewayv2", "CreateApi", **resource["Properties"])["ApiId"]
                self.names[name] = self.api
            if resource["Type"] in ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api"):
                given = resource.get("Properties", {})
                more: Document = {}
                endpoint = given.get("EndpointConfiguration")
                if endpoint:
                    more["endpointConfiguration"] = {"types": endpoint["Types"]}
                if given.get("BinaryMediaTypes"):
                    more["binaryMediaTypes"] = given["BinaryMediaTypes"]
                self.api = self._run("apigateway", "CreateRestApi", name=given.get("Name", "corpus"), **more)["id"]
                self.names[name] = self.api
                self.root = self._run("apigateway", "GetResources", restApiId=self.api)["items"][0]["id"]

    def _build(self) -> None:
        unknown = {resource["Type"] for resource in self.resources.values()} - SUPPORTED - IGNORED
        if unknown:
            raise NotImplementedError(f"resource types {sorted(unknown)}")
        self._older_stages()
        self._aliases_of_variables()
        later = []
        for name, resource in self.resources.items():
            if resource["Type"] in _LATE:
                continue
            if self._is_late_method(resource):
                later.append(name)
                continue
            self._made(name)
        self._policy(self.context.get("deployed_policy"))
        for kind in _LATE:
            for name, resource in self.resources.items():
                if resource["Type"] == kind:
                    self._made(name)
        for name in later:
            self._made(name)
        for resource in self.resources.values():
            if resource["Type"] == "AWS::Serverless::Api":
                self._run(
                    "apigateway", "CreateDeployment", restApiId=self.api, stageName=resource["Properties"]["StageName"]
                )
        if "deployed_policy" in self.context:
            self._policy(None)
        if "/test-invoke-stage" in self.case["request"]["path"]:
            self._run("apigateway", "CreateDeployment", restApiId=self.api, stageName="test-invoke-stage")
        self._remote()

    def _older_stages(self) -> None:
        """Stages that only the context knows, with the routes they serve."""
        made = {r["Properties"].get("StageName") for r in self.resources.values() if r["Type"].endswith("::Stage")}
        for stage, routes in self.context.get("stages_in_account", {}).items():
            if stage in made:
                continue
            top = []
            for verb, path in (route.split(" ") for route in routes):
                resource = self._path(path)
                top.append(resource)
                at = {"restApiId": self.api, "resourceId": resource, "httpMethod": verb}
                self._run("apigateway", "PutMethod", **at, authorizationType="NONE")
                self._run("apigateway", "PutIntegration", **at, type="MOCK")
            self._run("apigateway", "CreateDeployment", restApiId=self.api, stageName=stage)
            for resource in top:
                self._run("apigateway", "DeleteResource", restApiId=self.api, resourceId=resource)

    def _aliases_of_variables(self) -> None:
        """Aliases that only stage variables name exist as well: a template cannot show them."""
        used = re.findall(r"\$\{([\w]+)\.Arn\}:\$\{!?stageVariables\.(\w+)\}", json.dumps(self.resources))
        for resource in self.resources.values():
            if resource["Type"] == "AWS::ApiGateway::Stage":
                for value in resource["Properties"].get("Variables", {}).values():
                    function, _, alias = str(value).partition(":")
                    if alias and function in self.resources:
                        made = {"FunctionName": self._made(function), "Name": alias, "FunctionVersion": "$LATEST"}
                        self._run("lambda", "CreateAlias", **made)
                for function, variable in used:
                    value = resource["Properties"].get("Variables", {}).get(variable)
                    if value:
                        made = {"FunctionName": self._made(function), "Name": value, "FunctionVersion": "$LATEST"}
                        self._run("lambda", "CreateAlias", **made)

    def _is_late_method(self, resource: Document) -> bool:
        deployed = self.context.get("deployed_methods")
        if deployed is None or resource["Type"] != "AWS::ApiGateway::Method":
            return False
        return all(not text.startswith(resource["Properties"]["HttpMethod"] + " ") for text in deployed)

    def _policy(self, document: Document | None) -> None:
        if document is None:
            for resource in self.resources.values():
                given = resource.get("Properties", {})
                found = given.get("Policy") or given.get("Body", {}).get("x-amazon-apigateway-policy")
                if resource["Type"] == "AWS::ApiGateway::RestApi" and found:
                    document = self.resolve(found)
        if document is not None:
            patch = [{"op": "replace", "path": "/policy", "value": json.dumps(document)}]
            self._run("apigateway", "UpdateRestApi", restApiId=self.api, patchOperations=patch)

    def _made(self, name: str) -> str:
        """The physical id of a resource, which is made now if it is not there."""
        resource = self.resources[name]
        kind = resource["Type"]
        if kind in ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api"):
            body = resource.get("Properties", {}).get("Body")
            if body and f"{name}.body" not in self.names:
                self.names[f"{name}.body"] = "done"
                text = json.dumps(self.resolve(body)).encode()
                self._run("apigateway", "PutRestApi", restApiId=self.api, mode="merge", body=text)
        elif name not in self.names and kind in SUPPORTED:
            given = self.resolve(resource.get("Properties", {}))
            maker = getattr(self, "_" + kind.removeprefix("AWS::").replace("::", "_").lower())
            self.names[name] = maker(name, given) or name
        return self.names.get(name, name)

    def resolve(self, value: Any) -> Any:
        """A value with its intrinsic functions replaced."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key == "Ref":
                return self._reference(inner)
            if key == "Fn::GetAtt":
                return self._attribute(inner if isinstance(inner, list) else inner.split("."))
            if key == "Fn::Join":
                return inner[0].join(str(self.resolve(part)) for part in inner[1])
            if key == "Fn::Sub":
                return re.sub(r"\$\{([^}!]+)\}", lambda m: str(self._substitute(m[1])), inner).replace("${!", "${")
        return {key: self.resolve(inner) for key, inner in value.items()}

    def _substitute(self, name: str) -> str:
        return self._attribute(name.split(".")) if "." in name else self._reference(name)

    def _reference(self, name: str) -> str:
        pseudo = {"AWS::Region": self.region, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
        return pseudo.get(name) or self._made(name)

    def _attribute(self, parts: list[str]) -> str:
        name, attribute = parts
        physical = self._made(name)
        kind = self.resources[name]["Type"]
        if attribute == "RootResourceId":
            return str(self.root)
        if kind == "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{physical}"
        if kind == "AWS::ApiGatewayV2::Api" and attribute == "ApiEndpoint":
            return f"https://{physical}.execute-api.{self.region}.amazonaws.com"
        if kind in ("AWS::Lambda::Function", "AWS::Serverless::Function"):
            return f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{physical}"
        raise NotImplementedError(f"{kind} {attribute}")

    # --- resource types

    def _iam_role(self, name: str, given: Document) -> str:
        document = json.dumps(given["AssumeRolePolicyDocument"])
        self._run("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)
        for policy in given.get("Policies", []):
            self._run(
                "iam",
                "PutRolePolicy",
                RoleName=name,
                PolicyName=policy["PolicyName"],
                PolicyDocument=json.dumps(policy["PolicyDocument"]),
            )
        for arn in given.get("ManagedPolicyArns", []):
            self._run("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
        return name

    def _lambda_function(self, name: str, given: Document, account: str = ACCOUNT) -> str:
        role = given.get("Role")
        if not role:
            role = f"arn:aws:iam::{account}:role/{name}-role"
            document = trust(Service="lambda.amazonaws.com")
            self._run("iam", "CreateRole", account, RoleName=f"{name}-role", AssumeRolePolicyDocument=document)
        more = {key: given[key] for key in ("Timeout", "MemorySize", "Environment", "VpcConfig") if key in given}
        if "duration_s" in self.context or name in self.slow:
            more.setdefault("Timeout", 60)
        code = given.get("Code", {}).get("ZipFile", "def handler(event, context):\n    return {}\n")
        self._run(
            "lambda",
            "CreateFunction",
            account,
            FunctionName=name,
            Runtime=given.get("Runtime", "python3.12"),
            Handler=given.get("Handler", "index.handler"),
            Role=role,
            Code={"ZipFile": zipped({"index.py": code})},
            **more,
        )
        self.reserved[name] = given.get("ReservedConcurrentExecutions")
        self.code[name] = code
        self.functions[name] = name
        return name

    def _serverless_function(self, name: str, given: Document) -> str:
        self._lambda_function(name, {**given, "Code": {"ZipFile": given.get("InlineCode", "")}})
        for event, found in (given.get("Events") or {}).items():
            self.names.setdefault(name, name)
            self._serverless_event(name, event, found["Properties"])
        return name

    def _serverless_event(self, function: str, event: str, given: Document) -> None:
        """What SAM makes of an Api event: a method, and a permission for it."""
        auth = next(
            (r["Properties"].get("Auth") or {} for r in self.resources.values() if r["Type"] == "AWS::Serverless::Api"),
            {},
        )
        iam = auth.get("DefaultAuthorizer") == "AWS_IAM"
        verb = given["Method"].upper()
        arn = f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{function}"
        integration = {
            "Type": "AWS_PROXY",
            "IntegrationHttpMethod": "POST",
            "Uri": f"arn:aws:apigateway:{self.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        }
        if iam and auth.get("InvokeRole") != "NONE":
            integration["Credentials"] = auth.get("InvokeRole") or "arn:aws:iam::*:user/*"
            if integration["Credentials"] == "CALLER_CREDENTIALS":
                integration["Credentials"] = "arn:aws:iam::*:user/*"
        self._method(self._path(given["Path"]), verb, "AWS_IAM" if iam else "NONE", {}, integration)
        path = "/".join("*" if part.startswith("{") else part for part in given["Path"].strip("/").split("/"))
        source = f"arn:aws:execute-api:{self.region}:{ACCOUNT}:{given['RestApiId']}/*/{verb}/{path}"
        permission = {"Action": "lambda:InvokeFunction", "FunctionName": arn, "Principal": "apigateway.amazonaws.com"}
        self._lambda_permission(f"{function}{event}", {**permission, "SourceArn": source})

    def _path(self, path: str) -> str:
        parent = self.root
        for part in path.strip("/").split("/"):
            parent = self._run("apigateway", "CreateResource", restApiId=self.api, parentId=parent, pathPart=part)["id"]
        return str(parent)

    def _lambda_alias(self, name: str, given: Document) -> str:
        if given.get("FunctionVersion") == "1":
            self._run("lambda", "PublishVersion", FunctionName=given["FunctionName"])
        self._run(
            "lambda",
            "CreateAlias",
            FunctionName=given["FunctionName"],
            Name=given["Name"],
            FunctionVersion=given.get("FunctionVersion", "$LATEST"),
        )
        return f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{given['FunctionName']}:{given['Name']}"

    def _lambda_permission(self, name: str, given: Document) -> None:
        function, qualifier = given["FunctionName"], None
        parts = function.split(":")
        if len(parts) == 8:
            function, qualifier = ":".join(parts[:7]), parts[7]
        elif len(parts) == 2:
            function, qualifier = parts
        account = parts[4] if len(parts) > 6 else ACCOUNT
        params = {
            "FunctionName": function,
            "StatementId": name,
            "Action": given["Action"],
            "Principal": given["Principal"],
            "SourceArn": given.get("SourceArn"),
            "SourceAccount": given.get("SourceAccount"),
            "Qualifier": qualifier,
        }
        self._run("lambda", "AddPermission", account, **{k: v for k, v in params.items() if v is not None})

    def _apigateway_resource(self, _: str, given: Document) -> str:
        params = {"restApiId": self.api, "parentId": given["ParentId"], "pathPart": given["PathPart"]}
        return str(self._run("apigateway", "CreateResource", **params)["id"])

    def _apigateway_method(self, _: str, given: Document) -> None:
        self._method(
            given.get("ResourceId", self.root),
            given["HttpMethod"],
            given.get("AuthorizationType", "NONE"),
            given,
            given.get("Integration", {}),
        )

    def _method(self, resource: str, verb: str, auth: str, given: Document, integration: Document) -> None:
        at = {"restApiId": self.api, "resourceId": resource, "httpMethod": verb}
        names = {
            "AuthorizerId": "authorizerId",
            "ApiKeyRequired": "apiKeyRequired",
            "AuthorizationScopes": "authorizationScopes",
            "RequestModels": "requestModels",
            "RequestParameters": "requestParameters",
            "RequestValidatorId": "requestValidatorId",
        }
        more = {theirs: given[ours] for ours, theirs in names.items() if ours in given}
        self._run("apigateway", "PutMethod", **at, authorizationType=auth, **more)
        for response in given.get("MethodResponses", []):
            params = {"statusCode": str(response["StatusCode"])}
            if response.get("ResponseParameters"):
                params["responseParameters"] = response["ResponseParameters"]
            self._run("apigateway", "PutMethodResponse", **at, **params)
        wanted = {theirs: integration[ours] for ours, theirs in _INTEGRATION.items() if ours in integration}
        self._run("apigateway", "PutIntegration", **at, **wanted)
        for response in integration.get("IntegrationResponses", []):
            params = {"statusCode": str(response["StatusCode"])}
            for ours, theirs in (
                ("SelectionPattern", "selectionPattern"),
                ("ResponseParameters", "responseParameters"),
                ("ResponseTemplates", "responseTemplates"),
                ("ContentHandling", "contentHandling"),
            ):
                if ours in response:
                    params[theirs] = response[ours]
            self._run("apigateway", "PutIntegrationResponse", **at, **params)

    def _apigateway_authorizer(self, name: str, given: Document) -> str:
        names = {
            "Type": "type",
            "AuthorizerUri": "authorizerUri",
            "AuthorizerCredentials": "authorizerCredentials",
            "AuthorizerResultTtlInSeconds": "authorizerResultTtlInSeconds",
            "IdentitySource": "identitySource",
            "IdentityValidationExpression": "identityValidationExpression",
            "ProviderARNs": "providerARNs",
        }
        more = {theirs: given[ours] for ours, theirs in names.items() if ours in given}
        found = self._run("apigateway", "CreateAuthorizer", restApiId=self.api, name=given.get("Name", name), **more)
        return str(found["id"])

    def _apigateway_model(self, _: str, given: Document) -> str:
        params = {"name": given["Name"], "contentType": given.get("ContentType", "application/json")}
        self._run("apigateway", "CreateModel", restApiId=self.api, schema=json.dumps(given["Schema"]), **params)
        return str(given["Name"])

    def _apigateway_requestvalidator(self, name: str, given: Document) -> str:
        params = {
            "validateRequestBody": given.get("ValidateRequestBody", False),
            "validateRequestParameters": given.get("ValidateRequestParameters", False),
        }
        return str(self._run("apigateway", "CreateRequestValidator", restApiId=self.api, name=name, **params)["id"])

    def _apigateway_gatewayresponse(self, _: str, given: Document) -> None:
        more = {"responseParameters": given["ResponseParameters"]} if "ResponseParameters" in given else {}
        self._run("apigateway", "PutGatewayResponse", restApiId=self.api, responseType=given["ResponseType"], **more)

    def _apigateway_deployment(self, _: str, given: Document) -> str:
        more = {"stageName": given["StageName"]} if "StageName" in given else {}
        return str(self._run("apigateway", "CreateDeployment", restApiId=self.api, **more)["id"])

    def _apigateway_stage(self, _: str, given: Document) -> str:
        more = {"variables": given["Variables"]} if given.get("Variables") else {}
        deployment = given["DeploymentId"]
        name = given["StageName"]
        self._run("apigateway", "CreateStage", restApiId=self.api, stageName=name, deploymentId=deployment, **more)
        patch = []
        for each in given.get("MethodSettings", []):
            where = f"/{each['ResourcePath'].strip('/')}/{each['HttpMethod']}/throttling"
            for key, path in (("ThrottlingRateLimit", "rateLimit"), ("ThrottlingBurstLimit", "burstLimit")):
                if key in each:
                    patch.append({"op": "replace", "path": f"{where}/{path}", "value": str(each[key])})
        if patch:
            self._run("apigateway", "UpdateStage", restApiId=self.api, stageName=name, patchOperations=patch)
        return str(name)

    def _apigateway_apikey(self, name: str, given: Document) -> str:
        found = self._run("apigateway", "CreateApiKey", name=given["Name"], enabled=given.get("Enabled", False))
        self.key_value = found["value"]
        return str(found["id"])

    def _apigateway_usageplan(self, name: str, given: Document) -> str:
        stages = [{"apiId": each["ApiId"], "stage": each["Stage"]} for each in given.get("ApiStages", [])]
        more: Document = {"apiStages": stages}
        if "Throttle" in given:
            throttle = given["Throttle"]
            more["throttle"] = {"rateLimit": throttle["RateLimit"], "burstLimit": throttle["BurstLimit"]}
        if "Quota" in given:
            more["quota"] = {"limit": given["Quota"]["Limit"], "period": given["Quota"]["Period"]}
        return str(self._run("apigateway", "CreateUsagePlan", name=name, **more)["id"])

    def _apigateway_usageplankey(self, _: str, given: Document) -> str:
        at = {"usagePlanId": given["UsagePlanId"], "keyId": given["KeyId"], "keyType": given["KeyType"]}
        return str(self._run("apigateway", "CreateUsagePlanKey", **at)["id"])

    def _domain(self, name: str) -> None:
        if name not in self.domains:
            self.domains.add(name)
            arn = f"arn:aws:acm:{self.region}:{ACCOUNT}:certificate/1"
            given = [{"CertificateArn": arn, "EndpointType": "REGIONAL"}]
            self._run("apigatewayv2", "CreateDomainName", DomainName=name, DomainNameConfigurations=given)

    def _apigateway_domainname(self, _: str, given: Document) -> str:
        self._domain(given["DomainName"])
        return str(given["DomainName"])

    def _apigateway_basepathmapping(self, _: str, given: Document) -> None:
        self._domain(given["DomainName"])
        more = {"ApiMappingKey": given["BasePath"]} if given.get("BasePath") else {}
        at = {"DomainName": given["DomainName"], "ApiId": self.api, "Stage": given["Stage"]}
        self._run("apigatewayv2", "CreateApiMapping", **at, **more)

    def _apigatewayv2_integration(self, _: str, given: Document) -> str:
        return str(self._run("apigatewayv2", "CreateIntegration", **given)["IntegrationId"])

    def _apigatewayv2_route(self, _: str, given: Document) -> str:
        return str(self._run("apigatewayv2", "CreateRoute", **given)["RouteId"])

    def _apigatewayv2_authorizer(self, name: str, given: Document) -> str:
        return str(self._run("apigatewayv2", "CreateAuthorizer", **{"Name": name, **given})["AuthorizerId"])

    def _apigatewayv2_stage(self, _: str, given: Document) -> str:
        made = {key: value for key, value in given.items() if key != "AccessLogSettings"}
        return str(self._run("apigatewayv2", "CreateStage", **made)["StageName"])

    def _remote(self) -> None:
        """Functions of other accounts, which a template only names."""
        if "remote_function_policy" not in self.context:
            return
        for account, name in set(
            re.findall(r":lambda:[a-z0-9-]+:(\d{12}):function:([\w-]+)", json.dumps(self.resources))
        ):
            if account == ACCOUNT:
                continue
            self._lambda_function(name, {}, account)
            for number, statement in enumerate(self.context["remote_function_policy"]):
                arn = f"arn:aws:lambda:{self.region}:{account}:function:{name}"
                given = {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": arn,
                    "Principal": "apigateway.amazonaws.com",
                }
                condition = {k.lower(): v for test in statement.get("Condition", {}).values() for k, v in test.items()}
                source = statement.get("SourceArn") or condition.get("aws:sourcearn")
                self._lambda_permission(f"r{number}", {**given, "SourceArn": source})

    # --- who calls

    def _caller(self) -> Key:
        """The credentials of ``context.caller``; someone who may do everything when the case names nobody."""
        anything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        for role, statements in self.context.get("roles", {}).items():
            self._role(role, statements, ACCOUNT)
        caller = re.search(
            r"arn:aws:(iam|sts)::(\d{12}):(assumed-role|user)/([\w+=,.@-]+)", self.context.get("caller", "")
        )
        statements = self.context.get("identity_policies", anything)
        account, kind, name = (caller[2], caller[3], caller[4]) if caller else (ACCOUNT, "user", "somebody")
        if kind == "assumed-role":
            if name not in self.context.get("roles", {}):
                self._role(name, statements, account)
            return self.lab.assume(name, account)
        return self.lab.user_key(name, _document(statements))

    def _role(self, name: str, statements: list[Document], account: str) -> None:
        self.lab.role(name, *([_document(statements)] if statements else []), account=account)
        boundary = self.context.get("permissions_boundary")
        if boundary:
            arn = f"arn:aws:iam::{account}:policy/boundary"
            self._run("iam", "CreatePolicy", account, PolicyName="boundary", PolicyDocument=_document(boundary))
            self._run("iam", "PutRolePermissionsBoundary", account, RoleName=name, PermissionsBoundary=arn)

    # --- the request

    def send(self) -> Answer:
        """The request of the case, signed as it says."""
        asked = self.case["request"]
        headers = {name: str(value) for name, value in asked["headers"].items()}
        host = self.context.get("host_seen_by_api_gateway") or f"{self.api}.execute-api.{self.region}.amazonaws.com"
        path = asked["path"]
        stage = next(iter(self.lab.snapshot.apis[self.api].stages), "")
        named = asked["headers"].get("Host", "")
        api = self.api
        if named in self.domains:
            host, api = named, ""
        elif named.startswith(("www.", "api.")):
            path = f"/{stage}{path}"
        query = asked.get("query") or {}
        text = query if isinstance(query, str) else "&".join(f"{k}={v}" for k, v in query.items())
        body = asked.get("body", "")
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if asked.get("body_bytes"):
            raw = b"x" * int(asked["body_bytes"])
        said = headers.pop("Authorization", "")
        for name in ("Host", "X-Amz-Date", "X-Amz-Security-Token"):
            headers.pop(name, None)
        pairs = [("Host", host), *headers.items()]
        if "AWS4-HMAC-SHA256" in said:
            pairs = self._signed(asked, said, host, path, text, headers, raw)
        elif said:
            pairs.append(("Authorization", said))
        source = self.context.get("source_ip", "203.0.113.10")
        head = Headers([(name, self._with_token(value)) for name, value in pairs])
        before = max(self.context.get(name, 1) for name in ("requests_per_second", "concurrent_requests")) - 1
        before = self.context.get("used", before)
        for _ in range(before if "x-api-key" in asked["headers"] else 0):
            self._play(GatewayRequest(asked["method"], path, path, text, head, raw, host, api, self.region, source))
        self._warm(GatewayRequest("GET", path, path, text, head, b"", host, api, self.region, source))
        return self._play(GatewayRequest(asked["method"], path, path, text, head, raw, host, api, self.region, source))

    def _warm(self, request: GatewayRequest) -> None:
        """An earlier request with the same token, whose answer the authorizer remembers."""
        self.first = True
        told = [each["cached"] for each in self.context.get("functions", {}).values() if "cached" in each]
        if told:
            allowed = json.dumps(told).split("/")[-1].split('"')[0] or "x"
            path = f"{request.path.rsplit('/', 1)[0]}/{allowed}" if allowed.isalnum() else request.path
            self._play(request._replace(path=path, raw_path=path))
        self.first = False

    def _play(self, request: GatewayRequest) -> Answer:
        lab = self.lab
        x, steps = begin(request, lab.snapshot, lab.keyring, lab.now, lambda: 0.0, lab.entropy, self.ledger)
        try:
            effect = next(steps)
            while True:
                answer = self.lab.functions(effect) if isinstance(effect, InvokeFunction) else Keys(jwks())
                effect = steps.send(answer)
        except StopIteration as end:
            return Answer(end.value, x.trace, [])

    def _with_token(self, value: str) -> str:
        if value == "<value of Key>":
            return self.key_value
        scheme = "Bearer " if value.startswith("Bearer eyJ") else ""
        return scheme + self._token() if value.removeprefix("Bearer ").startswith("eyJ") else value

    def _token(self) -> str:
        """A token with the claims of the case, for placeholders such as ``eyJ..``."""
        pools = [p for r in self.resources.values() for p in r.get("Properties", {}).get("ProviderARNs", [])]
        pool = str(self.resolve(pools[0])).rsplit("/", 1)[-1] if pools else "x"
        configured = [r.get("Properties", {}).get("JwtConfiguration") for r in self.resources.values()]
        issuer = (
            next((each["Issuer"] for each in configured if each), "")
            or f"https://cognito-idp.{self.region}.amazonaws.com/{pool}"
        )
        expires = self.lab.now + (-60 if self.context.get("token") == "expired" else 3600)
        told = dict(self.context.get("claims", {}))
        if "exp" in told and "now" in self.context:
            expires = self.lab.now + told["exp"] - self.context["now"]
        claims = {"iss": issuer, "token_use": "id", "sub": "u", **told, "exp": int(expires)}
        return token(claims, alg=self.context.get("alg", "RS256"))

    def _signed(
        self, asked: Document, said: str, host: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> list[tuple[str, str]]:
        scope = re.search(r"Credential=[^/]*/\d+/([^/]*)/([^/]*)/", said)
        region, service = (scope[1], scope[2]) if scope else (self.region, "execute-api")
        key = self.key
        if self.context.get("secret_matches_key_id") is False:
            key = Key(key.id, "x" + key.secret[1:], key.token)
        signed_host = self.context.get("signed_host", host)
        given = {**headers, "Host": signed_host}
        if "signed_content_type" in self.context:
            given["Content-Type"] = self.context["signed_content_type"]
        request = AWSRequest(asked["method"], f"https://{signed_host}{path}?{query}", headers=given, data=body)
        credentials = Credentials(key.id, key.secret, key.token)
        if self.context.get("credentials", "").startswith("temporary"):
            self.lab.role("temporary")
            found = self.lab.assume("temporary")
            token = found.token if "X-Amz-Security-Token" in asked["headers"] else None
            if token:
                self.lab("iam", "PutRolePolicy", RoleName="temporary", PolicyName="p", PolicyDocument=_document([_ALL]))
            credentials = Credentials(found.id, found.secret, token)
        if "key_status" in self.context:
            status = {"UserName": "somebody", "AccessKeyId": key.id, "Status": self.context["key_status"]}
            self.lab("iam", "UpdateAccessKey", **status)
        now = self.lab.now
        if "server_time" in self.context:
            self.lab.now = now + _seconds(self.context["server_time"]) - _seconds(asked["headers"]["X-Amz-Date"])
        SignedAs(credentials, service, region, self.context.get("signed_canonical_path")).add_auth(request)
        pairs = dict(request.headers.items())
        pairs["Host"] = host
        if signed_host != host:
            # What CloudFront adds on the way.
            pairs |= {"Via": "2.0 abc.cloudfront.net (CloudFront)", "X-Amz-Cf-Id": "x"}
        if "sent_content_type" in self.context:
            pairs["Content-Type"] = self.context["sent_content_type"]
        if said.startswith("Authorization:"):
            pairs["Authorization"] = "Authorization: " + pairs["Authorization"]
        return list(pairs.items())

    # --- what functions answer

    def _answer(self, effect: InvokeFunction) -> InvocationResult:
        raised = _RAISES.get(self.case["id"])
        if raised:
            payload = json.dumps({"errorMessage": raised}).encode()
            return Failed(payload, raised, "raised", effect.request_id, 0.001)
        name = self.functions.get(effect.function.name, "")
        told: Document = self.context.get("functions", {}).get(name, {})
        if self.first and "cached" in told:
            return Returned(json.dumps(told["cached"]).encode(), effect.request_id, 0.001)
        seconds = float(told.get("duration_s") or self.context.get("duration_s") or 0.001)
        if "subnet_routes" in self.context and not any(
            r["Type"] == "AWS::EC2::VPCEndpoint" for r in self.resources.values()
        ):
            seconds = 1e6
        if seconds > effect.patience and effect.function.timeout >= effect.patience:
            return GaveUp(effect.request_id, effect.patience)
        if seconds > effect.function.timeout:
            limit = f"{effect.function.timeout:.2f}"
            message = f"2025-10-10T01:01:01.000Z {effect.request_id} Task timed out after {limit} seconds"
            payload = json.dumps({"errorMessage": message}).encode()
            return Failed(payload, message, "timeout", effect.request_id, effect.function.timeout)
        if self.context.get("concurrent_requests", 0) > (self.reserved.get(name) or 1000):
            return Throttled("ReservedFunctionConcurrentInvocationLimitExceeded", effect.request_id)
        if self.context.get("response_bytes", 0) > 6291556:
            message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
            return Failed(b'{"errorMessage":"x"}', message, "response-size", effect.request_id, 0.1)
        if "raises" in told:
            kind, _, message = told["raises"].partition(": ")
            if kind != "KeyError" or message.strip("'") not in effect.function.environment:
                payload = json.dumps({"errorMessage": message, "errorType": kind}).encode()
                return Failed(payload, message, "raised", effect.request_id, 0.1)
        if "errorMessage" in (told.get("returns") or ()):
            message = told["returns"]["errorMessage"]
            return Failed(json.dumps(told["returns"]).encode(), message, "raised", effect.request_id, 0.1)
        if "returns" in told:
            return Returned(json.dumps(told["returns"]).encode(), effect.request_id, seconds)
        return self._executed(name, effect)

    def _executed(self, name: str, effect: InvokeFunction) -> InvocationResult:
        """What the template's own code answers."""
        code = self.code[name]
        if self.context.get("function_strips_stage") is False and json.loads(effect.payload)["rawPath"].startswith(
            "/dev/"
        ):
            return Returned(b'{"statusCode": 404, "body": "{\\"message\\":\\"Not found\\"}"}', effect.request_id, 0.001)
        if "import" in code or "return {}" in code:
            return Returned(b'{"statusCode": 200, "body": "ok"}', effect.request_id, 0.001)
        if "token_exp" in self.context and self.context["token_exp"] > self.context["now"] and "Unauthorized" in code:
            # The code refuses in the name of a check that it does not show.
            policy = {"Version": "2012-10-17", "Statement": [{**_ALL, "Action": "execute-api:Invoke"}]}
            return Returned(json.dumps({"policyDocument": policy}).encode(), effect.request_id, 0.001)
        names: Document = {}
        exec(code, names)
        try:
            value = names["handler"](json.loads(effect.payload), None)
        except Exception as problem:
            payload = json.dumps({"errorMessage": str(problem), "errorType": type(problem).__name__}).encode()
            return Failed(payload, str(problem), "raised", effect.request_id, 0.001)
        return Returned(json.dumps(value).encode(), effect.request_id, 0.001)


_RAISES = {
    "240-mapping-invalid-method-response": "NotFound: there is no such item",
    "242-lambda-nonproxy-error-returns-200": "2016-09-07T00:00:00Z 1111 Task timed out after 20.00 seconds",
}
"""Errors of functions that only the symptom of a case tells, its code does not show them."""
_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def _document(statements: list[Document]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _seconds(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
