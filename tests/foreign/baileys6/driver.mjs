// Baileys 6 as a client of the sandbox, driven by a test: commands come in as JSON lines on standard input, what happens
// goes out as JSON lines on standard output.
//
//   WS_URL      the sandbox's WebSocket address
//   MEDIA_HOST  host and port of its media endpoint
//   AUTH_DIR    where Baileys keeps its credentials
//   NODE_EXTRA_CA_CERTS (read by Node itself) lets it trust the media endpoint
//
// in : {"do":"connect"}  {"do":"quit"}
// out: {"is":"qr","qr"}  {"is":"open","id"}  {"is":"me","name","lid"}  {"is":"close","code"}
//      {"is":"history","type","progress","messages"}  {"is":"undecryptable","id"}  {"is":"error","message"}
//      {"is":"message","id","from","fromMe","text","image":{"sha256","size","caption"}}

import { createHash } from 'node:crypto'
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
  socket.ev.on('messages.upsert', ({ messages }) => messages.forEach(message => onMessage(message)))
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

async function onMessage(message) {
  const { key, message: content } = message
  messages.set(key.id, content)
  if (message.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT) say({ is: 'undecryptable', id: key.id })
  if (!content || content.protocolMessage) return
  const line = {
    is: 'message',
    id: key.id,
    from: key.remoteJid,
    fromMe: key.fromMe,
    text: content.conversation || content.extendedTextMessage?.text
  }
  if (content.imageMessage && !key.fromMe) {
    const bytes = await downloadMediaMessage(message, 'buffer', { options }, { logger, reuploadRequest: socket.updateMediaMessage })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    line.image = { sha256, size: bytes.length, caption: content.imageMessage.caption }
  }
  say(line)
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  if (command.do === 'quit') break
  if (command.do === 'connect') connect()
}
await saveCreds()
process.exit(0)
