// Writes the words of dictionary 2, as Baileys 6 carries them, one per line:
//   node tests/foreign/baileys6/dictionary.mjs > sandbox/src/wire/binary/dictionary2.txt
import { createRequire } from 'node:module'

const { SINGLE_BYTE_TOKENS, DOUBLE_BYTE_TOKENS } = createRequire(import.meta.url)('baileys/lib/WABinary/constants')
process.stdout.write([...SINGLE_BYTE_TOKENS, ...DOUBLE_BYTE_TOKENS.flat()].map(word => word + '\n').join(''))
