// Every command, by name.

export * from './channels.mjs'
export * from './chats.mjs'
export * from './communities.mjs'
export * from './connection.mjs'
export * from './groups.mjs'
export * from './messages.mjs'
export * from './people.mjs'
export * from './profile.mjs'
