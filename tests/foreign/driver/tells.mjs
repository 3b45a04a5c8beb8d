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
      if (update.accountSyncCounter) tell({ is: 'synced' })
      const mode = update.accountSettings?.defaultDisappearingMode
      if (mode) tell({ is: 'disappearing', who: bare(account.me.id), seconds: mode.ephemeralExpiration })
    },
    'connection.update': ({ connection, lastDisconnect, qr }) => {
      if (qr) tell({ is: 'qr', qr })
      if (connection === 'open') tell({ is: 'open', pn: bare(account.me.id), lid: bare(account.me.lid) ?? '' })
      if (connection === 'close') account.closed(lastDisconnect?.error?.output?.statusCode ?? 500)
    },
    'messaging-history.set': ({ syncType, chats, contacts, messages }) => {
      messages.forEach(message => account.messages.set(message.key.id, message))
      const inChat = id => messages.filter(({ key }) => key.remoteJid === id).map(past)
      const name = id => chats.find(chat => chat.id === id)?.name ?? undefined
      // a chat that Baileys has told of before is only told of by its messages
      const ids = new Set([...chats.map(({ id }) => id), ...messages.map(({ key }) => key.remoteJid)])
      tell({
        is: 'history',
        kind: syncType ?? -1,
        chats: [...ids].map(id => ({ id, name: name(id), messages: inChat(id) })),
        names: Object.fromEntries(contacts.map(({ id, notify, name }) => [id, notify ?? name ?? '']))
      })
    },
    'messages.upsert': ({ messages, type }) => messages.forEach(message => shown(message, type)),
    'messages.update': updates =>
      updates.forEach(({ key, update }) => {
        reaches(key, update.status)
        const { id, remoteJid: chat } = key
        if (update.starred !== undefined) tell({ is: 'changed', chat, change: 'starred', id, on: update.starred })
      }),
    'chats.update': updates => updates.forEach(changed),
    'chats.delete': chats => chats.forEach(chat => tell({ is: 'changed', chat, change: 'deleted' })),
    'messages.delete': ({ keys }) =>
      keys?.forEach(({ remoteJid, id }) => tell({ is: 'changed', chat: remoteJid, change: 'forgotten', id })),
    'contacts.upsert': contacts =>
      contacts.forEach(({ id, name }) => name && tell({ is: 'changed', chat: id, change: 'contact', name })),
    'contacts.update': updates =>
      updates.forEach(({ id, imgUrl }) => imgUrl && tell({ is: 'picture', of: id, removed: imgUrl === 'removed' })),
    'blocklist.update': ({ blocklist, type }) =>
      blocklist.forEach(who => tell({ is: 'blocked', who, on: type === 'add' })),
    'groups.upsert': groups => groups.forEach(({ id, subject }) => tell({ is: 'group_made', group: id, subject })),
    'groups.update': updates => updates.forEach(inGroup),
    'group-participants.update': ({ id, participants, action }) =>
      tell({ is: 'group_members', group: id, act: action, who: participants.map(who => bare(who.id ?? who)) }),
    'group.join-request': ({ id, participant, participantPn, action }) =>
      action === 'created' && tell({ is: 'group_request', group: id, who: bare(participant ?? participantPn) }),
    call: calls =>
      calls.forEach(({ id, from, status, isVideo }) => {
        const what = status === 'timeout' ? 'terminate' : status
        tell({ is: 'call', call: id, from, what, video: Boolean(isVideo) })
      }),
    'message-receipt.update': updates =>
      updates.forEach(({ key, receipt }) => hasReached(key, receipt)),
    'presence.update': ({ id, presences }) =>
      Object.entries(presences).forEach(([who, presence]) => presentOrTyping(id, who, presence))
  }
  for (const [name, handler] of Object.entries(on)) socket.ev.on(name, handler)
  // Baileys reports refused messages only
  socket.ws.on('CB:ack,class:message', ({ attrs }) => tell({ is: 'ack', id: attrs.id, error: attrs.error }))

  function inGroup({ id: group, ...update }) {
    const told = (setting, value) => tell({ is: 'group_set', group, setting, ...value })
    if (update.author === undefined) return // the answer to a question, not news
    if (update.subject !== undefined) told('subject', { text: update.subject })
    if ('desc' in update) told('description', { text: update.desc ?? '' })
    if (update.announce !== undefined) told('announcement', { on: update.announce })
    if (update.restrict !== undefined) told('locked', { on: update.restrict })
    if (update.joinApprovalMode !== undefined) told('approval', { on: update.joinApprovalMode })
    if (update.memberAddMode !== undefined) told('members_add', { on: update.memberAddMode })
    if (update.inviteCode !== undefined) tell({ is: 'group_invite', group, code: update.inviteCode })
  }

  function changed({ id: chat, ...update }) {
    const told = (change, on) => tell({ is: 'changed', chat, change, on })
    if (update.archived !== undefined) told('archived', update.archived)
    if (update.pinned !== undefined) told('pinned', update.pinned !== null)
    if (update.muteEndTime !== undefined) told('muted', update.muteEndTime !== null)
    if (update.ephemeralExpiration !== undefined && baileys.isJidGroup(chat)) {
      tell({ is: 'group_set', group: chat, setting: 'disappearing', seconds: update.ephemeralExpiration ?? 0 })
    }
    // a positive number counts messages
    if (update.unreadCount === 0 || update.unreadCount === -1) told('read', update.unreadCount === 0)
  }

  function reaches(key, status) {
    const reached = key.fromMe && REACHED[status]
    if (reached) tell({ is: 'receipt', id: key.id, chat: bare(key.remoteJid), reached })
  }

  // in groups, for one member
  function hasReached(key, { userJid: by, readTimestamp }) {
    tell({ is: 'receipt', id: key.id, chat: key.remoteJid, by, reached: readTimestamp ? 'read' : 'delivered' })
  }

  function shown(message, type) {
    const { key } = message
    account.messages.set(key.id, message)
    // what Baileys holds back it joins: a message of ours may come with its receipts
    reaches(key, message.status)
    message.userReceipt?.forEach(receipt => hasReached(key, receipt))
    if (!message.message) return
    const mine = key.fromMe ? account.me.id : key.remoteJid
    tell({
      is: 'message',
      id: key.id,
      chat: bare(key.remoteJid),
      sender: bare(key.participant || mine),
      sender_alt: bare(alternative(key)),
      from_me: Boolean(key.fromMe),
      name: message.pushName ?? undefined,
      at: Number(message.messageTimestamp),
      // Baileys appends what had waited and what this client itself has sent
      offline: type === 'append',
      body: encoded(message)
    })
  }

  const past = message => ({
    id: message.key.id,
    from_me: Boolean(message.key.fromMe),
    at: Number(message.messageTimestamp),
    body: encoded(message)
  })

  function encoded({ message }) {
    return Buffer.from(baileys.proto.Message.encode(message ?? {}).finish()).toString('base64')
  }

  // Baileys tells who is here and who writes by one event; 'available' in a chat state is a pause.
  function presentOrTyping(chat, who, { lastKnownPresence, lastSeen }) {
    if (lastKnownPresence === 'composing' || lastKnownPresence === 'recording') {
      return tell({ is: 'typing', chat: bare(chat), who: bare(who), doing: lastKnownPresence })
    }
    tell({ is: 'presence', who: bare(who), available: lastKnownPresence === 'available', last_seen: lastSeen })
  }
}

// The sender's other address; each release has its own names for it.
function alternative(key) {
  const names = ['participantAlt', 'participantPn', 'participantLid', 'remoteJidAlt', 'senderPn', 'senderLid']
  return names.map(name => key[name]).find(Boolean)
}
