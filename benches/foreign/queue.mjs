// BullMQ's queue and worker, as its guide for production has them. Reads "add N" and "work N" on standard input;
// answers with the seconds it took, a JSON line each.
//
//   REDIS_PORT  Redis on loopback
//   AT_ONCE     calls under way at a time
//   TEXT        what messages say

import { createInterface } from 'node:readline'
import { Queue, Worker } from 'bullmq'

const { REDIS_PORT, AT_ONCE, TEXT } = process.env
const connection = { host: '127.0.0.1', port: Number(REDIS_PORT) }
const atOnce = Number(AT_ONCE)

const queue = new Queue('sends', {
  connection: { ...connection, enableOfflineQueue: false },
  defaultJobOptions: { removeOnComplete: { age: 3600, count: 1000 }, removeOnFail: { age: 24 * 3600 } }
})
let left = 0
let done
// a worker for ever tries to reach Redis again
const worker = new Worker('sends', async () => { if (--left === 0) done() }, {
  connection: { ...connection, maxRetriesPerRequest: null },
  concurrency: atOnce,
  autorun: false
})

const actions = {
  async add(count) {
    let next = 0
    const one = async () => {
      while (next++ < count) {
        await queue.add('send', { session: 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G', to: '+6281234567890', type: 'text', text: { body: TEXT } })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, one))
  },
  async work(count) {
    left = count
    const all = new Promise(resolve => { done = resolve })
    if (worker.isRunning()) worker.resume()
    else worker.run()
    await all
    // what is under way is finished, and nothing is taken up to the next round
    await worker.pause()
  }
}

await queue.waitUntilReady()
await worker.waitUntilReady()
console.log('ready')
process.on('SIGTERM', () => process.exit(0))
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  const begun = performance.now()
  await actions[what](Number(count))
  console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1000 }))
}
process.exit(0)
