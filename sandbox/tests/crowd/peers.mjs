// Peers that connect, say what they are told to, and wait: node peers.mjs PORT HOW_MANY [WORDS]
// Prints `{"connected":N}` once all are, and `{"closed":N}` each time the other side has closed some more.
import { connect } from 'node:net'

const [port, count, words] = process.argv.slice(2)
const AT_ONCE = 100
const tell = line => process.stdout.write(JSON.stringify(line) + '\n')

let begun = 0
let connected = 0
let closed = 0
let told = 0

function next() {
  if (begun === Number(count)) return
  begun += 1
  const peer = connect(Number(port), '127.0.0.1', () => {
    if (words) peer.write(words)
    connected += 1
    if (connected === Number(count)) tell({ connected })
    next()
  })
  peer.on('error', () => {}) // 'close' follows
  peer.on('close', () => (closed += 1))
  peer.resume()
}

for (let n = 0; n < AT_ONCE; n += 1) next()
setInterval(() => {
  if (closed !== told) tell({ closed })
  told = closed
}, 20)
process.stdin.on('end', () => process.exit()).resume()
