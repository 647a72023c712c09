"""Webhooks by `MlflowClient`, written for `mlflow server`; the receiver checks each signature."""

import base64
import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus

SECRET = "quince"
good: list[bool] = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        signed = f"{self.headers['X-MLflow-Delivery-Id']}.{self.headers['X-MLflow-Timestamp']}.{body}"
        mac = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()).decode()
        good.append(self.headers["X-MLflow-Signature"] == f"v1,{mac}")
        self.send_response(204)
        self.end_headers()


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = MlflowClient()
hook = client.create_webhook(
    name="hook",
    url=f"http://127.0.0.1:{server.server_port}/",
    events=["model_version.created", "prompt_alias.deleted"],
    secret=SECRET,
)
assert client.get_webhook(hook.webhook_id).events == [
    WebhookEvent.from_str("model_version.created"),
    WebhookEvent.from_str("prompt_alias.deleted"),
]
result = client.test_webhook(hook.webhook_id)
assert (result.success, result.response_status) == (True, 204), result
assert client.test_webhook(hook.webhook_id, event="prompt_version.created").success
assert good == [True, True]
changed = client.update_webhook(hook.webhook_id, status="DISABLED", description="d")
assert changed.status == WebhookStatus.DISABLED
assert [item.name for item in client.list_webhooks()] == ["hook"]
client.delete_webhook(hook.webhook_id)
assert list(client.list_webhooks()) == []
print("hooks script done")
