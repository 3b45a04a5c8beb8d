// Baileys as its guide for production has it (keys in a cacheable store, here in memory), as a client of the
// sandbox. Each "link" on standard input links one more client; "send N" sends so many messages from the first, one
// after the other. What happens is told in JSON lines.
//
//   WS_URL   the sandbox's WebSocket address
//   TEXT     what messages say
//   NUMBERS  numbers to send to, separated by commas

import { createInterface } from 'node:readline'
import makeWASocket, { DisconnectReason, initAuthCreds, makeCacheableSignalKeyStore } from 'baileys'
import pino from 'pino'

const { WS_URL, TEXT } = process.env
const numbers = (process.env.NUMBERS ?? '').split(',')
const logger = pino({ level: 'silent' })
const say = line => process.stdout.write(JSON.stringify(line) + '\n')
console.log = console.info = console.warn = () => {}

function inMemory() {
  const store = new Map()
  return {
    get: async (type, ids) => Object.fromEntries(ids.map(id => [id, store.get(`${type}/${id}`)]).filter(([, value]) => value)),
    set: async data => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value) store.set(`${type}/${id}`, value)
          else store.delete(`${type}/${id}`)
        }
      }
    }
  }
}

const sockets = []
const receipts = { seen: new Set(), wanted: Infinity, reached: () => {} }

function receipted(messages) {
  for (const { key, status } of messages) {
    if (key.fromMe && status >= 3) receipts.seen.add(key.id)
  }
  if (receipts.seen.size >= receipts.wanted) receipts.reached()
}

function connect(at, auth) {
  const socket = makeWASocket({
    auth,
    logger,
    waWebSocketUrl: WS_URL,
    version: [2, 3000, 1023223821],
    getMessage: async () => undefined,
    syncFullHistory: false,
    markOnlineOnConnect: false,
    generateHighQualityLinkPreview: false
  })
  sockets[at] = socket
  socket.ev.on('creds.update', update => Object.assign(auth.creds, update))
  // Baileys joins news that it holds back: the receipt comes as an update, or with the message itself
  socket.ev.on('messages.update', updates => receipted(updates.map(({ key, update }) => ({ key, status: update.status }))))
  socket.ev.on('messages.upsert', ({ messages }) => receipted(messages))
  socket.ev.on('connection.update', ({ connection, qr, lastDisconnect }) => {
    if (qr) say({ is: 'qr', at, qr })
    if (connection === 'open') say({ is: 'open', at })
    if (connection === 'close') {
      const code = lastDisconnect?.error?.output?.statusCode
      if (code === DisconnectReason.restartRequired) connect(at, auth)
      else say({ is: 'closed', at, code })
    }
  })
}

const actions = {
  link() {
    connect(sockets.length, { creds: initAuthCreds(), keys: makeCacheableSignalKeyStore(inMemory(), logger) })
  },
  async send(count) {
    receipts.seen.clear()
    receipts.wanted = count
    const all = new Promise(resolve => { receipts.reached = resolve })
    for (let n = 0; n < count; n++) {
      await sockets[0].sendMessage(`${numbers[n % numbers.length]}@s.whatsapp.net`, { text: TEXT })
    }
    await all
    say({ is: 'sent', count })
  }
}

process.on('SIGTERM', () => process.exit(0))
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  await actions[what](Number(count))
}
process.exit(0)
