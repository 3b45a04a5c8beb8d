// Baileys 6 as clients of the sandbox. See ../driver/run.mjs for what goes in and out; besides that
//
//   MEDIA_HOST  host and port of the sandbox's media endpoint

import { Agent } from 'node:https'
import { createRequire } from 'node:module'
import { run } from '../driver/run.mjs'

// Baileys 6 fetches history, and all media without a URL, from a host that it has built in
class Sandbox extends Agent {
  createConnection(options, done) {
    if (options.host !== 'mmg.whatsapp.net') return super.createConnection(options, done)
    const { hostname, port } = new URL(`https://${process.env.MEDIA_HOST}`)
    return super.createConnection({ ...options, host: hostname, port }, done)
  }
}

const agent = new Sandbox()
await run(createRequire(import.meta.url)('baileys'), {
  options: { httpsAgent: agent, proxy: false },
  fetchAgent: agent
})
