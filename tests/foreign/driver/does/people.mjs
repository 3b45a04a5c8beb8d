// Who is here, who writes, who exists.

export const presence = (account, { available }) =>
  account.socket.sendPresenceUpdate(available ? 'available' : 'unavailable')

export const subscribe = (account, { who }) => account.socket.presenceSubscribe(who)

export const typing = (account, { to, doing }) => account.socket.sendPresenceUpdate(doing, to)

export const on_whats_app = async (account, { numbers }) => {
  const found = await account.socket.onWhatsApp(...numbers)
  return { found: found.filter(({ exists }) => exists).map(({ jid, lid }) => ({ jid, lid })) }
}

export const forget_sessions = (account, { who }) => {
  const users = who.map(jid => jid.split('@')[0]).join('|')
  account.auth.keys.forget(new RegExp(`^session/(${users})(_1)?\\.`))
}

export const forget_sender_keys = (account, { group }) => account.auth.keys.forget(new RegExp(`^sender-key/${group}::`))
