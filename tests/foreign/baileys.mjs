// Baileys as a client of the sandbox, driven by a test: commands come in as JSON lines on standard
// input, what happens goes out as JSON lines on standard output.
//
//   WS_URL     the sandbox's WebSocket address
//   AUTH_DIR   where Baileys keeps its credentials
//   NODE_EXTRA_CA_CERTS (read by Node itself) lets it trust the sandbox's media host
//
// in : {"do":"text","to","text"}  {"do":"image","to","path","caption"}  {"do":"read","key"}  {"do":"quit"}
// out: {"is":"qr","qr"}  {"is":"open","id","lid"}  {"is":"close","code"}  {"is":"sent","id"}
//      {"is":"message","id","from","pn","fromMe","text","quoted","image":{"sha256","size","caption"}}
//      {"is":"status","id","status"}  {"is":"error","message"}

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import makeWASocket, { downloadMediaMessage, DisconnectReason, useMultiFileAuthState } from 'baileys'
import pino from 'pino'

// Signal code below Baileys prints to the console; standard output is ours
console.log = console.info = console.error

const say = line => process.stdout.write(JSON.stringify(line) + '\n')
const logger = pino({ level: process.env.LOG ?? 'silent' }, pino.destination(2))
const { state, saveCreds } = await useMultiFileAuthState(process.env.AUTH_DIR)

// Baileys' names of message statuses, by number
const statuses = ['error', 'pending', 'sent', 'delivered', 'read', 'played']

let socket

function connect() {
  socket = makeWASocket({
    auth: state,
    logger,
    waWebSocketUrl: process.env.WS_URL,
    version: [2, 3000, 1023223821],
    markOnlineOnConnect: true,
    syncFullHistory: false,
    generateHighQualityLinkPreview: false
  })
  socket.ev.on('creds.update', saveCreds)
  socket.ev.on('connection.update', onConnection)
  socket.ev.on('messages.upsert', ({ messages }) => messages.forEach(onMessage))
  socket.ev.on('messages.update', updates =>
    updates.forEach(({ key, update }) => {
      if (update.status !== undefined) say({ is: 'status', id: key.id, status: statuses[update.status] })
    })
  )
}

function onConnection({ connection, lastDisconnect, qr }) {
  if (qr) say({ is: 'qr', qr })
  if (connection === 'open') say({ is: 'open', id: socket.user.id, lid: socket.user.lid })
  if (connection === 'close') {
    const code = lastDisconnect?.error?.output?.statusCode
    say({ is: 'close', code })
    // WhatsApp asks a freshly paired device to come back with its new credentials
    if (code === DisconnectReason.restartRequired) connect()
  }
}

async function onMessage(message) {
  const content = message.message
  if (!content || content.protocolMessage) return
  const text = content.conversation ?? content.extendedTextMessage?.text
  const line = {
    is: 'message',
    id: message.key.id,
    from: message.key.remoteJid,
    pn: message.key.remoteJidAlt,
    fromMe: message.key.fromMe,
    text,
    quoted: content.extendedTextMessage?.contextInfo?.stanzaId
  }
  if (content.imageMessage) {
    const bytes = await downloadMediaMessage(message, 'buffer', {}, { logger, reuploadRequest: socket.updateMediaMessage })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    line.image = { sha256, size: bytes.length, caption: content.imageMessage.caption }
  }
  say(line)
}

const actions = {
  text: ({ to, text }) => socket.sendMessage(to, { text }),
  image: async ({ to, path, caption }) => socket.sendMessage(to, { image: await readFile(path), caption }),
  read: ({ key }) => socket.readMessages([key])
}

connect()
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
process.exit(0)
