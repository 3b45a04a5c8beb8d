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

const seconds = async work => {
  const begun = performance.now()
  await work()
  return (performance.now() - begun) / 1000
}

const actions = {
  async add(count) {
    let next = 0
    const one = async () => {
      while (next++ < count) {
        await queue.add('send', { session: 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G', to: '+6281234567890', type: 'text', text: { body: TEXT } })
      }
    }
    return seconds(() => Promise.all(Array.from({ length: atOnce }, one)))
  },
  async work(count) {
    let done
    const all = new Promise(resolve => { done = resolve })
    // a worker for ever tries to reach Redis again
    const worker = new Worker('sends', async () => { if (--count === 0) done() }, {
      connection: { ...connection, maxRetriesPerRequest: null },
      concurrency: atOnce,
      autorun: false
    })
    await worker.waitUntilReady()
    const took = await seconds(() => {
      worker.run()
      return all
    })
    await worker.close()
    return took
  }
}

await queue.waitUntilReady()
console.log('ready')
process.on('SIGTERM', () => process.exit(0))
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  console.log(JSON.stringify({ seconds: await actions[what](Number(count)) }))
}
process.exit(0)
