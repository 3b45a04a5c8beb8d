// Connecting, and ending it in all ways.

export const open = account => account.connect()

export const close = account => account.close()

// The socket goes away below Baileys, as when the network fails.
export const drop = account => {
  account.socket.ws.socket.terminate()
}

export const logout = async account => {
  account.wanted = false
  await account.socket.logout()
}

export const pairing_code = async (account, { number }) => ({ code: await account.socket.requestPairingCode(number) })
