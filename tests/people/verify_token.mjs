// node verify_token.mjs <address of the key set> <issuer> <token>: what the token says, when it is a good one
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [keys, issuer, token] = process.argv.slice(2)
const rules = { issuer, audience: 'wagate', algorithms: ['EdDSA'], typ: 'at+jwt' }
const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(keys)), rules)
console.log(JSON.stringify(payload))
