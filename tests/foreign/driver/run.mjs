// Plays clients for a test: commands come in as JSON lines on standard input, answers and what happens go out as
// JSON lines on standard output. One process plays any number of clients.
//
//   WS_URL   the sandbox's WebSocket address
//   FILES    where files to send lie, each under its SHA-256
//   LOG      how much Baileys logs to standard error (silent)
//   NODE_EXTRA_CA_CERTS (read by Node itself) lets it trust the sandbox's media host
//
// in : {"ask", "client", "do", …}                 the commands are those of tests/conformance/src/command.rs
// out: {"re", "ok"} or {"re", "refused": {"text", "code"}}
//      {"client", "is", …}                        the events are those of tests/conformance/src/event.rs

import { createInterface } from 'node:readline'
import pino from 'pino'
import { Account } from './account.mjs'
import * as actions from './does/index.mjs'

const say = line => process.stdout.write(JSON.stringify(line) + '\n')

// Reads commands until standard input ends, and plays with the given Baileys and options of its sockets.
export async function run(baileys, options = {}) {
  // libraries below Baileys print to the console; standard output is ours
  console.log = console.info = console.warn = process.env.LOG ? console.error : () => {}
  const logger = pino({ level: process.env.LOG ?? 'silent' }, pino.destination(2))
  const clients = new Map()

  // Baileys 6 leaves questions unattended when its connection ends; anything else ends the process
  process.on('unhandledRejection', reason => {
    if (typeof reason !== 'number' && reason?.output?.statusCode !== 428) throw reason
    logger.debug({ reason }, 'a question was cut off')
  })

  const account = name => {
    if (!clients.has(name)) {
      const tell = event => say({ client: name, ...event })
      clients.set(name, new Account(baileys, { ...options, logger: logger.child({ client: name }) }, tell))
    }
    return clients.get(name)
  }

  const answer = async ({ ask, client, do: what, ...given }) => {
    try {
      const action = actions[what]
      if (!action) throw new Error(`this driver cannot ${what}`)
      say({ re: ask, ok: (await action(account(client), given)) ?? {} })
    } catch (error) {
      // a refusal of the server has its number as data, whatever the status
      const code = Number.isInteger(error?.data) ? error.data : Number(error?.output?.statusCode)
      say({ re: ask, refused: { text: String(error?.stack ?? error), code: Number.isInteger(code) ? code : undefined } })
    }
  }

  for await (const line of createInterface({ input: process.stdin })) answer(JSON.parse(line))
  process.exit(0)
}
