// Baileys 6 as a client of the sandbox, driven by a test: commands come in as JSON lines on standard input, what happens
// goes out as JSON lines on standard output.
//
//   WS_URL      the sandbox's WebSocket address
//   MEDIA_HOST  host and port of its media endpoint
//   AUTH_DIR    where Baileys keeps its credentials
//   NODE_EXTRA_CA_CERTS (read by Node itself) lets it trust the media endpoint
//
// in : {"do":"connect"}  {"do":"code","number"}  {"do":"text","to","text"}  {"do":"image","to","path","caption"}
//      {"do":"read","key"}  {"do":"leave"}  {"do":"logout"}  {"do":"quit"}
//      {"do":"ask","what","with":[…]}           any method of its socket
// out: {"is":"qr","qr"}  {"is":"code","code"}  {"is":"open","id"}  {"is":"me","name","lid"}
//      {"is":"close","code"}  {"is":"history","type","progress","messages"}  {"is":"sent","id"}
//      {"is":"message","key","id","from","participant","fromMe","offline","text","image":{"sha256","size","caption"}}
//      {"is":"undecryptable","id"}  {"is":"status","id","status"}  {"is":"answer","value"}  {"is":"error","message"}
//      {"is":"presence","id","presences"}  {"is":"contact",…}  {"is":"chat",…}

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import pino from 'pino'

const { default: makeWASocket, downloadMediaMessage, useMultiFileAuthState, DisconnectReason, proto } =
  createRequire(import.meta.url)('baileys')

// Signal code below Baileys prints to the console; standard output is ours
console.log = console.info = console.error

const say = line => process.stdout.write(JSON.stringify(line) + '\n')
const logger = pino({ level: process.env.LOG ?? 'silent' }, pino.destination(2))
const { state, saveCreds } = await useMultiFileAuthState(process.env.AUTH_DIR)

// Baileys 6 fetches history, and all media without a URL, from a host that it has built in
class Sandbox extends Agent {
  createConnection(options, done) {
    if (options.host !== 'mmg.whatsapp.net') return super.createConnection(options, done)
    const { hostname, port } = new URL(`https://${process.env.MEDIA_HOST}`)
    return super.createConnection({ ...options, host: hostname, port }, done)
  }
}
const agent = new Sandbox()
const options = { httpsAgent: agent, proxy: false }

// Baileys' names of message statuses, by number
const statuses = ['error', 'pending', 'sent', 'delivered', 'read', 'played']

let socket
// by id, for when somebody asks for one again
const messages = new Map()

function connect() {
  socket = makeWASocket({
    auth: state,
    logger,
    waWebSocketUrl: process.env.WS_URL,
    options,
    fetchAgent: agent,
    getMessage: async ({ id }) => messages.get(id)
  })
  socket.ev.on('creds.update', async update => {
    await saveCreds()
    if (update.me) say({ is: 'me', name: state.creds.me.name, lid: state.creds.me.lid })
  })
  socket.ev.on('connection.update', onConnection)
  socket.ev.on('messaging-history.set', ({ syncType, progress, messages }) =>
    say({ is: 'history', type: syncType, progress, messages: messages.map(({ key }) => key.id) })
  )
  socket.ev.on('messages.upsert', ({ messages, type }) => messages.forEach(message => onMessage(message, type)))
  socket.ev.on('presence.update', update => say({ is: 'presence', ...update }))
  socket.ev.on('contacts.update', updates => updates.forEach(update => say({ is: 'contact', ...update })))
  socket.ev.on('chats.update', updates => updates.forEach(({ messages, ...update }) => say({ is: 'chat', ...update })))
  socket.ev.on('messages.update', updates =>
    updates.forEach(({ key, update }) => {
      if (update.status !== undefined) say({ is: 'status', id: key.id, status: statuses[update.status] })
    })
  )
}

function onConnection({ connection, lastDisconnect, qr }) {
  if (qr) say({ is: 'qr', qr })
  if (connection === 'open') say({ is: 'open', id: state.creds.me.id })
  if (connection === 'close') {
    const code = lastDisconnect?.error?.output?.statusCode
    say({ is: 'close', code })
    // WhatsApp asks a freshly paired device to come back with its new credentials
    if (code === DisconnectReason.restartRequired) connect()
  }
}

async function onMessage(message, type) {
  const { key, message: content } = message
  messages.set(key.id, content)
  if (message.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT) say({ is: 'undecryptable', id: key.id })
  if (!content || content.protocolMessage) return
  const line = {
    is: 'message',
    key,
    id: key.id,
    from: key.remoteJid,
    participant: key.participant,
    fromMe: key.fromMe,
    offline: type === 'append',
    text: content.conversation || content.extendedTextMessage?.text
  }
  if (content.imageMessage && !key.fromMe) {
    const bytes = await downloadMediaMessage(message, 'buffer', { options }, { logger, reuploadRequest: socket.updateMediaMessage })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    line.image = { sha256, size: bytes.length, caption: content.imageMessage.caption }
  }
  say(line)
}

const actions = {
  connect,
  code: async ({ number }) => say({ is: 'code', code: await socket.requestPairingCode(number) }),
  text: ({ to, text }) => socket.sendMessage(to, { text }),
  image: async ({ to, path, caption }) => socket.sendMessage(to, { image: await readFile(path), caption, jpegThumbnail: '' }),
  read: ({ key }) => socket.readMessages([key]),
  ask: async ({ what, with: given }) => say({ is: 'answer', value: await socket[what](...given) }),
  leave: () => socket.end(undefined),
  logout: () => socket.logout()
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  if (command.do === 'quit') break
  try {
    const sent = await actions[command.do](command)
    if (sent?.key) say({ is: 'sent', id: sent.key.id })
  } catch (error) {
    say({ is: 'error', message: String(error?.stack ?? error) })
  }
}
await saveCreds()
process.exit(0)
