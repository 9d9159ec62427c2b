"""Sentences about what comes before the backend: authorizers, tokens, keys, validation, browsers; and about answers."""

# ruff: noqa: E501 (full-width characters count twice)

from __future__ import annotations

from sekisho.explain.text import Text

BEFORE_THE_BACKEND: dict[str, Text] = {
    # ── Lambda authorizers ──
    "auth.not-the-backend": Text(
        "It is the function of authorizer {name}, {function}, that cannot be called; the backend was never reached.",
        "呼び出せないのはオーソライザー {name} の関数 {function} です。バックエンドには到達していません。",
    ),
    "auth.no-function": Text(
        "The URI of authorizer {name} names no function: {uri}.",
        "オーソライザー {name} の URI が関数を指していません: {uri}。",
    ),
    "auth.source": Text(
        "API Gateway asks as apigateway.amazonaws.com with SourceArn {source}: the authorizer's ARN, not a method's.",
        "API Gateway は apigateway.amazonaws.com として、SourceArn {source}（メソッドではなくオーソライザーの ARN）で"
        "要求します。",
    ),
    "auth.no-permission": Text(
        "The resource policy of {function}, the function of authorizer {name}, does not let API Gateway invoke it.",
        "オーソライザー {name} の関数 {function} のリソースポリシーが API Gateway の呼び出しを許可していません。",
    ),
    "auth.source-arn": Text(
        "A permission for API Gateway stands on {function}, but for {pattern}; authorizer {name} is called as {source}.",
        "{function} には API Gateway への権限がありますが、対象は {pattern} です。オーソライザー {name} の呼び出しの "
        "SourceArn は {source} です。",
    ),
    "auth.cross-account": Text(
        "{function}, the function of authorizer {name}, belongs to account {account} and does not allow this API; the "
        "permission has to be given there.",
        "オーソライザー {name} の関数 {function} はアカウント {account} に属し、この API を許可していません。権限はその"
        "アカウントで付与する必要があります。",
    ),
    "auth.role-decides": Text(
        "Authority in force: the authorizer's role {role}. A permission on the function alone does not help.",
        "有効な権限: オーソライザーのロール {role}。関数側の権限だけでは足りません。",
    ),
    "auth.role": Text(
        "The role {role} of authorizer {name} is not allowed lambda:InvokeFunction on {function}.",
        "オーソライザー {name} のロール {role} には {function} に対する lambda:InvokeFunction が許可されていません。",
    ),
    "auth.role-not-assumable": Text(
        "API Gateway may not assume the role {role} of authorizer {name}: its trust policy must allow "
        "apigateway.amazonaws.com (a function's execution role trusts only lambda.amazonaws.com).",
        "API Gateway はオーソライザー {name} のロール {role} を引き受けられません。信頼ポリシーで "
        "apigateway.amazonaws.com を許可する必要があります（関数の実行ロールが信頼するのは lambda.amazonaws.com だけです）。",
    ),
    "auth.timeout": Text(
        "The function of authorizer {name} did not answer in time: {message}",
        "オーソライザー {name} の関数が時間内に応答しませんでした: {message}",
    ),
    "auth.exception": Text(
        "The function of authorizer {name} failed: {message}", "オーソライザー {name} の関数が失敗しました: {message}"
    ),
    "auth.only-unauthorized": Text(
        "Only an error whose message is exactly Unauthorized becomes 401; every other error becomes 500.",
        "メッセージが正確に Unauthorized であるエラーだけが 401 になり、それ以外のエラーは 500 になります。",
    ),
    "auth.almost-unauthorized": Text(
        "The message was {message}, which is not exactly Unauthorized.",
        "メッセージは {message} で、Unauthorized と完全には一致しません。",
    ),
    "auth.answered": Text("The authorizer's function answered: {text}", "オーソライザーの関数の応答: {text}"),
    "auth.bad-output": Text(
        "The answer of authorizer {name} is not a decision API Gateway can read: {detail}",
        "オーソライザー {name} の応答は API Gateway が読み取れる判定ではありません: {detail}",
    ),
    "auth.bad-context": Text(
        "The context of authorizer {name}'s answer may hold only strings, numbers and booleans: {detail}",
        "オーソライザー {name} の応答の context に使えるのは文字列、数値、真偽値だけです: {detail}",
    ),
    "auth.simple-missing": Text(
        "Authorizer {name} has EnableSimpleResponses, so its function must answer a boolean isAuthorized; what it has instead: {detail}",
        "オーソライザー {name} は EnableSimpleResponses が有効なため、真偽値 isAuthorized を返す必要があります。実際の内容: {detail}",
    ),
    "auth.policy-but-simple": Text(
        "It answered a policy; that is read only when EnableSimpleResponses is false.",
        "ポリシーが返されました。これは EnableSimpleResponses が false の場合にだけ読まれます。",
    ),
    "auth.policy-missing": Text(
        "The function answered isAuthorized, but authorizer {name} expects a policy: EnableSimpleResponses is false "
        "(the default in templates). {detail}",
        "関数は isAuthorized を返しましたが、オーソライザー {name} はポリシーを期待しています。EnableSimpleResponses が "
        "false（テンプレートの既定値）です。{detail}",
    ),
    "auth.cached-json": Text(
        "Authorizer {name}: a context value that is itself JSON breaks answers from the cache. {detail}",
        "オーソライザー {name}: context の値自体が JSON の場合、キャッシュからの応答が壊れます。{detail}",
    ),
    "auth.hint-null": Text(
        "It returned nothing (null): every path through the handler must return the policy.",
        "何も返されていません（null）。ハンドラーのすべての経路でポリシーを返す必要があります。",
    ),
    "auth.hint-text": Text(
        "It returned JSON as text: return the object itself, not json.dumps or JSON.stringify of it.",
        "JSON が文字列として返されています。json.dumps や JSON.stringify をせず、オブジェクトをそのまま返してください。",
    ),
    "auth.hint-http": Text(
        "It returned an HTTP answer (statusCode). To refuse with 401, raise an error with the message Unauthorized.",
        "HTTP 応答（statusCode）が返されています。401 で拒否するには、メッセージが Unauthorized のエラーを送出してください。",
    ),
    "auth.hint-document-text": Text(
        "policyDocument is text; it must be an object.", "policyDocument が文字列です。オブジェクトにしてください。"
    ),
    "auth.hint-no-document": Text(
        "There is no policyDocument; the keys are {keys}.", "policyDocument がありません。キーは {keys} です。"
    ),
    "auth.hint-lowercase": Text(
        "The keys of a policy begin with a capital letter: Version, Statement, Effect, Action, Resource; found: {keys}.",
        "ポリシーのキーは大文字で始まります（Version、Statement、Effect、Action、Resource）。実際のキー: {keys}。",
    ),
    "auth.hint-no-resource": Text(
        "Resource is an empty list. To refuse, answer a Deny on *; an empty Allow is no policy.",
        "Resource が空のリストです。拒否するには * に対する Deny を返してください。空の Allow はポリシーになりません。",
    ),
    "auth.function-decided": Text(
        "The function of authorizer {name} answered, and API Gateway judged {resource} by its answer.",
        "オーソライザー {name} の関数が応答し、API Gateway はその応答で {resource} を判定しました。",
    ),
    "auth.cache-narrow": Text(
        "The answer came from the cache of authorizer {name}: it was made for request {request}, and its policy does not "
        "cover {resource}. It is used for every method and path for {ttl} seconds.",
        "オーソライザー {name} のキャッシュの応答が使われました。リクエスト {request} のために作られたもので、ポリシーは "
        "{resource} を含みません。{ttl} 秒間、すべてのメソッドとパスに使われます。",
    ),
    "auth.cache-stale": Text(
        "The denial came from the cache of authorizer {name}: it was made for request {request} and is used for {ttl} "
        "seconds, whatever was granted since ({resource}).",
        "オーソライザー {name} のキャッシュにある拒否が使われました。リクエスト {request} のときの判定で、その後に許可されても "
        "{ttl} 秒間は使われます（{resource}）。",
    ),
    "auth.simple-denied": Text(
        "The function of authorizer {name} answered isAuthorized: false for {resource}.",
        "オーソライザー {name} の関数が {resource} に対して isAuthorized: false を返しました。",
    ),
    "auth.explicit": Text(
        "The policy that authorizer {name} answered denies {resource}.",
        "オーソライザー {name} が返したポリシーが {resource} を拒否しています。",
    ),
    "auth.mismatch": Text(
        "The policy that authorizer {name} answered allows other ARNs than {resource}.",
        "オーソライザー {name} が返したポリシーが許可する ARN は {resource} と一致しません。",
    ),
    "auth.no-allow": Text(
        "The policy that authorizer {name} answered has no Allow of execute-api:Invoke on {resource}.",
        "オーソライザー {name} が返したポリシーに {resource} への execute-api:Invoke の Allow がありません。",
    ),
    "auth.was-called": Text(
        "The function was called (Lambda request {request}).", "関数は呼び出されました（Lambda リクエスト {request}）。"
    ),
    "auth.rejected": Text(
        "The function of authorizer {name} raised Unauthorized: it does not accept the token.",
        "オーソライザー {name} の関数が Unauthorized を送出しました。トークンが受け入れられていません。",
    ),
    "auth.not-called": Text(
        "The function of authorizer {name} was not called.", "オーソライザー {name} の関数は呼び出されていません。"
    ),
    "auth.pattern": Text(
        "What stands at {source} does not match the validation expression of authorizer {name}.",
        "{source} の値がオーソライザー {name} の検証式に一致しません。",
    ),
    "auth.source-missing": Text(
        "The request has nothing at {source}, an identity source of authorizer {name}.",
        "オーソライザー {name} の ID ソース {source} がリクエストにありません。",
    ),
    "auth.source-empty": Text(
        "{source}, an identity source of authorizer {name}, is empty in the request.",
        "オーソライザー {name} の ID ソース {source} がリクエストで空です。",
    ),
    "auth.all-sources": Text("Its identity sources are {sources}.", "ID ソース: {sources}。"),
    "auth.every-source": Text(
        "With caching each of them must be there, not just one.",
        "キャッシュが有効な場合、いずれか一つではなくすべてが必要です。",
    ),
    # ── tokens ──
    "token.authorizer": Text(
        "Authorizer {name} judged the token without calling any function.",
        "オーソライザー {name} は関数を呼び出さずにトークンを判定しました。",
    ),
    "token.missing": Text("There is no token at {source}.", "{source} にトークンがありません。"),
    "token.elsewhere": Text(
        "Header {header} holds something like a token, but the authorizer looks at {source}.",
        "ヘッダー {header} にトークンらしき値がありますが、オーソライザーが見るのは {source} です。",
    ),
    "token.segments": Text(
        "What was sent is no JSON Web Token (scheme: {scheme}).",
        "送られた値は JSON Web Token ではありません（方式: {scheme}）。",
    ),
    "token.signed-instead": Text(
        "The client signed the request for AWS_IAM; this method wants a token of the user pool.",
        "クライアントは AWS_IAM 用に署名していますが、このメソッドが求めるのはユーザープールのトークンです。",
    ),
    "token.size": Text("The token is too large.", "トークンが大きすぎます。"),
    "token.malformed": Text("The token cannot be decoded.", "トークンを復号できません。"),
    "token.algorithm": Text(
        "The token is signed with {alg}, which is not accepted.",
        "トークンの署名アルゴリズム {alg} は受け付けられません。",
    ),
    "token.kid": Text(
        "The issuer {issuer} has no key with the id {kid}.", "発行者 {issuer} に ID が {kid} の鍵はありません。"
    ),
    "token.signature": Text(
        "The token's signature was not made with key {kid} of {issuer}.",
        "トークンの署名は {issuer} の鍵 {kid} によるものではありません。",
    ),
    "token.discovery": Text(
        "The keys of {issuer} could not be found: {reason}", "{issuer} の鍵の所在を取得できませんでした: {reason}"
    ),
    "token.jwks": Text(
        "The keys of {issuer} could not be fetched: {reason}", "{issuer} の鍵を取得できませんでした: {reason}"
    ),
    "token.issuer": Text(
        "The token is from issuer {iss}; the authorizer accepts only {issuer}.",
        "トークンの発行者は {iss} ですが、オーソライザーが受け付けるのは {issuer} だけです。",
    ),
    "token.slash": Text(
        "They differ only in the slash at the end; the comparison is exact.",
        "違いは末尾のスラッシュだけですが、比較は完全一致です。",
    ),
    "token.pool": Text(
        "The token is from {iss}, which is none of the authorizer's user pools ({issuer}).",
        "トークンの発行者 {iss} はオーソライザーのユーザープール（{issuer}）に含まれていません。",
    ),
    "token.audience": Text(
        "The token is for {audience}; the authorizer accepts {expected}.",
        "トークンの対象は {audience} ですが、オーソライザーが受け付けるのは {expected} です。",
    ),
    "token.expired": Text("The token has expired (exp {exp}).", "トークンの有効期限が切れています（exp {exp}）。"),
    "token.not-yet": Text("The token is not valid yet (nbf {exp}).", "トークンはまだ有効ではありません（nbf {exp}）。"),
    "token.issued-later": Text(
        "The token claims to be issued in the future (iat {exp}).", "トークンの発行時刻が未来です（iat {exp}）。"
    ),
    "token.scope": Text(
        "The route asks for one of the scopes {required}; the token has {granted}.",
        "ルートはスコープ {required} のいずれかを求めますが、トークンのスコープは {granted} です。",
    ),
    "token.expression": Text(
        "The token does not match the authorizer's validation expression.",
        "トークンがオーソライザーの検証式に一致しません。",
    ),
    "token.other": Text("The token was refused: {reason}", "トークンが拒否されました: {reason}"),
    "token.id-with-scopes": Text(
        "The method asks for scopes ({required}), which only access tokens have; this token's use is {use}.",
        "メソッドはスコープ（{required}）を求めますが、スコープを持つのはアクセストークンだけです。token_use は {use} です。",
    ),
    "token.access-without-scopes": Text(
        "The method has no AuthorizationScopes, so it takes ID tokens only; this token's use is {use}. Send the ID token, "
        "or give the method the scopes that the access token has.",
        "メソッドに AuthorizationScopes がないため ID トークンだけを受け付けます。token_use は {use} です。ID トークンを送るか、"
        "アクセストークンのスコープをメソッドに設定してください。",
    ),
    # ── input ──
    "input.validator": Text(
        "The request validator of {path} refused it; the backend was not called.",
        "{path} のリクエストバリデーターが拒否しました。バックエンドは呼び出されていません。",
    ),
    "input.parameters": Text(
        "Required parameters are missing or blank: {names}.", "必須パラメーターがないか空です: {names}。"
    ),
    "input.body": Text("The body does not fit the model: {problem}", "本文がモデルに合いません: {problem}"),
    "input.key-required": Text("{path} requires an API key.", "{path} には API キーが必要です。"),
    "input.key-missing": Text("The request has no x-api-key header.", "リクエストに x-api-key ヘッダーがありません。"),
    "input.key-unknown": Text(
        "No enabled API key has this value on stage {stage}.",
        "ステージ {stage} に、この値を持つ有効な API キーがありません。",
    ),
    "input.key-disabled": Text("The API key is disabled.", "API キーは無効化されています。"),
    "input.log": Text("The execution log says: {text}", "実行ログ: {text}"),
    "input.quota-used": Text(
        "{used} of {limit} per {period} are used (usage plan {plan}).",
        "{period} あたり {limit} のうち {used} を使用済みです（使用量プラン {plan}）。",
    ),
    "cure.raise-quota": Text(
        "Raise the quota of usage plan {plan} to {limit}.", "使用量プラン {plan} のクォータを {limit} に引き上げる。"
    ),
    "cure.raise-plan": Text(
        "Raise the limits of usage plan {plan} to {rate} requests per second and a burst of {burst}.",
        "使用量プラン {plan} の上限をレート {rate}/秒、バースト {burst} に引き上げる。",
    ),
    "cure.raise-stage": Text(
        "Raise the throttle of stage {stage} ({setting}) to {rate} requests per second and a burst of {burst}.",
        "ステージ {stage}（{setting}）のスロットルをレート {rate}/秒、バースト {burst} に引き上げる。",
    ),
    "cure.key-from-header": Text(
        "Take API keys from the header x-api-key, and deploy.",
        "API キーを x-api-key ヘッダーから取得するようにし、デプロイする。",
    ),
    "cure.enable-key": Text("Enable API key {key}.", "API キー {key} を有効にする。"),
    "cure.key-in-plan": Text(
        "Add API key {key} to usage plan {plan}.", "API キー {key} を使用量プラン {plan} に追加する。"
    ),
    "cure.stage-in-plan": Text(
        "Add stage {stage} to usage plan {plan}.", "ステージ {stage} を使用量プラン {plan} に追加する。"
    ),
    "input.key-not-in-plan": Text(
        "The API key belongs to no usage plan of stage {stage}.",
        "API キーがステージ {stage} の使用量プランに含まれていません。",
    ),
    "input.key-stage-not-in-plan": Text(
        "Stage {stage} is in none of the API key's usage plans.",
        "ステージ {stage} は API キーのどの使用量プランにも含まれていません。",
    ),
    "input.key-authorizer": Text(
        "The API takes its API keys from the authorizer (usageIdentifierKey), which gave none; x-api-key is ignored.",
        "この API は API キーをオーソライザー（usageIdentifierKey）から受け取りますが、渡されていません。x-api-key は"
        "無視されます。",
    ),
    "input.quota": Text(
        "The quota of the usage plan is used up until its period ends.",
        "使用量プランのクォータを期間の終わりまで使い切っています。",
    ),
    "input.throttle-plan": Text(
        "The usage plan's rate or burst limit was exceeded.", "使用量プランのレートまたはバーストの上限を超えました。"
    ),
    "input.throttle-stage": Text(
        "The rate or burst limit of stage {stage} was exceeded, for all callers together.",
        "ステージ {stage} のレートまたはバーストの上限を、全呼び出し元の合計で超えました。",
    ),
    "input.limits": Text(
        "The limits are {rate} requests per second with bursts of {burst}.",
        "上限は毎秒 {rate} リクエスト、バースト {burst} です。",
    ),
    # ── mapping and backends ──
    "other.media": Text(
        "There is no request template for {type} (there is for {templates}).",
        "{type} 用のリクエストテンプレートがありません（あるもの: {templates}）。",
    ),
    "other.passthrough": Text(
        "PassthroughBehavior does not let bodies without a template pass.",
        "PassthroughBehavior により、テンプレートのない本文は通過できません。",
    ),
    "other.problem": Text("What was found: {problem}", "検出内容: {problem}"),
    "other.reserved-header": Text(
        "The integration maps the header {header}, which API Gateway keeps for itself.",
        "統合がヘッダー {header} をマッピングしていますが、API Gateway の予約済みヘッダーです。",
    ),
    "mock.binary": Text(
        "Binary media types {types} make this request's body binary, which the MOCK's template cannot read.",
        "バイナリメディアタイプ {types} により本文がバイナリとして扱われ、MOCK のテンプレートが読み取れません。",
    ),
    "mock.no-template": Text(
        "The MOCK integration has no request template for {type} (there is for {templates}), so nothing gives a statusCode.",
        "MOCK 統合に {type} 用のリクエストテンプレートがない（あるもの: {templates}）ため、statusCode が得られません。",
    ),
    "mock.no-status": Text(
        "The MOCK integration's template gives no statusCode.",
        "MOCK 統合のテンプレートから statusCode が得られません。",
    ),
    "backend.uri": Text("The integration calls {uri}.", "統合の呼び出し先: {uri}。"),
    "backend.tls": Text(
        "The backend's certificate is not trusted for its host name: {message}",
        "バックエンドの証明書がホスト名に対して信頼できません: {message}",
    ),
    "backend.address": Text(
        "The integration's address leads nowhere: {message}", "統合のアドレスが正しくありません: {message}"
    ),
    "backend.unreachable": Text(
        "The backend could not be reached: {message}", "バックエンドに接続できませんでした: {message}"
    ),
    # ── browsers ──
    "cors.preflight": Text(
        "This is a browser's preflight: the page at {origin} wants to send {method}. Preflights carry no credentials.",
        "ブラウザーのプリフライトです。{origin} のページが {method} を送ろうとしています。プリフライトに認証情報は付きません。",
    ),
    "cors.no-options": Text(
        "{path} has no OPTIONS method, so the browser's preflight fails and the real request is never sent.",
        "{path} に OPTIONS メソッドがないため、プリフライトが失敗し、実際のリクエストは送られません。",
    ),
    "cors.authorized": Text(
        "The OPTIONS method has an authorizer, but a preflight never carries a token: it must be open.",
        "OPTIONS メソッドにオーソライザーが付いていますが、プリフライトにトークンは付きません。認可なしにする必要があります。",
    ),
    "cors.never-signed": Text(
        "Browsers never sign a preflight: OPTIONS must be a method of its own with authorization type NONE.",
        "ブラウザーはプリフライトに署名しません。OPTIONS は認可タイプ NONE の独立したメソッドにする必要があります。",
    ),
    "cors.hidden": Text(
        "The answer {status} has no Access-Control-Allow-Origin, so the page at {origin} sees only a CORS error.",
        "応答 {status} に Access-Control-Allow-Origin がないため、{origin} のページには CORS エラーとしか見えません。",
    ),
    "cors.gateway-response": Text(
        "The gateway refused the request with {status}, and its answer has no CORS headers: the browser reports CORS "
        "instead of the refusal.",
        "ゲートウェイは {status} で拒否しましたが、応答に CORS ヘッダーがないため、ブラウザーは拒否ではなく CORS エラーを"
        "報告します。",
    ),
    "cors.backend": Text(
        "The function must send Access-Control-Allow-Origin itself; with a proxy integration nobody adds it.",
        "Access-Control-Allow-Origin は関数自身が返す必要があります。プロキシ統合では誰も追加しません。",
    ),
    "cors.browser": Text(
        "The request came from a page at {origin}.", "リクエストは {origin} のページから送られました。"
    ),
    # ── answers that were passed on ──
    "served.itself": Text(
        "The backend answered {status} itself; API Gateway passed it through.",
        "バックエンド自身が {status} を応答し、API Gateway はそのまま返しました。",
    ),
    "served.passed-on": Text(
        "Every gate let the request pass; route {path} was found and its backend answered {status}.",
        "すべてのゲートを通過しました。ルート {path} が見つかり、バックエンドが {status} を応答しました。",
    ),
    "served.stage-prefix": Text(
        "The function answered 404 itself: it was given the path {path}, which begins with the stage {stage}. Its router "
        "probably does not expect that.",
        "関数自身が 404 を応答しました。渡されたパス {path} はステージ {stage} で始まります。関数側のルーターが想定していない"
        "可能性があります。",
    ),
    "served.error-as-success": Text(
        "The function failed, but the integration response passes it on as {status}: no selection pattern matches the "
        "error.",
        "関数は失敗しましたが、統合レスポンスにより {status} として返されました。エラーに一致する選択パターンがありません。",
    ),
    # ── remedies ──
    "cure.permit-authorizer": Text(
        "Allow API Gateway to invoke {function} for authorizer {name}.",
        "オーソライザー {name} について API Gateway に {function} の呼び出しを許可する。",
    ),
    "cure.authorizer-without-role": Text(
        "Remove the role from authorizer {name}, so that the function's existing resource policy applies.",
        "オーソライザー {name} からロールを外し、関数の既存のリソースポリシーを適用する。",
    ),
    "cure.authorizer-without-role-permit": Text(
        "Remove the role from authorizer {name} and allow API Gateway to invoke its function.",
        "オーソライザー {name} からロールを外し、API Gateway に関数の呼び出しを許可する。",
    ),
    "cure.flush-authorizers": Text(
        "Forget the stage's remembered authorizer answers; the function is then asked anew.",
        "ステージのオーソライザーキャッシュを消去する。関数に改めて問い合わせます。",
    ),
    "cure.authorizer-ttl": Text(
        "Do not cache the answers of authorizer {name} (or have its policies cover every method, such as …/prod/*).",
        "オーソライザー {name} の応答をキャッシュしない（または …/prod/* のように全メソッドを含むポリシーを返す）。",
    ),
    "cure.add-pool": Text(
        "Add user pool {pool} to the authorizer.", "オーソライザーにユーザープール {pool} を追加する。"
    ),
    "cure.convert-to-text": Text(
        "Set ContentHandling CONVERT_TO_TEXT on the MOCK integration.",
        "MOCK 統合の ContentHandling を CONVERT_TO_TEXT にする。",
    ),
    "cure.mock-template": Text(
        "Add a request template for {type} to the MOCK integration.",
        "MOCK 統合に {type} 用のリクエストテンプレートを追加する。",
    ),
    "cure.open-options": Text("Set the authorization type of OPTIONS to NONE.", "OPTIONS の認可タイプを NONE にする。"),
    "cure.cors-responses": Text(
        "Add the CORS header to the API's 4xx gateway responses; the page then sees the refusal.",
        "API の 4xx ゲートウェイレスポンスに CORS ヘッダーを追加する。ページから拒否の内容が見えるようになります。",
    ),
}
