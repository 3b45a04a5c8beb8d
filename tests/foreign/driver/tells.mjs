// What Baileys reports, in the words of tests/conformance/src/event.rs.

// Baileys' numbers of message statuses
const REACHED = { 3: 'delivered', 4: 'read', 5: 'played' }

export function listen(account, socket) {
  const { tell, baileys } = account
  const bare = jid => (jid ? baileys.jidNormalizedUser(jid) : undefined)

  const on = {
    'creds.update': update => {
      Object.assign(account.auth.creds, update)
      if (update.me?.name) tell({ is: 'named', name: update.me.name })
    },
    'connection.update': ({ connection, lastDisconnect, qr }) => {
      if (qr) tell({ is: 'qr', qr })
      if (connection === 'open') tell({ is: 'open', pn: bare(socket.user.id), lid: bare(socket.user.lid) ?? '' })
      if (connection === 'close') account.closed(lastDisconnect?.error?.output?.statusCode ?? 500)
    },
    'messages.upsert': ({ messages, type }) => messages.forEach(message => shown(message, type)),
    'messages.update': updates =>
      updates.forEach(({ key, update }) => {
        const reached = REACHED[update.status]
        if (reached) tell({ is: 'receipt', id: key.id, chat: key.remoteJid, reached })
      }),
    'message-receipt.update': updates =>
      updates.forEach(({ key, receipt }) => {
        const reached = receipt.readTimestamp ? 'read' : 'delivered'
        tell({ is: 'receipt', id: key.id, chat: key.remoteJid, by: receipt.userJid, reached })
      }),
    'presence.update': ({ id, presences }) =>
      Object.entries(presences).forEach(([who, presence]) => presentOrTyping(id, who, presence))
  }
  for (const [name, handler] of Object.entries(on)) socket.ev.on(name, handler)
  // Baileys reports refused messages only
  socket.ws.on('CB:ack,class:message', ({ attrs }) => tell({ is: 'ack', id: attrs.id, error: attrs.error }))

  function shown(message, type) {
    const { key } = message
    account.messages.set(key.id, message)
    if (!message.message) return
    const mine = key.fromMe ? socket.user.id : key.remoteJid
    tell({
      is: 'message',
      id: key.id,
      chat: bare(key.remoteJid),
      sender: bare(key.participant || mine),
      sender_alt: bare(key.participantAlt ?? key.participantPn ?? key.remoteJidAlt ?? key.senderPn ?? key.senderLid),
      from_me: Boolean(key.fromMe),
      name: message.pushName ?? undefined,
      at: Number(message.messageTimestamp),
      // Baileys appends what had waited and what this client itself has sent
      offline: type === 'append',
      body: Buffer.from(baileys.proto.Message.encode(message.message).finish()).toString('base64')
    })
  }

  // Baileys tells who is here and who writes by one event; 'available' in a chat state is a pause.
  function presentOrTyping(chat, who, { lastKnownPresence, lastSeen }) {
    if (lastKnownPresence === 'composing' || lastKnownPresence === 'recording') {
      return tell({ is: 'typing', chat: bare(chat), who: bare(who), doing: lastKnownPresence })
    }
    tell({ is: 'presence', who: bare(who), available: lastKnownPresence === 'available', last_seen: lastSeen })
  }
}
