// What one does with chats; the account's other devices follow. The changes are those of
// tests/conformance/src/change.rs.

const changes = {
  archived: ({ on }, last) => ({ archive: on, lastMessages: last }),
  pinned: ({ on }) => ({ pin: on }),
  muted: ({ on }) => ({ mute: on ? Date.now() + 3_600_000 : null }),
  read: ({ on }, last) => ({ markRead: on, lastMessages: last }),
  deleted: (_, last) => ({ delete: true, lastMessages: last }),
  cleared: (_, last) => ({ clear: true, lastMessages: last }),
  starred: ({ id, on }, _, account) => ({ star: { messages: [{ id, fromMe: account.key(id).fromMe }], star: on } }),
  forgotten: ({ id }, _, account) => {
    const { key, messageTimestamp } = account.message(id)
    return { deleteForMe: { deleteMedia: false, key, timestamp: Number(messageTimestamp) } }
  },
  contact: ({ name }) => ({ contact: { fullName: name, firstName: name, saveOnPrimaryAddressbook: true } })
}

export const change = (account, { chat, change }) => {
  const inChat = [...account.messages.values()].filter(({ key, message }) => key.remoteJid === chat && message)
  const last = inChat.slice(-1).map(({ key, messageTimestamp }) => ({ key, messageTimestamp }))
  return account.socket.chatModify(changes[change.change](change, last, account), chat)
}
