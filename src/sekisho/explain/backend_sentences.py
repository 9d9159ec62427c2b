"""Sentences about response mappings and web servers. See ``messages``."""

from __future__ import annotations

from sekisho.explain.text import Text

BACKENDS: dict[str, Text] = {
    "map.no-integration-response": Text(
        "The backend answered {status}, but no integration response matches and there is no default one.",
        "バックエンドは {status} を応答しましたが、一致する統合レスポンスも既定の統合レスポンスもありません。",
    ),
    "map.configured": Text(
        "Integration responses are configured for: {statuses}.", "設定済みの統合レスポンス: {statuses}。"
    ),
    "map.function-error": Text(
        "The function failed; selection patterns are matched with its message: {message}",
        "関数は失敗しました。選択パターンは次のメッセージと照合されます: {message}",
    ),
    "map.custom": Text(
        "The integration is of type AWS. Its answers need integration responses; those of AWS_PROXY do not.",
        "統合タイプは AWS です。AWS_PROXY とは異なり、統合レスポンスの設定が必要です。",
    ),
    "map.no-method-response": Text(
        "The integration response for {status} was selected, but the method does not declare a response {status}.",
        "{status} の統合レスポンスが選択されましたが、メソッドにレスポンス {status} が宣言されていません。",
    ),
    "map.declared": Text("The method declares these responses: {statuses}.", "メソッドのレスポンス: {statuses}。"),
    "map.template": Text(
        "A mapping template of {path} failed.", "{path} のマッピングテンプレートの処理に失敗しました。"
    ),
    "map.not-base64": Text(
        "The body for {path} is to become binary, but it is not base64.",
        "{path} の本文をバイナリに変換しようとしましたが、base64 ではありません。",
    ),
    "map.content-handling": Text(
        "contentHandling is CONVERT_TO_BINARY, or the client accepts a binary media type of the API.",
        "contentHandling が CONVERT_TO_BINARY か、クライアントが API のバイナリメディアタイプを受け入れています。",
    ),
    "backend.other-name": Text(
        "The backend's certificate does not carry the name {host}, which the integration's URI uses.",
        "バックエンドの証明書に、統合の URI が使う名前 {host} が含まれていません。",
    ),
    "backend.untrusted": Text(
        "The backend's certificate is of no authority that is trusted here: {message}",
        "バックエンドの証明書は信頼された認証局のものではありません: {message}",
    ),
    "backend.timeout": Text(
        "The backend did not answer within {seconds} seconds, the integration's timeout.",
        "バックエンドが統合のタイムアウト {seconds} 秒以内に応答しませんでした。",
    ),
    "cure.longest-timeout": Text(
        "Raise the integration's timeout to 29 seconds.", "統合のタイムアウトを 29 秒にする。"
    ),
    "backend.unset-variable": Text(
        "The integration's URI uses stage variables that stage {stage} does not set: {names}.",
        "統合の URI が、ステージ {stage} で設定されていないステージ変数を使っています: {names}。",
    ),
    "backend.unmapped-path": Text(
        "The integration's URI has {names} in braces, but maps no integration.request.path parameter of that name.",
        "統合の URI に波括弧付きの {names} がありますが、同名の integration.request.path のマッピングがありません。",
    ),
    "cure.default-response": Text(
        "Add a default integration response with status {status}.",
        "ステータス {status} の既定の統合レスポンスを追加する。",
    ),
    "cure.template-for-type": Text(
        "Add a request template for {type} that hands the body on as base64.",
        "{type} 用に、本文を base64 で渡すリクエストテンプレートを追加する。",
    ),
    "cure.pass-through": Text(
        "Let bodies without a template pass through (passthroughBehavior WHEN_NO_MATCH).",
        "テンプレートのない本文をそのまま通す (passthroughBehavior WHEN_NO_MATCH)。",
    ),
    "cure.error-pattern": Text(
        "Add an integration response {status} whose selection pattern takes every error of the function.",
        "関数のすべてのエラーに一致する選択パターンを持つ統合レスポンス {status} を追加する。",
    ),
    "cure.lambda-proxy": Text(
        "Make the integration a Lambda proxy integration (AWS_PROXY).",
        "統合を Lambda プロキシ統合 (AWS_PROXY) にする。",
    ),
    "cure.method-response": Text("Declare the method response {status}.", "メソッドレスポンス {status} を宣言する。"),
    "cure.skip-verification": Text(
        "Accept certificates of unknown authorities (tlsConfig.insecureSkipVerification).",
        "未知の認証局の証明書を受け入れる (tlsConfig.insecureSkipVerification)。",
    ),
    "grants.any-certificate": Text(
        "Whoever can intercept the connection can pretend to be the backend.",
        "通信経路に介入できる者がバックエンドになりすませます。",
    ),
    "cure.map-path": Text(
        "Map the path parameters {names} of the method to the integration.",
        "メソッドのパスパラメータ {names} を統合にマッピングする。",
    ),
}
