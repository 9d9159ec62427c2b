"""HTTP stages and domain names compiled from what the control plane wrote."""

from __future__ import annotations

from tests.scenes.calls import ACCOUNT, REGION
from tests.scenes.http_api import HttpApi, function_arn, invocation_uri

from sekisho.config.api import IAM, OPEN, ApiMapping, Cors, Limits, UnsupportedAuthorizer
from sekisho.config.authorizers import IdentitySource, JwtAuthorizer, LambdaAuthorizer
from sekisho.config.integrations import Authority, HttpLambda, HttpProxy, Unsupported
from sekisho.config.parameters import ParameterMapping, Part
from sekisho.config.snapshot import EMPTY
from sekisho.faults.fault import Kind
from sekisho.publish.http import domains, http_apis
from sekisho.publish.publisher import publish

ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:"


def built() -> HttpApi:
    http = HttpApi()
    http.create()
    return http


def test_an_api_with_routes() -> None:
    http = built()
    route = http.route("GET /pets/{petId}", function="pets:live", OperationName="get")
    http.route("$default", function="rest", AuthorizationType="AWS_IAM")
    http.stage("$default")
    snapshot = publish(http.store, None, EMPTY, 7)
    api = snapshot.apis[http.api]
    assert (api.kind, api.name, api.account, api.region) == (Kind.HTTP, "api", ACCOUNT, REGION)
    assert not api.disable_execute_api_endpoint
    stage = api.stages["$default"]
    found = stage.router.match("/pets/7", "GET")
    assert found is not None
    assert found.parameters == {"petId": "7"}
    assert (found.route.resource_id, found.route.route_key) == (route, "GET /pets/{petId}")
    assert (found.route.method, found.route.resource_path) == ("GET", "/pets/{petId}")
    assert (found.route.authorizer, found.route.operation_name) == (OPEN, "get")
    assert found.route.arn_prefix == f"{ARN}{http.api}/$default/"
    assert found.route.integration == HttpLambda(
        function_arn=function_arn("pets"),
        qualifier="live",
        authority=Authority.SERVICE,
        role_arn="",
        source_arn=f"{ARN}{http.api}/$default/",
        timeout=30.0,
        payload="2.0",
        uri=function_arn("pets:live"),
    )
    assert stage.router.match("/other", "GET") is None
    assert stage.default_route is not None
    assert stage.default_route.authorizer == IAM
    assert (stage.default_route.route_key, stage.default_route.method) == ("$default", "ANY")


def test_stage_variables_and_roles() -> None:
    http = built()
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    uri = function_arn("f") + ":${stageVariables.alias}"
    target = http.integration(IntegrationUri=uri, CredentialsArn=role, PayloadFormatVersion="1.0", TimeoutInMillis=50)
    http.route("GET /", Target=f"integrations/{target}")
    http.stage("dev", StageVariables={"alias": "blue"})
    http.stage("prod")
    stages = publish(http.store, None, EMPTY, 1).apis[http.api].stages
    dev, prod = (stages[name].router.match("/", "GET") for name in ("dev", "prod"))
    assert dev is not None
    assert prod is not None
    assert isinstance(dev.route.integration, HttpLambda)
    assert (dev.route.integration.function_arn, dev.route.integration.qualifier) == (function_arn("f"), "blue")
    assert (dev.route.integration.authority, dev.route.integration.role_arn) == (Authority.ROLE, role)
    assert (dev.route.integration.payload, dev.route.integration.timeout) == ("1.0", 0.05)
    assert isinstance(prod.route.integration, HttpLambda)
    assert prod.route.integration.function_arn == ""
    assert prod.route.integration.uri == uri


def test_proxies_and_parameters() -> None:
    http = built()
    target = http.integration(
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri="https://${stageVariables.host}/{proxy}",
        PayloadFormatVersion="1.0",
        RequestParameters={"overwrite:path": "/v2${request.path}", "remove:header.X-Secret": "''"},
        ResponseParameters={"500": {"overwrite:statuscode": "403", "append:header.X-Id": "$context.requestId"}},
    )
    http.route("ANY /{proxy+}", Target=f"integrations/{target}")
    http.stage("s", StageVariables={"host": "example.com"})
    found = publish(http.store, None, EMPTY, 1).apis[http.api].stages["s"].router.match("/a/b", "PUT")
    assert found is not None
    assert found.parameters == {"proxy": "a/b"}
    assert found.route.integration == HttpProxy(
        method="ANY",
        uri="https://example.com/{proxy}",
        timeout=30.0,
        request_mappings=(
            ParameterMapping("overwrite", "path", "", (Part("literal", "/v2"), Part("path", ""))),
            ParameterMapping("remove", "header", "x-secret", ()),
        ),
        response_mappings={
            "500": (
                ParameterMapping("overwrite", "statuscode", "", (Part("literal", "403"),)),
                ParameterMapping("append", "header", "x-id", (Part("context", "requestId"),)),
            )
        },
    )


def test_what_does_not_run_is_refused() -> None:
    http = built()
    http.on("CreateRoute", RouteKey="GET /bare")
    link = http("CreateVpcLink", Name="l", SubnetIds=["subnet-1"])["VpcLinkId"]
    listener = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/a/b/c"
    target = http.integration(
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=listener,
        ConnectionType="VPC_LINK",
        ConnectionId=link,
        PayloadFormatVersion="1.0",
    )
    http.route("GET /private", Target=f"integrations/{target}")
    http.stage("s")
    router = publish(http.store, None, EMPTY, 1).apis[http.api].stages["s"].router
    for path in ("/bare", "/private"):
        found = router.match(path, "GET")
        assert found is not None
        assert isinstance(found.route.integration, Unsupported)


def test_authorizers() -> None:
    http = built()
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    sources = ["$request.header.X-Key", "$request.querystring.Who", "$context.routeKey", "$stageVariables.v"]
    custom = http.authorizer(
        AuthorizerCredentialsArn=role,
        IdentitySource=sources,
        AuthorizerResultTtlInSeconds=60,
        EnableSimpleResponses=True,
    )
    jwt = http.jwt()
    http.route("GET /c", AuthorizationType="CUSTOM", AuthorizerId=custom)
    http.route("GET /j", AuthorizationType="JWT", AuthorizerId=jwt, AuthorizationScopes=["a", "b"])
    http.stage("s")
    router = publish(http.store, None, EMPTY, 1).apis[http.api].stages["s"].router
    first, second = router.match("/c", "GET"), router.match("/j", "GET")
    assert first is not None
    assert second is not None
    assert first.route.authorizer == LambdaAuthorizer(
        id=custom,
        name="a",
        kind="REQUEST",
        payload="2.0",
        simple=True,
        function_arn=function_arn("authz"),
        qualifier="",
        authority=Authority.ROLE,
        role_arn=role,
        source_arn=f"{ARN}{http.api}/authorizers/{custom}",
        identity_sources=(
            IdentitySource("header", "x-key", sources[0]),
            IdentitySource("querystring", "Who", sources[1]),
            IdentitySource("context", "routeKey", sources[2]),
            IdentitySource("stageVariables", "v", sources[3]),
        ),
        validation=None,
        ttl=60.0,
        uri=invocation_uri("authz"),
    )
    header = IdentitySource("header", "authorization", "$request.header.Authorization")
    assert second.route.authorizer == JwtAuthorizer(jwt, "jwt", header, "https://issuer.example.com", ("me",))
    assert second.route.scopes == ("a", "b")


def test_resetting_the_cache_makes_another_authorizer() -> None:
    http = built()
    http.route("GET /", AuthorizationType="CUSTOM", AuthorizerId=http.authorizer())
    http.stage("s")

    def authorizer() -> object:
        found = publish(http.store, None, EMPTY, 1).apis[http.api].stages["s"].router.match("/", "GET")
        assert found is not None
        return found.route.authorizer

    before = authorizer()
    assert authorizer() == before
    http.on("ResetAuthorizersCache", StageName="s")
    assert authorizer() != before
    assert not isinstance(authorizer(), UnsupportedAuthorizer)


def test_settings_of_a_stage() -> None:
    http = built()
    cors = {"AllowOrigins": ["https://a.example"], "AllowHeaders": ["X-A"], "AllowCredentials": True, "MaxAge": 5}
    http.on("UpdateApi", CorsConfiguration=cors)
    http.route("GET /slow")
    http.route("GET /fast")
    http.stage(
        "s",
        DefaultRouteSettings={"ThrottlingRateLimit": 10.0, "ThrottlingBurstLimit": 20},
        RouteSettings={"GET /slow": {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 2}},
        AccessLogSettings={"DestinationArn": http.log_group("/g"), "Format": "$context.requestId"},
    )
    stage = publish(http.store, None, EMPTY, 1).apis[http.api].stages["s"]
    assert stage.cors == Cors(("https://a.example",), (), ("x-a",), (), True, 5)
    assert stage.throttle == Limits(10.0, 20)
    slow, fast = stage.router.match("/slow", "GET"), stage.router.match("/fast", "GET")
    assert slow is not None
    assert fast is not None
    assert (slow.route.throttle, fast.route.throttle) == (Limits(1.0, 2), None)
    assert stage.log is not None
    assert (stage.log.account, stage.log.region, stage.log.group) == (ACCOUNT, REGION, "/g")


def test_only_what_changed_is_compiled_again() -> None:
    http = built()
    http.route("GET /")
    http.stage("auto")
    first_deployment = http.on("CreateDeployment")["DeploymentId"]
    http.stage("fixed", AutoDeploy=None, DeploymentId=first_deployment)
    first = http_apis(http.store, None, {})
    assert http_apis(http.store, [], first) is first
    before = {change.key: change.document for change in http.store.changes()}
    http.route("GET /more")
    changed = [change.key for change in http.store.changes() if before.get(change.key) != change.document]
    second = http_apis(http.store, changed, first)
    stages = second[http.api].stages
    assert stages["fixed"] is first[http.api].stages["fixed"]
    assert stages["auto"].router.match("/more", "GET") is not None
    assert stages["fixed"].router.match("/more", "GET") is None
    whole = http_apis(http.store, None, {})
    assert whole[http.api].stages["auto"].deployment_id == stages["auto"].deployment_id
    http.on("DeleteStage", StageName="auto")
    http.on("DeleteStage", StageName="fixed")
    http.on("DeleteApi")
    assert http_apis(http.store, [change.key for change in http.store.changes()], second) == {}


def test_an_undeployed_stage_serves_nothing() -> None:
    http = built()
    http.stage("empty")
    assert publish(http.store, None, EMPTY, 1).apis[http.api].stages == {}


def test_closing_the_default_endpoint_needs_a_deployment() -> None:
    http = built()
    http.route("GET /")
    deployment = http.on("CreateDeployment")["DeploymentId"]
    http.stage("s", AutoDeploy=None, DeploymentId=deployment)
    http.on("UpdateApi", DisableExecuteApiEndpoint=True)
    assert not publish(http.store, None, EMPTY, 1).apis[http.api].disable_execute_api_endpoint
    http.on("CreateDeployment", StageName="s")
    assert publish(http.store, None, EMPTY, 1).apis[http.api].disable_execute_api_endpoint


def test_domains() -> None:
    http = built()
    http.route("GET /")
    http.stage("s")
    certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c"
    http("CreateDomainName", DomainName="API.example.com", DomainNameConfigurations=[{"CertificateArn": certificate}])
    http("CreateDomainName", DomainName="idle.example.com", DomainNameConfigurations=[{"CertificateArn": certificate}])
    for key in ("", "v1", "v1/deep"):
        http("CreateApiMapping", DomainName="api.example.com", ApiId=http.api, Stage="s", ApiMappingKey=key)
    snapshot = publish(http.store, None, EMPTY, 1)
    assert snapshot.domains == {
        "api.example.com": tuple(ApiMapping(key, http.api, "s") for key in ("v1/deep", "v1", "")),
        "idle.example.com": (),
    }
    assert domains(http.store, [], snapshot.domains) is snapshot.domains
