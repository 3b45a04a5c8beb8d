// Channels, status, calls.

import { contentOf } from '../contents.mjs'

export const post_status = async (account, { to, said }) => {
  const { content } = contentOf(said, account)
  const sent = await account.socket.sendMessage('status@broadcast', content, { statusJidList: to, broadcast: true })
  account.messages.set(sent.key.id, sent)
  return { id: sent.key.id }
}

export const new_channel = async (account, { name, description }) => {
  const { id } = await account.socket.newsletterCreate(name, description)
  return { channel: id }
}

export const channel = async (account, { channel }) => {
  const { thread_metadata: thread, viewer_metadata: viewer } = await account.socket.newsletterMetadata('jid', channel)
  return {
    name: thread.name.text,
    description: thread.description.text,
    subscribers: Number(thread.subscribers_count),
    role: viewer.role.toLowerCase()
  }
}

export const follow = (account, { channel, on }) =>
  on ? account.socket.newsletterFollow(channel) : account.socket.newsletterUnfollow(channel)

export const rename_channel = (account, { channel, name }) => account.socket.newsletterUpdateName(channel, name)

export const posts = async (account, { channel, count }) => {
  const { baileys, socket } = account
  const answer = await socket.newsletterFetchMessages(channel, count)
  const list = baileys.getBinaryNodeChild(baileys.getBinaryNodeChild(answer, 'message_updates'), 'messages')
  const posts = baileys.getBinaryNodeChildren(list, 'message').map(post => {
    const reactions = baileys.getBinaryNodeChildren(baileys.getBinaryNodeChild(post, 'reactions'), 'reaction')
    return {
      id: post.attrs.id,
      number: Number(post.attrs.server_id),
      reactions: Object.fromEntries(reactions.map(({ attrs }) => [attrs.code, Number(attrs.count)]))
    }
  })
  return { posts }
}

export const react_to_post = (account, { channel, number, emoji }) =>
  account.socket.newsletterReactMessage(channel, String(number), emoji || undefined)

export const reject_call = (account, { call, from }) => account.socket.rejectCall(call, from)
