// Who is here, who writes, who exists.

export const presence = (account, { available }) =>
  account.socket.sendPresenceUpdate(available ? 'available' : 'unavailable')

export const subscribe = (account, { who }) => account.socket.presenceSubscribe(who)

export const typing = (account, { to, doing }) => account.socket.sendPresenceUpdate(doing, to)

export const on_whats_app = async (account, { numbers }) => {
  const found = await account.socket.onWhatsApp(...numbers)
  return { found: found.filter(({ exists }) => exists).map(({ jid, lid }) => ({ jid, lid })) }
}

export const forget_sessions = (account, { who }) => account.auth.keys.forget(who.map(jid => jid.split('@')[0]))
