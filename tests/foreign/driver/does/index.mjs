// Every command, by name.

export * from './connection.mjs'
export * from './messages.mjs'
export * from './people.mjs'
