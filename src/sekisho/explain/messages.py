"""Every sentence of an explanation, in English and Japanese. ``{name}`` stands for a value of the message.

One table, so that no sentence exists in one language only; a test compares the placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.explain.backend_sentences import BACKENDS
from sekisho.explain.explanation import Said
from sekisho.explain.sentences import BEFORE_THE_BACKEND
from sekisho.explain.text import Text

MESSAGES: dict[str, Text] = {
    **BEFORE_THE_BACKEND,
    **BACKENDS,
    # ── routing ──
    "route.no-api": Text(
        "There is no API with the id {api} here.",
        "ID が {api} の API は存在しません。",
    ),
    "route.host": Text("The request was sent to host {host}.", "リクエストの宛先ホストは {host} です。"),
    "route.stages": Text("API {api} has these stages: {stages}.", "API {api} のステージ: {stages}。"),
    "route.no-stage": Text(
        "API {api} has no stage named {stage}: the first segment of the path must be a stage that was deployed.",
        "API {api} に {stage} というステージはありません。パスの先頭はデプロイ済みのステージ名でなければなりません。",
    ),
    "route.deployed": Text(
        "Stage {stage} serves deployment {deployment}; in it nothing matches {method} {path}.",
        "ステージ {stage} はデプロイ {deployment} を提供しており、その中に {method} {path} に一致するものはありません。",
    ),
    "route.auth-header-misleads": Text(
        "The message speaks of the Authorization header only because an unmatched REST path treats any Authorization "
        "header as a SigV4 attempt; the header is not the problem.",
        "Authorization ヘッダーについての文言は、一致しない REST のパスでは Authorization ヘッダーが SigV4 とみなされる"
        "ためです。ヘッダー自体は問題ではありません。",
    ),
    "route.other-verbs": Text(
        "The path {path} exists for other methods: {verbs}.",
        "パス {path} は別のメソッドでは存在します: {verbs}。",
    ),
    "route.stage-twice": Text(
        "The path repeats the stage name {stage}; the stage is already given.",
        "パスにステージ名 {stage} が重複しています。ステージは既に指定済みです。",
    ),
    "route.not-deployed": Text(
        "{method} {path} exists in the API but not in the deployment that stage {stage} serves: it was never deployed.",
        "{method} {path} は API には存在しますが、ステージ {stage} が提供するデプロイには含まれていません。未デプロイです。",
    ),
    "route.none": Text(
        "No resource and method of stage {stage} matches {method} {path}. REST APIs answer 403 "
        '"Missing Authentication Token" where others answer 404.',
        "ステージ {stage} に {method} {path} に一致するリソースとメソッドがありません。REST API は 404 ではなく 403 "
        "「Missing Authentication Token」を返します。",
    ),
    "route.no-mapping": Text(
        "No API mapping of the custom domain {host} fits the path {path}.",
        "カスタムドメイン {host} の API マッピングに、パス {path} に合うものがありません。",
    ),
    "route.mappings": Text("Its mappings: {keys}.", "設定されているマッピング: {keys}。"),
    "route.stage-in-path": Text(
        "The mapping of {host} already selects the stage; without {stage} the path {path} would be found.",
        "{host} のマッピングが既にステージを選んでいます。{stage} を除いたパス {path} なら見つかります。",
    ),
    "route.wrong-stage": Text(
        "The mapping of {host} leads to stage {stage}; the route exists in stage {other}.",
        "{host} のマッピング先はステージ {stage} ですが、このルートはステージ {other} にあります。",
    ),
    "route.http-prefix": Text(
        "The API has no $default stage, so the path must begin with a stage: {path} would reach stage {stage}.",
        "この API には $default ステージがないため、パスはステージ名で始める必要があります。{path} ならステージ {stage} に届きます。",
    ),
    "route.http-none": Text(
        "No route of stage {stage} matches {method} {path}, and there is no $default route.",
        "ステージ {stage} に {method} {path} に一致するルートがなく、$default ルートもありません。",
    ),
    "route.disabled": Text(
        "The default endpoint of API {api} is disabled (disableExecuteApiEndpoint): only custom domains answer.",
        "API {api} のデフォルトエンドポイントは無効です（disableExecuteApiEndpoint）。カスタムドメインだけが応答します。",
    ),
    "route.too-large": Text(
        "The body is over 10 MB, the limit of API Gateway.",
        "本文が API Gateway の上限 10 MB を超えています。",
    ),
    "route.size": Text("It has {size} bytes.", "本文は {size} バイトです。"),
    # ── signatures ──
    "sig.unsigned": Text(
        "The method {method} {path} has authorization type AWS_IAM, and the request carries no SigV4 signature.",
        "メソッド {method} {path} の認可タイプは AWS_IAM ですが、リクエストに SigV4 署名がありません。",
    ),
    "sig.how-to": Text(
        "Sign with SigV4 for service execute-api in region {region}, over the request exactly as it is sent.",
        "サービス execute-api・リージョン {region} で、実際に送信する内容に対して SigV4 で署名してください。",
    ),
    "sig.other-scheme": Text(
        "The Authorization header carries the scheme {scheme}, but an AWS_IAM method takes only AWS4-HMAC-SHA256.",
        "Authorization ヘッダーの方式は {scheme} ですが、AWS_IAM のメソッドは AWS4-HMAC-SHA256 だけを受け付けます。",
    ),
    "sig.malformed": Text(
        "The Authorization header begins as SigV4 but is damaged or incomplete.",
        "Authorization ヘッダーは SigV4 の形式ですが、壊れているか不足があります。",
    ),
    "sig.name-repeated": Text(
        "The value begins with the name of the header itself (Authorization:).",
        "ヘッダーの値がヘッダー名（Authorization:）から始まっています。",
    ),
    "sig.parts-absent": Text("It lacks {parts}.", "{parts} がありません。"),
    "sig.said": Text("API Gateway said: {text}", "API Gateway の応答: {text}"),
    "sig.blank-in-key": Text(
        "The access key id {key} has a blank or a line break in it.",
        "アクセスキー ID {key} に空白または改行が含まれています。",
    ),
    "sig.key-without-blank": Text(
        "Without it, it is a key that exists: {key}.", "取り除くと、存在するキー {key} になります。"
    ),
    "sig.key-blank": Text("Without it, it would be {key}.", "取り除くと {key} になります。"),
    "sig.scope": Text("The credential scope is {scope}.", "認証情報スコープは {scope} です。"),
    "sig.wrong-service": Text(
        "The request was signed for service {service}; API Gateway verifies execute-api.",
        "リクエストはサービス {service} 向けに署名されていますが、API Gateway は execute-api として検証します。",
    ),
    "sig.wrong-region": Text(
        "The request was signed for region {region}; the API is in {expected}.",
        "リクエストはリージョン {region} 向けに署名されていますが、API は {expected} にあります。",
    ),
    "sig.wrong-date": Text(
        "The date of the credential scope is not the day of X-Amz-Date, or the scope does not end in aws4_request.",
        "認証情報スコープの日付が X-Amz-Date の日付と異なるか、末尾が aws4_request ではありません。",
    ),
    "sig.late": Text("The signature is too old: it was made at {date}.", "署名が古すぎます。署名時刻は {date} です。"),
    "sig.early": Text("The signature lies in the future: it was made at {date}.", "署名時刻が未来です: {date}。"),
    "sig.window": Text(
        "The clocks of client and server may differ by five minutes at most.",
        "クライアントとサーバーの時計の差は 5 分以内でなければなりません。",
    ),
    "sig.key": Text("The access key id is {key}.", "アクセスキー ID は {key} です。"),
    "sig.key-unknown": Text(
        "There is no access key {key}: it was deleted, never existed, or belongs to a role that is gone.",
        "アクセスキー {key} は存在しません。削除されたか、存在したことがないか、ロールが削除されています。",
    ),
    "sig.key-inactive": Text("The access key {key} is inactive.", "アクセスキー {key} は無効化されています。"),
    "sig.token-missing": Text(
        "Temporary credentials (ASIA…) need their session token in X-Amz-Security-Token, and the request has none.",
        "一時認証情報（ASIA…）には X-Amz-Security-Token のセッショントークンが必要ですが、リクエストにありません。",
    ),
    "sig.token-other": Text(
        "The session token is not the one that belongs to this access key.",
        "セッショントークンがこのアクセスキーのものではありません。",
    ),
    "sig.session-expired": Text(
        "The temporary credentials have expired; assume the role again.",
        "一時認証情報の有効期限が切れています。もう一度ロールを引き受けてください。",
    ),
    "sig.canonical": Text(
        "The canonical request of what arrived: {text}",
        "受信内容から求めた正規リクエスト: {text}",
    ),
    "sig.header-absent": Text(
        "SignedHeaders lists headers that did not arrive: {names}.",
        "SignedHeaders に含まれるヘッダーが届いていません: {names}。",
    ),
    "sig.mismatch-header": Text(
        "Headers that were signed are missing from the request: {names}. A proxy may have removed them.",
        "署名対象のヘッダーがリクエストにありません: {names}。プロキシが取り除いた可能性があります。",
    ),
    "sig.proved": Text(
        "Certain: signing that variant with the known secret gives exactly the client's signature.",
        "確定: その内容を既知のシークレットで署名すると、クライアントの署名と完全に一致します。",
    ),
    "sig.unproved": Text(
        "None of the usual differences gives the client's signature; the cause named is the likeliest, not certain.",
        "よくある差異のいずれでもクライアントの署名に一致しませんでした。示した原因は推定です。",
    ),
    "sig.secret-blank": Text(
        "The secret access key was used with a blank, a line break or in another letter case.",
        "シークレットアクセスキーに空白や改行が混ざっているか、大文字小文字が異なります。",
    ),
    "sig.secret-other": Text(
        "The request was signed with the secret of another access key, {value}.",
        "別のアクセスキー {value} のシークレットで署名されています。",
    ),
    "sig.signed-uri": Text(
        "The client signed the path as {value}, another spelling than the one that arrived.",
        "クライアントはパスを {value} として署名しました。届いたものと表記が異なります。",
    ),
    "sig.signed-query": Text(
        "The client signed the query as {value}, another spelling than the one that arrived.",
        "クライアントはクエリを {value} として署名しました。届いたものと表記が異なります。",
    ),
    "sig.signed-host": Text(
        "The client signed host {value}, but the request arrived with another Host header.",
        "クライアントはホスト {value} で署名しましたが、届いた Host ヘッダーは異なります。",
    ),
    "sig.signed-type": Text(
        "The client signed content-type {value}, but another one arrived.",
        "クライアントは content-type {value} で署名しましたが、届いた値は異なります。",
    ),
    "sig.signed-body": Text(
        "The client signed another body than the one that arrived (payload hash: {value}).",
        "クライアントは届いたものと異なる本文に署名しました（ペイロードハッシュ: {value}）。",
    ),
    "sig.likely-body": Text(
        "The body was changed after signing: x-amz-content-sha256 is not its hash.",
        "署名後に本文が変更されています。x-amz-content-sha256 が本文のハッシュと一致しません。",
    ),
    "sig.likely-host": Text(
        "A proxy passed the request on ({via}), and host {host} arrived: the client probably signed the proxy's host name.",
        "リクエストはプロキシを経由しており（{via}）、届いたホストは {host} です。クライアントはプロキシのホスト名で署名した可能性があります。",
    ),
    "sig.likely-uri": Text(
        "The path or query {path} holds characters that clients often encode differently when signing.",
        "パスまたはクエリ {path} に、署名時のエンコードが異なりやすい文字が含まれています。",
    ),
    "sig.likely-header": Text(
        "A signed header (content-type is one) was probably changed after signing.",
        "署名対象のヘッダー（content-type など）が署名後に変更された可能性があります。",
    ),
    "sig.likely-secret": Text(
        "What was signed looks the same as what arrived, so the secret probably does not belong to access key {key}.",
        "署名対象と受信内容に違いが見当たらないため、シークレットがアクセスキー {key} のものではない可能性があります。",
    ),
    # ── permissions ──
    "perm.asked": Text(
        "The question: may {who} do {action} on {resource}?",
        "判定の問い: {who} は {resource} に対して {action} を実行できるか？",
    ),
    "perm.applies": Text("{where}: applies.", "{where}: 適用されます。"),
    "perm.more-statements": Text("… and {count} more statements.", "… ほかに {count} 件のステートメントがあります。"),
    "miss.unreadable": Text(
        "{where}: is not well-formed and never matches.", "{where}: 形式が正しくないため一致しません。"
    ),
    "miss.unknown-operator": Text(
        "{where}: there is no condition operator {detail}.", "{where}: 条件演算子 {detail} は存在しません。"
    ),
    "miss.wrong-service": Text(
        "{where}: is about another service's actions ({expected}).",
        "{where}: 別のサービスのアクションに関するものです（{expected}）。",
    ),
    "miss.action-mismatch": Text(
        "{where}: its actions {expected} do not cover {actual}.",
        "{where}: アクション {expected} は {actual} を含みません。",
    ),
    "miss.action-excluded": Text(
        "{where}: NotAction {expected} excludes {actual}.",
        "{where}: NotAction {expected} が {actual} を除外しています。",
    ),
    "miss.not-an-arn": Text(
        "{where}: its resource {expected} is an ARN, the question's {actual} is not.",
        "{where}: リソース {expected} は ARN ですが、{actual} は ARN ではありません。",
    ),
    "miss.partition-mismatch": Text(
        "{where}: its resource {expected} is in another partition than {actual}.",
        "{where}: リソース {expected} のパーティションが {actual} と異なります。",
    ),
    "miss.service-mismatch": Text(
        "{where}: its resource {expected} is another service's, not {actual}.",
        "{where}: リソース {expected} は別のサービスのもので、{actual} に一致しません。",
    ),
    "miss.region-mismatch": Text(
        "{where}: its resource {expected} is in another region than {actual}.",
        "{where}: リソース {expected} のリージョンが {actual} と異なります。",
    ),
    "miss.account-mismatch": Text(
        "{where}: its resource {expected} is in another account than {actual}.",
        "{where}: リソース {expected} のアカウントが {actual} と異なります。",
    ),
    "miss.resource-mismatch": Text(
        "{where}: its resource {expected} does not match {actual}.",
        "{where}: リソース {expected} は {actual} に一致しません。",
    ),
    "miss.resource-excluded": Text(
        "{where}: NotResource {expected} excludes {actual}.",
        "{where}: NotResource {expected} が {actual} を除外しています。",
    ),
    "miss.principal-mismatch": Text(
        "{where}: names {expected}, not {actual}.",
        "{where}: 指定は {expected} であり、{actual} ではありません。",
    ),
    "miss.principal-excluded": Text(
        "{where}: NotPrincipal {expected} spares {actual}.",
        "{where}: NotPrincipal {expected} により {actual} は対象外です。",
    ),
    "miss.variable-unresolved": Text(
        "{where}: the policy variable {detail} has no value in this request.",
        "{where}: ポリシー変数 {detail} の値がこのリクエストにありません。",
    ),
    "miss.key-absent": Text(
        "{where}: condition {element} expects {expected}, but the request does not have the key.",
        "{where}: 条件 {element} は {expected} を期待しますが、リクエストにこのキーがありません。",
    ),
    "miss.key-present": Text(
        "{where}: condition {element} wants the key absent, but the request has {actual}.",
        "{where}: 条件 {element} はキーがないことを求めますが、リクエストには {actual} があります。",
    ),
    "miss.key-multivalued": Text(
        "{where}: condition {element} meets several values ({actual}) without ForAllValues or ForAnyValue.",
        "{where}: 条件 {element} に複数の値（{actual}）がありますが、ForAllValues も ForAnyValue も付いていません。",
    ),
    "miss.value-mismatch": Text(
        "{where}: condition {element} expects {expected}, the request has {actual}.",
        "{where}: 条件 {element} は {expected} を期待しますが、リクエストの値は {actual} です。",
    ),
    "miss.value-excluded": Text(
        "{where}: condition {element} excludes {expected}, and the request has {actual}.",
        "{where}: 条件 {element} は {expected} を除外しますが、リクエストの値は {actual} です。",
    ),
    "miss.value-ill-typed": Text(
        "{where}: condition {element} cannot read the request's value {actual}.",
        "{where}: 条件 {element} はリクエストの値 {actual} を解釈できません。",
    ),
    "miss.matched": Text(
        "{where}: matches.",
        "{where}: 一致します。",
    ),
    "cure.answer": Text(
        "Let the function answer in the shape that API Gateway reads.",
        "API Gateway が読める形式で関数に応答させる。",
    ),
    "cure.answer-wider": Text(
        "Let the function allow every method of the stage: its policy is matched against each request, and a remembered one "
        "serves them all.",
        "関数のポリシーでステージの全メソッドを許可する。ポリシーはリクエストごとに照合され、キャッシュされたものは全メソッドに使われます。",
    ),
    "cure.add-audience": Text(
        "Let authorizer {name} accept tokens for {audience} as well, if they are meant for this API.",
        "この API 向けのトークンであれば、オーソライザー {name} が {audience} 宛てのトークンも受け入れるようにする。",
    ),
    "cure.add-scope": Text(
        "Let the route accept scope {scope} as well; or have the client ask for a scope that the route requires.",
        "ルートがスコープ {scope} も受け入れるようにする。または、ルートが求めるスコープをクライアントに要求させる。",
    ),
    "cure.simple-on": Text(
        "Turn on simple responses for authorizer {name}: its function already answers in that shape.",
        "オーソライザー {name} のシンプルレスポンスを有効にする。関数は既にその形式で応答しています。",
    ),
    "cure.simple-off": Text(
        "Turn off simple responses for authorizer {name}: its function answers IAM policies.",
        "オーソライザー {name} のシンプルレスポンスを無効にする。関数は IAM ポリシーで応答しています。",
    ),
    "cure.widen": Text(
        "Widen the element at {pointer} of {policy} to cover this request.",
        "{policy} の {pointer} の要素をこのリクエストを含むように広げる。",
    ),
    "cure.widen-resource": Text(
        "Widen the element at {pointer} of the API's resource policy to cover this request, and deploy.",
        "API のリソースポリシーの {pointer} の要素をこのリクエストを含むように広げ、デプロイする。",
    ),
    "perm.no-statements": Text(
        "No policy of {who} has a statement about {action}.",
        "{who} のポリシーには {action} に関するステートメントがありません。",
    ),
    "perm.decided": Text("Decided by the {layer}: {verdict}.", "{layer}による判定: {verdict}。"),
    "perm.layer-silent": Text(
        "The {layer} has no statement about {action}.", "{layer}に {action} に関するステートメントがありません。"
    ),
    "layer.identity": Text("identity-based policies", "アイデンティティベースのポリシー"),
    "layer.resource": Text("resource-based policy", "リソースベースのポリシー"),
    "layer.boundary": Text("permissions boundary", "アクセス許可の境界"),
    "layer.session": Text("session policy", "セッションポリシー"),
    "layer.scp": Text("service control policy", "サービスコントロールポリシー（SCP）"),
    "layer.rcp": Text("resource control policy", "リソースコントロールポリシー（RCP）"),
    "layer.endpoint": Text("VPC endpoint policy", "VPC エンドポイントポリシー"),
    "layer.trust": Text("role trust policy", "ロールの信頼ポリシー"),
    "layer.answer": Text("policy that the authorizer answered", "オーソライザーが返したポリシー"),
    "verdict.allowed": Text("allowed", "許可"),
    "verdict.explicitly-denied": Text("denied by a Deny statement", "Deny ステートメントによる拒否"),
    "verdict.implicitly-denied": Text("denied, because nothing allows it", "許可する記述がないため拒否"),
    "perm.no-allow": Text(
        "No policy allows {who} to call {resource}.", "{who} に {resource} の呼び出しを許可するポリシーがありません。"
    ),
    "perm.arn": Text(
        "A policy of {who} allows execute-api:Invoke, but on other ARNs than {resource}.",
        "{who} のポリシーは execute-api:Invoke を許可していますが、対象の ARN が {resource} と一致しません。",
    ),
    "perm.explicit": Text(
        "A Deny in {policy} matches {who} on {resource}; no Allow can outweigh it.",
        "{policy} の Deny が {who} による {resource} の呼び出しに一致します。Deny は Allow に優先します。",
    ),
    "perm.limited": Text(
        "The identity policies allow it, but the {layer} of {who} does not.",
        "アイデンティティベースのポリシーは許可していますが、{who} の{layer}が許可していません。",
    ),
    "perm.cross-account": Text(
        "{who} belongs to another account than the API: both its own policies and the API's resource policy must allow, "
        "and one of them does not.",
        "{who} は API とは別のアカウントに属しています。本人のポリシーと API のリソースポリシーの両方の許可が必要ですが、"
        "片方が許可していません。",
    ),
    "perm.rp-none": Text(
        "The API has a resource policy, and no statement of it allows this request.",
        "API にはリソースポリシーがあり、このリクエストを許可するステートメントがありません。",
    ),
    "perm.rp-deny": Text(
        "A Deny statement of the API's resource policy matches this request.",
        "API のリソースポリシーの Deny ステートメントがこのリクエストに一致します。",
    ),
    "perm.rp-anonymous": Text(
        "The resource policy names AWS principals, but the method's authorization type is NONE: every caller is "
        "anonymous, signed or not, and never matches a named principal.",
        "リソースポリシーは AWS プリンシパルを指定していますが、メソッドの認可タイプは NONE です。署名の有無にかかわらず"
        "呼び出し元は匿名であり、指定されたプリンシパルには一致しません。",
    ),
    "perm.rp-narrow": Text(
        "An Allow of the resource policy matches the caller, but its Resource does not cover {resource}.",
        "リソースポリシーの Allow は呼び出し元に一致しますが、Resource が {resource} を含んでいません。",
    ),
    "perm.rp-stale": Text(
        "The resource policy in the API would decide otherwise, but stage {stage} still serves the policy of its "
        "deployment: resource policies take effect with the next deployment.",
        "API の現在のリソースポリシーなら結果は変わりますが、ステージ {stage} はデプロイ時点のポリシーを使っています。"
        "リソースポリシーは次のデプロイから有効になります。",
    ),
    "perm.rp-source-ip": Text(
        "The policy tests aws:SourceIp, which a private API's callers do not carry as they expect; use aws:VpcSourceIp.",
        "ポリシーは aws:SourceIp を条件にしていますが、プライベート API では期待どおりの値になりません。"
        "aws:VpcSourceIp を使ってください。",
    ),
    "perm.rp-vpce": Text(
        "The policy tests the VPC endpoint or VPC of the caller, and the request came through another or none.",
        "ポリシーは呼び出し元の VPC エンドポイントまたは VPC を条件にしていますが、リクエストは別の経路で届いています。",
    ),
    "perm.rp-cognito": Text(
        "The user pool's token was accepted, but with Cognito the resource policy is judged on its own and must allow the "
        "request itself; no statement of it does.",
        "ユーザープールのトークンは受け入れられましたが、Cognito の場合リソースポリシーは単独で評価され、それ自体が許可する"
        "必要があります。許可するステートメントがありません。",
    ),
    "perm.http-stage": Text(
        "A policy of {who} allows this route on another stage; the ARN of this one has the segment {stage}.",
        "{who} のポリシーは別のステージのこのルートを許可しています。このステージの ARN の区間は {stage} です。",
    ),
    "perm.wrong-role": Text(
        "{who} has no permission for this API at all, but role {other} of the same account has exactly this one and trusts "
        "the same principals: probably the wrong role was assumed.",
        "{who} にはこの API の権限がまったくありませんが、同じ信頼ポリシーを持つ同一アカウントのロール {other} には"
        "ちょうどこの権限があります。誤ったロールを引き受けている可能性があります。",
    ),
    "perm.control-plane": Text(
        "{who} may not call {action} on {resource}.", "{who} には {resource} に対する {action} が許可されていません。"
    ),
    # ── invocation ──
    "inv.authenticated": Text(
        "The signature was verified and execute-api:Invoke was allowed for {who} (authenticate 200, authorize 200): "
        "permission to call the API is not the problem.",
        "署名は検証され、{who} の execute-api:Invoke は許可されました（authenticate 200、authorize 200）。"
        "API を呼び出す権限は問題ではありません。",
    ),
    "inv.authority-caller": Text(
        "Authority in force: the caller. The integration's credentials are arn:aws:iam::*:user/*, so API Gateway invokes "
        "the function with the rights of {who}, not as apigateway.amazonaws.com.",
        "有効な権限: 呼び出し元。統合の credentials が arn:aws:iam::*:user/* のため、API Gateway は "
        "apigateway.amazonaws.com としてではなく {who} の権限で関数を呼び出します。",
    ),
    "inv.statement-unused": Text(
        "The function's resource policy statement {sid} allows apigateway.amazonaws.com (SourceArn {pattern}), but under "
        "caller credentials the service principal is not the one who asks, so it does not apply.",
        "関数のリソースポリシーのステートメント {sid} は apigateway.amazonaws.com を許可しています（SourceArn {pattern}）が、"
        "呼び出し元の認証情報を使う設定では、要求するのはサービスプリンシパルではないため適用されません。",
    ),
    "inv.caller": Text(
        "The integration calls Lambda as the caller, and {who} is not allowed lambda:InvokeFunction on {function}.",
        "統合は呼び出し元の権限で Lambda を呼び出しますが、{who} には {function} に対する lambda:InvokeFunction が"
        "許可されていません。",
    ),
    "inv.authority-role": Text(
        "Authority in force: the integration's role {role}.",
        "有効な権限: 統合のロール {role}。",
    ),
    "inv.role": Text(
        "The integration's role {role} is not allowed lambda:InvokeFunction on {function}; the function's resource "
        "policy for API Gateway does not stand in for it.",
        "統合のロール {role} には {function} に対する lambda:InvokeFunction が許可されていません。API Gateway 向けの"
        "関数のリソースポリシーでは代わりになりません。",
    ),
    "inv.role-missing": Text("There is no role {role}.", "ロール {role} は存在しません。"),
    "inv.role-not-assumable": Text(
        "API Gateway may not assume the integration's role {role}: its trust policy must allow apigateway.amazonaws.com.",
        "API Gateway は統合のロール {role} を引き受けられません。信頼ポリシーで apigateway.amazonaws.com を"
        "許可する必要があります。",
    ),
    "inv.no-source-keys": Text(
        "API Gateway assumes integration roles without aws:SourceArn and aws:SourceAccount: a trust policy that requires "
        "them never matches.",
        "API Gateway が統合のロールを引き受けるとき aws:SourceArn と aws:SourceAccount は付きません。これらを要求する"
        "信頼ポリシーは決して一致しません。",
    ),
    "inv.authority-service": Text(
        "Authority in force: the service. API Gateway asks as apigateway.amazonaws.com with SourceArn {source}; only the "
        "function's resource policy decides, the caller's rights do not matter.",
        "有効な権限: サービス。API Gateway は apigateway.amazonaws.com として SourceArn {source} で要求します。"
        "判定するのは関数のリソースポリシーだけで、呼び出し元の権限は関係ありません。",
    ),
    "inv.function-missing": Text(
        "The function {function} does not exist; Lambda answers that like a missing permission.",
        "関数 {function} は存在しません。Lambda は権限がない場合と同じように応答します。",
    ),
    "inv.function-missing-variable": Text(
        "The stage variables of {uri} resolve to {function}, which does not exist.",
        "{uri} のステージ変数は {function} に解決されますが、存在しません。",
    ),
    "inv.no-permission": Text(
        "The resource policy of {function} has no statement for apigateway.amazonaws.com.",
        "{function} のリソースポリシーに apigateway.amazonaws.com へのステートメントがありません。",
    ),
    "inv.wrong-principal": Text(
        "The resource policy of {function} allows {principal}, not apigateway.amazonaws.com.",
        "{function} のリソースポリシーが許可しているのは {principal} であり、apigateway.amazonaws.com ではありません。",
    ),
    "inv.condition": Text(
        "A statement for apigateway.amazonaws.com matches the SourceArn, but another condition (such as "
        "AWS:SourceAccount) does not hold.",
        "apigateway.amazonaws.com へのステートメントの SourceArn は一致しますが、他の条件（AWS:SourceAccount など）が"
        "成り立ちません。",
    ),
    "inv.denied": Text(
        "A Deny statement in the resource policy of {function} matches API Gateway's call.",
        "{function} のリソースポリシーの Deny ステートメントが API Gateway の呼び出しに一致します。",
    ),
    "inv.pattern": Text(
        "SourceArn pattern {pattern} does not match {source}.",
        "SourceArn のパターン {pattern} は {source} に一致しません。",
    ),
    "inv.other-api": Text(
        "The permission names API {other}; this API is {api}.",
        "権限は API {other} を指定していますが、この API は {api} です。",
    ),
    "inv.other-stage": Text(
        "The permission covers stage {other}; the request came through stage {stage}.",
        "権限の対象はステージ {other} ですが、リクエストはステージ {stage} 経由です。",
    ),
    "inv.other-route": Text(
        "The resource policy of {function} allows API Gateway for other methods or paths than {source}.",
        "{function} のリソースポリシーは、{source} とは別のメソッドまたはパスについて API Gateway を許可しています。",
    ),
    "inv.qualifier": Text(
        "The permission stands on {where}, but the integration calls qualifier {used}: permissions are per qualifier.",
        "権限は {where} に付いていますが、統合は修飾子 {used} を呼び出します。権限は修飾子ごとに必要です。",
    ),
    "inv.qualifier-own-policy": Text(
        "Each version and alias has a resource policy of its own; {used} does not inherit another's.",
        "バージョンとエイリアスはそれぞれ独自のリソースポリシーを持ち、{used} は他のものを継承しません。",
    ),
    "inv.stage-variable": Text(
        "{uri} resolves to {function}, which has no permission for API Gateway (one stands on {where}).",
        "{uri} は {function} に解決されますが、API Gateway への権限がありません（権限は {where} にあります）。",
    ),
    "inv.variable-no-permission": Text(
        "{uri} resolves to {function}, which has no permission for API Gateway; the console cannot add one for a stage "
        "variable.",
        "{uri} は {function} に解決されますが、API Gateway への権限がありません。ステージ変数の場合、コンソールは権限を"
        "追加できません。",
    ),
    "inv.cross-account": Text(
        "The function {function} belongs to another account and does not allow this API.",
        "関数 {function} は別のアカウントに属し、この API を許可していません。",
    ),
    "inv.method": Text(
        "The integration's HTTP method is {method}; Lambda's Invoke accepts only POST.",
        "統合の HTTP メソッドが {method} です。Lambda の Invoke は POST だけを受け付けます。",
    ),
    "inv.method-two": Text(
        "The method of the route and the method of the integration are two settings; {method} is the integration's.",
        "ルートのメソッドと統合のメソッドは別の設定です。{method} は統合のものです。",
    ),
    "inv.address": Text(
        "The integration's URI {uri} names no function in stage {stage}: a stage variable in it is not set.",
        "統合の URI {uri} はステージ {stage} で関数を指していません。ステージ変数が設定されていません。",
    ),
    "inv.variables": Text(
        "The stage variables that are set: {variables}.", "設定されているステージ変数: {variables}。"
    ),
    # ── functions ──
    "fn.lambda-said": Text("Lambda said: {error}", "Lambda の応答: {error}"),
    "fn.raised": Text("The function raised: {message}", "関数が例外を送出しました: {message}"),
    "fn.init": Text("The function could not be initialised: {message}", "関数を初期化できませんでした: {message}"),
    "fn.exit": Text("The function's process ended: {message}", "関数のプロセスが終了しました: {message}"),
    "fn.where-logs": Text(
        "Its log is in group {group}, Lambda request {request}.",
        "ログはロググループ {group}、Lambda リクエスト {request} にあります。",
    ),
    "fn.timeout": Text(
        "The function was ended by its own Timeout of {seconds} seconds.",
        "関数は自身のタイムアウト {seconds} 秒で打ち切られました。",
    ),
    "fn.throttled": Text(
        "Lambda refused the invocation: no concurrency was left.",
        "同時実行数の上限により Lambda が呼び出しを拒否しました。",
    ),
    "fn.concurrency": Text(
        "Look at the function's reserved concurrency and at how many calls run at once.",
        "関数の予約済み同時実行数と、同時に実行されている呼び出しの数を確認してください。",
    ),
    "fn.too-large": Text(
        "The function's answer is over 6 MB, the limit of Lambda.", "関数の応答が Lambda の上限 6 MB を超えています。"
    ),
    "fn.unavailable": Text(
        "Lambda could not run the function: {message}", "Lambda が関数を実行できませんでした: {message}"
    ),
    "fn.gateway-timeout": Text(
        "The function had not answered after {seconds} seconds, the integration's timeout.",
        "統合のタイムアウト {seconds} 秒以内に関数が応答しませんでした。",
    ),
    "fn.runs-on": Text(
        "The function itself runs on; only the gateway stopped waiting.",
        "関数自体は実行を続けます。待つのをやめたのはゲートウェイだけです。",
    ),
    "reply.was": Text("The function answered: {text}", "関数の応答: {text}"),
    "reply.not-json": Text("The function's answer is not JSON.", "関数の応答が JSON ではありません。"),
    "reply.not-object": Text(
        "A proxy answer must be an object; this is a JSON {kind}.",
        "プロキシ統合の応答はオブジェクトでなければなりませんが、JSON の {kind} です。",
    ),
    "reply.unknown-keys": Text(
        "A proxy answer may hold only statusCode, headers, multiValueHeaders, body and isBase64Encoded; it has {keys}.",
        "プロキシ統合の応答に使えるキーは statusCode、headers、multiValueHeaders、body、isBase64Encoded だけですが、"
        "{keys} があります。",
    ),
    "reply.bad-status": Text(
        "statusCode must be a whole number; it is {value}.", "statusCode は整数でなければなりませんが、{value} です。"
    ),
    "reply.body": Text(
        "body must be a string; it is a JSON {kind}. Use json.dumps on it.",
        "body は文字列でなければなりませんが、JSON の {kind} です。json.dumps で文字列にしてください。",
    ),
    "reply.multi-value": Text(
        "Each value of multiValueHeaders must be a list of strings, and each value of headers a single value.",
        "multiValueHeaders の値は文字列のリスト、headers の値は単一の値でなければなりません。",
    ),
    "reply.base64": Text(
        "isBase64Encoded is true, but the body is not base64.",
        "isBase64Encoded が true ですが、本文が base64 ではありません。",
    ),
    # ── others ──
    "other.mapping": Text(
        "The integration's answer selects a response that is not configured.",
        "統合の応答が、設定されていないレスポンスを選択しています。",
    ),
    "other.template": Text("A mapping template failed.", "マッピングテンプレートの処理に失敗しました。"),
    "other.unsupported": Text(
        "The route is configured with something that does not run here yet: {what}.",
        "ここではまだ実行できない設定です: {what}。",
    ),
    "other.fault": Text(
        "The request was refused at gate {gate}: {fault}.", "ゲート {gate} で拒否されました: {fault}。"
    ),
    # ── remedies ──
    "cure.deploy": Text("Deploy the API to stage {stage}.", "API をステージ {stage} にデプロイする。"),
    "cure.redeploy": Text(
        "Deploy the API again to stage {stage} (other undeployed changes go with it).",
        "API をステージ {stage} に再デプロイする（他の未デプロイの変更も反映されます）。",
    ),
    "cure.enable-endpoint": Text(
        "Enable the default endpoint of API {api}.", "API {api} のデフォルトエンドポイントを有効にする。"
    ),
    "cure.add-permission": Text(
        "Allow API Gateway to invoke {function} for this route.",
        "このルートについて API Gateway に {function} の呼び出しを許可する。",
    ),
    "cure.drop-credentials": Text(
        "Remove the caller credentials from the integration, so that API Gateway asks as itself and the existing resource "
        "policy applies; nobody can then invoke the function around the API. Least privilege.",
        "統合から呼び出し元の認証情報の設定を外し、API Gateway 自身の権限と既存のリソースポリシーで呼び出す。"
        "API を経由しない関数の直接呼び出しもできなくなる、最小権限の方法。",
    ),
    "cure.drop-credentials-and-permit": Text(
        "Remove the caller credentials from the integration and allow API Gateway to invoke the function for this route. "
        "Least privilege.",
        "統合から呼び出し元の認証情報の設定を外し、このルートについて API Gateway に関数の呼び出しを許可する。最小権限の方法。",
    ),
    "cure.grant-caller": Text(
        "Allow {who} lambda:InvokeFunction on this function.",
        "{who} にこの関数の lambda:InvokeFunction を許可する。",
    ),
    "grants.other-account": Text(
        "Run this with credentials of account {account}, to which the function belongs.",
        "関数が属するアカウント {account} の認証情報で実行してください。",
    ),
    "grants.around-the-api": Text(
        "This also lets {who} invoke the function directly, around the API.",
        "{who} は API を経由せずに関数を直接呼び出せるようにもなります。",
    ),
    "cure.grant-role": Text(
        "Allow role {role} lambda:InvokeFunction on this function.",
        "ロール {role} にこの関数の lambda:InvokeFunction を許可する。",
    ),
    "cure.drop-role": Text(
        "Remove the role from the integration, so that the function's existing resource policy applies.",
        "統合からロールを外し、関数の既存のリソースポリシーを適用する。",
    ),
    "cure.drop-role-and-permit": Text(
        "Remove the role from the integration and allow API Gateway to invoke the function for this route.",
        "統合からロールを外し、このルートについて API Gateway に関数の呼び出しを許可する。",
    ),
    "cure.trust": Text(
        "Let apigateway.amazonaws.com assume role {role}.",
        "ロール {role} を apigateway.amazonaws.com が引き受けられるようにする。",
    ),
    "cure.remove-deny": Text("Remove the Deny statement.", "Deny ステートメントを削除する。"),
    "cure.post": Text("Set the integration's HTTP method to POST.", "統合の HTTP メソッドを POST にする。"),
    "cure.grant-invoke": Text(
        "Allow {who} execute-api:Invoke on exactly this method.",
        "{who} にこのメソッドの execute-api:Invoke を許可する。",
    ),
    "cure.grant-action": Text(
        "Allow {who} {action} on {resource}.", "{who} に {resource} に対する {action} を許可する。"
    ),
    "cure.resource-policy": Text(
        "Add a statement to the API's resource policy that allows exactly this method, and deploy.",
        "API のリソースポリシーにこのメソッドだけを許可するステートメントを追加し、デプロイする。",
    ),
    "cure.iam-auth": Text(
        "Set the method's authorization type to AWS_IAM and deploy, so that callers are authenticated.",
        "メソッドの認可タイプを AWS_IAM に変更してデプロイし、呼び出し元を認証する。",
    ),
    "cure.drop-deny": Text(
        "Remove the denying statement from {policy}.", "{policy} から拒否しているステートメントを削除する。"
    ),
    "cure.boundary": Text(
        "Allow it in the permissions boundary of {who} as well.", "{who} のアクセス許可の境界でも許可する。"
    ),
}


def render(said: Said, lang: str) -> str:
    """A message in ``en`` or ``ja``."""
    return fill(_text(said.id, lang), {name: _word(value, lang) for name, value in said.values.items()})


def _text(id_: str, lang: str) -> str:
    found = MESSAGES[id_]
    return found.ja if lang == "ja" else found.en


def _word(value: str, lang: str) -> str:
    """A value; ``@layer.…`` and ``@verdict.…`` stand for words that have a name in each language."""
    if value.startswith(("@layer.", "@verdict.")) and value[1:] in MESSAGES:
        return _text(value[1:], lang)
    return value


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values in; braces inside values stay as they are."""
    out = []
    rest = template
    while True:
        head, brace, tail = rest.partition("{")
        out.append(head)
        if not brace:
            return "".join(out)
        name, _, rest = tail.partition("}")
        out.append(values[name])
