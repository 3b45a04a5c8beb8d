# pip install aiosmtpd
# A mail server that tells what comes, and behaves as the names before the @ say: greylisted…, refused…, hangs…, dies….
# TLS=starttls|smtps with CERT and KEY, LOGIN=user:password; all of them may be absent.
import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def tell(**what):
    print(json.dumps(what), flush=True)


class Desk:
    def __init__(self):
        self.seen = set()

    def first_time(self, address):
        before = address in self.seen
        self.seen.add(address)
        return not before

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("hangs"):
            tell(rcpt=address, answer=None)
            await asyncio.Event().wait()
        if address.startswith("refused"):
            answer = "550 5.1.1 no such user"
        elif address.startswith("greylisted") and self.first_time(address):
            answer = "450 4.7.1 come back later"
        else:
            envelope.rcpt_tos.append(address)
            answer = "250 2.1.5 ok"
        tell(rcpt=address, answer=answer)
        return answer

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = lambda kind: message.get_body((kind,)).get_content()
        tell(
            mail=dict(message.items()),
            defects=[repr(defect) for part in message.walk() for defect in part.defects],
            to=envelope.rcpt_tos,
            sender=envelope.mail_from,
            tls=session.ssl is not None or SMTPS,
            login=session.auth_data,
            text=body("plain"),
            html=body("html"),
        )
        if envelope.rcpt_tos[0].startswith("dies") and self.first_time(envelope.rcpt_tos[0]):
            server.transport.abort()
        return "250 2.0.0 taken"


def sign_in(server, session, envelope, mechanism, data):
    given = b":".join([data.login, data.password]).decode()
    return AuthResult(success=given == LOGIN, auth_data=data.login.decode())


TLS, LOGIN = os.environ.get("TLS"), os.environ.get("LOGIN")
SMTPS = TLS == "smtps"
context = None
if TLS:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["CERT"], os.environ["KEY"])


async def main():
    desk = Desk()
    smtp = lambda: SMTP(
        desk,
        hostname="mail.test",
        tls_context=None if SMTPS else context,
        require_starttls=TLS == "starttls",
        authenticator=sign_in if LOGIN else None,
        auth_required=bool(LOGIN),
        auth_require_tls=TLS == "starttls",
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(smtp, "127.0.0.1", 0, ssl=context if SMTPS else None)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    # whoever started us holds the other end
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
