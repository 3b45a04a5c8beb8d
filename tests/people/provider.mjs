// node provider.mjs <redirect URI>: an OpenID provider (oidc-provider) on a free port. It prints `listening on <issuer>` and
// does as told line by line on standard input: `rotate` (a new signing key), `silence` (no answers), `speech`. It ends with
// its input. Whoever signs in is <login>@example.com; the address of logins that begin with "unverified" is not verified.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Provider } from 'oidc-provider'

const [redirectUri] = process.argv.slice(2)
let keys = 0
let silent = false
let answer

const configuration = () => ({
  clients: [{ client_id: 'wagate', client_secret: 'p%ss word', redirect_uris: [redirectUri] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['for the test'] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, login) => ({
    accountId: login,
    claims: () => ({
      sub: login,
      name: login,
      email: `${login}@example.com`,
      email_verified: !login.startsWith('unverified')
    })
  }),
  jwks: { keys: [freshKey()] },
  pkce: { required: () => true }
})

function freshKey () {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: `key ${++keys}` }
}

function renew (issuer) {
  answer = new Provider(issuer, configuration()).callback()
}

const server = createServer((request, response) => (silent ? request.socket.destroy() : answer(request, response)))
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  renew(issuer)
  console.log(`listening on ${issuer}`)
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    if (line === 'rotate') renew(issuer)
    silent = line === 'silence'
    console.log(`done: ${line}`)
  })
  lines.on('close', () => process.exit())
})
