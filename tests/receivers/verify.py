# pip install standardwebhooks
# WEBHOOK_SECRET=whsec_… PORT=3000 python3 verify.py
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))  # the bytes as they came
        try:
            event = webhook.verify(body, dict(self.headers))  # raises, also when it is older than 5 minutes
        except (WebhookVerificationError, ValueError):
            self.send_response(400)
        else:
            print(event["id"], event["type"], flush=True)  # put it into a queue of your own, unless you have seen its id
            self.send_response(204)
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver)
print("listening on", server.server_port, flush=True)
server.serve_forever()
