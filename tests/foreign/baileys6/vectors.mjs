// Writes stanzas as Baileys 6 encodes them, one JSON object per line: the stanza and its bytes in hex.
//   node tests/foreign/baileys6/vectors.mjs > sandbox/src/wire/binary/baileys6.jsonl
import { createRequire } from 'node:module'

const { encodeBinaryNode } = createRequire(import.meta.url)('baileys/lib/WABinary')

// Attributes in the order in which a reader of the file finds them
const sorted = attrs => Object.fromEntries(Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1)))
const node = (tag, attrs = {}, content = undefined) => ({ tag, attrs: sorted(attrs), content })
const bytes = length => Buffer.from(Array.from({ length }, (_, n) => n % 251))

const stanzas = [
  node('iq', { to: '@s.whatsapp.net', type: 'get', id: '12345.67890-1', xmlns: 'encrypt' }, [node('count')]),
  node('iq', { to: 's.whatsapp.net', type: 'set', id: '3EB0A1', xmlns: 'passive' }, [node('active')]),
  node('message', { to: '4915112345678@s.whatsapp.net', id: '3EB0C431C26A1916E07E', type: 'text' }, [
    node('participants', {}, [
      node('to', { jid: '4915112345678@s.whatsapp.net' }, [node('enc', { v: '2', type: 'pkmsg' }, bytes(180))]),
      node('to', { jid: '4915112345678:17@s.whatsapp.net' }, [node('enc', { v: '2', type: 'msg' }, bytes(70))]),
      node('to', { jid: '100000000000001:3@lid' }, [node('enc', { v: '2', type: 'msg', mediatype: 'image' }, bytes(1))])
    ]),
    node('device-identity', {}, bytes(256))
  ]),
  node('receipt', { to: '120363040506070809@g.us', id: 'ABCDEF', participant: '100000000000001@lid', type: 'read' }, [
    node('list', {}, [node('item', { id: '3EB0' }), node('item', { id: '123' })])
  ]),
  node('presence', { name: 'Grüße 👋', type: 'available' }),
  node('chatstate', { to: 'status@broadcast' }, [node('composing', { media: 'audio' })]),
  node('link_code_companion_reg', { stage: 'companion_hello' }, [
    node('companion_platform_display', {}, 'Chrome (Ubuntu)'),
    node('companion_platform_id', {}, '1'),
    node('link_code_pairing_nonce', {}, '0')
  ]),
  node('blob', {}, bytes(255)),
  node('blob', {}, bytes(1000)),
  node('text', {}, 'x'.repeat(300)),
  node('list', {}, Array.from({ length: 300 }, (_, n) => node('item', { n: String(n) }))),
  node('packed', { nibble: '0123456789-.', hex: '0123456789ABCDEF', odd: 'F00', lower: 'abc', long: '7'.repeat(127), longer: '7'.repeat(128) }),
  // Baileys makes more addresses than there are, and writes an empty value as a missing one
  { ...node('presence', { name: 'Max@Home@Work', from: 'a.b@c' }), onlyRead: true },
  { ...node('props', { protocol: '2', hash: '' }), onlyRead: true }
]

for (const { onlyRead, ...stanza } of stanzas) {
  const hex = encodeBinaryNode(stanza).toString('hex')
  const plain = (key, value) => (value?.type === 'Buffer' ? { hex: Buffer.from(value.data).toString('hex') } : value)
  process.stdout.write(JSON.stringify({ onlyRead, stanza, hex }, plain) + '\n')
}
