// Sending, and what is done with messages.

import { createHash } from 'node:crypto'
import { contentOf } from '../contents.mjs'

export const send = async (account, { to, said }) => {
  const { content, options } = contentOf(said, account)
  const sent = await account.socket.sendMessage(to, content, options)
  account.messages.set(sent.key.id, sent)
  return { id: sent.key.id }
}

export const send_raw = async (account, { to, body }) => {
  const { proto, generateWAMessageFromContent } = account.baileys
  const content = proto.Message.decode(Buffer.from(body, 'base64'))
  const sent = generateWAMessageFromContent(to, content, { userJid: account.me.id })
  await account.socket.relayMessage(to, sent.message, { messageId: sent.key.id })
  account.messages.set(sent.key.id, sent)
  return { id: sent.key.id }
}

export const download = async (account, { id }) => {
  const { baileys, socket } = account
  const { logger, options } = account.options
  const bytes = await baileys.downloadMediaMessage(account.message(id), 'buffer', { options }, {
    logger,
    reuploadRequest: socket.updateMediaMessage
  })
  return { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
}

export const older = (account, { chat, id, from_me: fromMe, at, count }) =>
  account.socket.fetchMessageHistory(count, { remoteJid: chat, id, fromMe }, at * 1000)

export const read = (account, { ids }) => account.socket.readMessages(ids.map(id => account.key(id)))

export const played = (account, { id }) => account.socket.sendReceipts([account.key(id)], 'played')

export const tally = async (account, { poll }) => {
  const { baileys } = account
  const creation = account.message(poll)
  const me = baileys.jidNormalizedUser(account.me.id)
  const votes = [...account.messages.values()].filter(
    ({ message }) => message?.pollUpdateMessage?.pollCreationMessageKey?.id === poll
  )
  // people are named as they are on the wire, not by getKeyAuthor, which prefers the other address
  const author = key => (key.fromMe ? me : baileys.jidNormalizedUser(key.participant || key.remoteJid))
  const counted = { message: creation.message, pollUpdates: [] }
  for (const { key, message } of votes) {
    const vote = baileys.decryptPollVote(message.pollUpdateMessage.vote, {
      pollEncKey: creation.message.messageContextInfo.messageSecret,
      pollCreatorJid: author(creation.key),
      pollMsgId: poll,
      voterJid: author(key)
    })
    baileys.updateMessageWithPollUpdate(counted, { pollUpdateMessageKey: key, vote })
  }
  const options = baileys.getAggregateVotesInPollMessage(counted, me)
  return { options: Object.fromEntries(options.map(({ name, voters }) => [name, voters])) }
}
