// What is said (tests/conformance/src/said/), as Baileys takes it.

import { join } from 'node:path'

const path = file => ({ url: join(process.env.FILES, file.sha256) })

const contents = {
  text: ({ body }) => ({ text: body }),
  link: ({ body, url, title, description }) => ({
    text: body,
    linkPreview: { 'canonical-url': url, 'matched-text': url, title, description }
  }),
  image: ({ file, caption }) => ({ image: path(file), mimetype: file.mimetype, caption }),
  video: ({ file, caption, gif }) => ({ video: path(file), mimetype: file.mimetype, caption, gifPlayback: gif }),
  video_note: ({ file }) => ({ video: path(file), mimetype: file.mimetype, ptv: true }),
  audio: ({ file, voice, seconds }) => ({ audio: path(file), mimetype: file.mimetype, ptt: voice, seconds }),
  document: ({ file, name, caption }) => ({ document: path(file), mimetype: file.mimetype, fileName: name, caption }),
  sticker: ({ file, animated }) => ({ sticker: path(file), mimetype: file.mimetype, isAnimated: animated }),
  location: ({ latitude, longitude, name, address }) => ({
    location: { degreesLatitude: latitude, degreesLongitude: longitude, name, address }
  }),
  contacts: ({ cards }) => ({
    contacts: { displayName: 'contacts', contacts: cards.map(card => ({ displayName: card.name, vcard: card.vcard })) }
  }),
  poll: ({ name, options, selectable }) => ({ poll: { name, values: options, selectableCount: selectable } }),
  event: ({ name, description, start }) => ({ event: { name, description, startDate: new Date(start * 1000) } }),
  invite: ({ group, code, name, caption, until }) => ({
    groupInvite: { jid: group, inviteCode: code, subject: name, text: caption, inviteExpiration: until }
  }),
  album: ({ images, videos }) => ({ album: { expectedImageCount: images, expectedVideoCount: videos } }),
  reaction: ({ to, emoji }, account) => ({ react: { key: account.key(to), text: emoji } }),
  edit: ({ of, body }, account) => ({ edit: account.key(of), text: body }),
  revoke: ({ of }, account) => ({ delete: account.key(of) }),
  pin: ({ of, pinned }, account) => ({ pin: account.key(of), type: pinned ? 1 : 2, time: 86400 }),
  disappearing: ({ seconds }) => ({ disappearingMessagesInChat: seconds })
}

// Content and options of sendMessage.
export function contentOf(said, account) {
  const content = contents[said.what]?.(said, account)
  if (!content) throw new Error(`Baileys has no way to send ${said.what}`)
  if (said.mentions) content.mentions = said.mentions
  if (said.view_once) content.viewOnce = true
  if (said.forwarded) content.contextInfo = { isForwarded: true, forwardingScore: 1 }
  return {
    content,
    options: {
      quoted: said.quoted ? account.message(said.quoted) : undefined,
      ephemeralExpiration: said.expires
    }
  }
}
