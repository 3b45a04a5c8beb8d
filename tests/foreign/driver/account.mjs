// One client: its credentials, its socket, and the messages it has seen.

import { listen } from './tells.mjs'

// Codes after which an app does not come back by itself.
const FINAL = new Set([400, 401, 402, 403, 405, 406, 408, 409, 411, 413, 414, 415, 418, 440, 501])

export class Account {
  constructor(baileys, options, tell) {
    this.baileys = baileys
    this.options = options
    this.tell = tell
    // messages by id, sent and received: Baileys asks the application for them
    this.messages = new Map()
    this.auth = undefined
    this.socket = undefined
    this.wanted = false
  }

  // Connects; comes back after the closes that an app comes back after.
  connect() {
    this.wanted = true
    this.auth ??= { creds: this.baileys.initAuthCreds(), keys: inMemory(this.baileys.proto) }
    const makeWASocket = this.baileys.makeWASocket ?? this.baileys.default
    this.socket = makeWASocket({
      ...this.options,
      auth: this.auth,
      waWebSocketUrl: process.env.WS_URL,
      version: [2, 3000, 1023223821],
      getMessage: async key => this.messages.get(key.id)?.message ?? undefined,
      generateHighQualityLinkPreview: false
    })
    listen(this, this.socket)
  }

  closed(code) {
    this.tell({ is: 'closed', code })
    if (this.wanted && !FINAL.has(code)) this.connect()
  }

  // Ends the socket and keeps the credentials.
  async close() {
    this.wanted = false
    await this.socket?.end(undefined)
  }

  // Who this is; a socket of Baileys 6 remembers who it was when it was made.
  get me() {
    return this.auth.creds.me
  }

  // The key that later messages refer to a message by.
  key(id) {
    return this.message(id).key
  }

  message(id) {
    const message = this.messages.get(id)
    if (!message) throw new Error(`this client has not seen message ${id}`)
    return message
  }
}

// A key store that forgets everything with the process.
function inMemory(proto) {
  const store = new Map()
  return {
    get: async (type, ids) => {
      const found = {}
      for (const id of ids) {
        let value = store.get(`${type}/${id}`)
        if (value === undefined) continue
        if (type === 'app-state-sync-key') value = proto.Message.AppStateSyncKeyData.fromObject(value)
        found[id] = value
      }
      return found
    },
    set: async data => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          if (value === null || value === undefined) store.delete(`${type}/${id}`)
          else store.set(`${type}/${id}`, value)
        }
      }
    },
    // not of Baileys: loses what is kept under these names
    forget: names => {
      for (const entry of store.keys()) if (names.test(entry)) store.delete(entry)
    }
  }
}
